package io.planish.job;

/**
 * «This job can be claimed»: all that Kafka carries of a job; its content is read from the ledger.
 *
 * @param attempt how many claims there were before; an offer for an earlier attempt is old news
 */
public record Offer(int version, String run, String job, long attempt) {
    public static final int VERSION = 1;
}
