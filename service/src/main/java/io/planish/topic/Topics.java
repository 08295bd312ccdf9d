package io.planish.topic;

import io.planish.chain.PoolName;
import io.planish.job.Job;

/** The names of the topics. */
public final class Topics {
    /** Wishes for runs. */
    public static final String REQUESTS = "planish.requests";
    /** What happened; published from the ledger. */
    public static final String EVENTS = "planish.events";
    /** How far running jobs are. */
    public static final String PROGRESS = "planish.progress";
    /** Records that could not be understood, with the reason in the header {@value #REASON}. */
    public static final String DEAD = "planish.dead";

    public static final String REASON = "planish-reason";

    private Topics() {}

    /** Offers of a pool's jobs; also the name of its workers' consumer group. */
    public static String jobs(PoolName pool) {
        return "planish.jobs." + pool;
    }

    /** Offers of jobs that look at the pool or purge it: they are taken also by workers whose slots are full of merges. */
    public static String poolJobs(PoolName pool) {
        return jobs(pool) + ".pool";
    }

    /** Where a job is offered. */
    public static String offers(Job job) {
        PoolName pool = job.target().pool();
        return job.kind().merges() ? jobs(pool) : poolJobs(pool);
    }
}
