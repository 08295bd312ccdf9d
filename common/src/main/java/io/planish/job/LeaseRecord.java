package io.planish.job;

/**
 * A lease in the ledger that is about no job: who leads.
 *
 * @param owner who has it
 * @param epoch goes up with every change of owner
 * @param heartbeat goes up with every renewal
 */
public record LeaseRecord(int version, String owner, long epoch, long heartbeat) {
    public static final int VERSION = 1;

    public static LeaseRecord first(String owner) {
        return new LeaseRecord(VERSION, owner, 1, 0);
    }

    public LeaseRecord renewed() {
        return new LeaseRecord(version, owner, epoch, heartbeat + 1);
    }

    public LeaseRecord takenBy(String other) {
        return new LeaseRecord(version, other, epoch + 1, 0);
    }
}
