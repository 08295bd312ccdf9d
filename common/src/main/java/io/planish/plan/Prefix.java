package io.planish.plan;

import io.planish.chain.Forest;
import io.planish.chain.PoolName;
import io.planish.job.Job;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * The beginning of a plan, up to and including one job, done one job after the other.
 *
 * @param peakExtraBytes the most that each pool needs on top of what is used now, at any time until then; what is not there needs nothing
 */
record Prefix(String job, Map<PoolName, Long> peakExtraBytes) {

    /** One for each job, in the plan's order. */
    static List<Prefix> of(Plan plan, Forest forest) {
        List<Prefix> prefixes = new ArrayList<>();
        Map<PoolName, Long> used = new TreeMap<>();
        Map<PoolName, Long> peak = new TreeMap<>();
        for (Job job : plan.jobs()) {
            PoolName pool = job.target().pool();
            long now = used.merge(pool, job.bytesToWrite(), Long::sum);
            if (now > peak.getOrDefault(pool, 0L)) {
                peak.put(pool, now);
            }
            if (plan.policy().grace().isZero()) {
                Leftover.of(job, forest)
                        .forEach(left -> used.merge(left.file().ref().pool(), -left.bytes(), Long::sum));
            }
            prefixes.add(new Prefix(job.id(), new TreeMap<>(peak)));
        }
        return prefixes;
    }
}
