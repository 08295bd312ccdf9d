package io.planish.acceptance.random;

import java.util.regex.Pattern;

/** Why an operation must be refused; a refusal for any other reason, or none where one is due, fails the case. */
enum Refusal {
    /** Somebody else sees what would change. */
    OTHER_OVERLAYS("other overlays|an overlay that the plan did not know");

    private final Pattern says;

    Refusal(String says) {
        this.says = Pattern.compile(says);
    }

    /** Whether a message gives this reason. */
    boolean isIn(String message) {
        return says.matcher(message).find();
    }
}
