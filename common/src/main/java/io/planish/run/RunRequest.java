package io.planish.run;

import io.planish.chain.ImageRef;
import io.planish.chain.PoolName;
import io.planish.plan.Policy;
import io.planish.plan.Tightening;
import java.util.Collection;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Pattern;

/**
 * The wish for a run, whoever has it: a schedule, the REST interface, a topic, the command line. Only what the named policy allows
 * happens; {@code keep}, {@code protect} and {@code tighten} can only make it stricter.
 *
 * @param id the run's id: the same id twice is one run; {@code [A-Za-z0-9._-]}, at most 100
 * @param pools the pools to look at
 * @param image only what makes this image's chain shorter; empty: all
 * @param policy the name of a configured policy
 * @param keep globs of images that must stay as they are, beside the policy's
 * @param protect globs of images that must not be written, beside the policy's
 * @param tighten values in place of the policy's that allow less
 * @param plan the id of a plan made before, carried out as it is; empty: scan and plan when the run starts
 * @param limits how hard and when it may work at first; empty: as configured, at any time
 * @param priority its jobs are offered before those of runs with a lower one; 0 to 9
 */
public record RunRequest(
        int version,
        String id,
        Origin origin,
        List<PoolName> pools,
        Optional<ImageRef> image,
        String policy,
        List<String> keep,
        List<String> protect,
        Optional<Tightening> tighten,
        Optional<String> plan,
        Optional<RunLimits> limits,
        int priority) {

    public static final int VERSION = 1;

    private static final int HIGHEST_PRIORITY = 9;

    private static final Pattern ID = Pattern.compile("[A-Za-z0-9][A-Za-z0-9._-]{0,99}");

    /** @throws IllegalArgumentException naming the field and what it may be */
    public RunRequest {
        if (!ID.matcher(id).matches()) {
            throw new IllegalArgumentException("id '" + id + "' is not 1 to 100 of A-Z, a-z, 0-9, '.', '_' and '-'");
        }
        if (version != VERSION) {
            throw new IllegalArgumentException("version " + version + " is not " + VERSION);
        }
        if (priority < 0 || priority > HIGHEST_PRIORITY) {
            throw new IllegalArgumentException("priority " + priority + " is not 0 to " + HIGHEST_PRIORITY);
        }
        pools = List.copyOf(pools);
        keep = List.copyOf(keep);
        protect = List.copyOf(protect);
    }

    /** All that the policy wants in these pools. */
    public static RunRequest of(String id, Origin origin, List<PoolName> pools, String policy) {
        return new RunRequest(
                VERSION,
                id,
                origin,
                pools,
                Optional.empty(),
                policy,
                List.of(),
                List.of(),
                Optional.empty(),
                Optional.empty(),
                Optional.empty(),
                0);
    }

    /** The same wish under these limits. */
    public RunRequest limited(Optional<RunLimits> limits) {
        return new RunRequest(
                version, id, origin, pools, image, policy, keep, protect, tighten, plan, limits, priority);
    }

    /** The same wish with these values in place of the policy's. */
    public RunRequest tightened(Optional<Tightening> values) {
        return new RunRequest(version, id, origin, pools, image, policy, keep, protect, values, plan, limits, priority);
    }

    /**
     * @param there the pools that may be named
     * @param whom for whom these are configured
     * @throws IllegalArgumentException naming another one, and the key under which it is named
     */
    public void requireOnly(Set<PoolName> there, String whom) {
        requireOnly(there, whom, "", pools);
        limits.ifPresent(given ->
                requireOnly(there, whom, "limits.pools: ", given.pools().keySet()));
        tighten.ifPresent(given -> {
            requireOnly(
                    there,
                    whom,
                    "tighten.headroomByPool: ",
                    given.headroomByPool().keySet());
            requireOnly(
                    there, whom, "tighten.budgetByPool: ", given.budgetByPool().keySet());
        });
    }

    private static void requireOnly(Set<PoolName> there, String whom, String key, Collection<PoolName> named) {
        for (PoolName pool : named) {
            if (!there.contains(pool)) {
                throw new IllegalArgumentException(
                        key + "pool '" + pool + "' is not configured" + whom + "; there are " + new TreeSet<>(there));
            }
        }
    }

    /**
     * The policy under which the run is planned.
     *
     * @param named the one that the request names
     * @throws IllegalArgumentException naming what would allow more than that does
     */
    public Policy tightened(Policy named) {
        return Tightening.of(named, keep, protect, tighten);
    }

    /** Who asked. */
    public enum Origin {
        SCHEDULE,
        REQUEST,
        API,
        RUN_ONCE,
        /** A coordinator or worker that has to know what a pool holds that it does not mount; nobody plans such a run. */
        SURVEY,
        /** The coordinator, for trash whose grace period is over; nobody plans such a run. */
        PURGE
    }
}
