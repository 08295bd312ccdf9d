package io.planish.job;

/** How a group of layers becomes one, see {@link Job}. */
public enum JobKind {
    /** Nothing of the group stands above the target: data comes up into it. What any image shows stays the same. */
    PULL,
    /** Something stands above the target: from the first write on, target and middle layers have no view of their own. */
    COMMIT,
    /** One overlay gets a backing file that is not in its chain, keeping its content. */
    REBASE
}
