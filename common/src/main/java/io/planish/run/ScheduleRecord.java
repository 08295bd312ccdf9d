package io.planish.run;

import io.planish.chain.PoolName;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Pattern;

/**
 * When runs of which pools start under which policy.
 *
 * @param name 1 to 40 of {@code A-Za-z0-9._-}: it begins the ids of its runs
 * @param cron five fields: minute, hour, day of month, month, day of week
 * @param zone of cron and window
 * @param window as {@link Window#times}, when jobs may run; empty: at any time
 * @param policy the name of a configured policy
 * @param canary how many jobs each of its runs may begin at all, as in {@link RunLimits#canary}
 * @param paused whether it starts no runs
 * @param changedMillis when it was last changed, in ms since 1970: planned times before do not count
 */
public record ScheduleRecord(
        int version,
        String name,
        String cron,
        String zone,
        Optional<String> window,
        List<PoolName> pools,
        String policy,
        Optional<Integer> canary,
        boolean paused,
        long changedMillis) {

    public static final int VERSION = 1;

    private static final Pattern NAME = Pattern.compile("[A-Za-z0-9][A-Za-z0-9._-]{0,39}");

    /** @throws IllegalArgumentException naming what is missing or wrong; cron, pools and policy are not looked at */
    public ScheduleRecord {
        if (!NAME.matcher(name).matches()) {
            throw new IllegalArgumentException(
                    "schedule '" + name + "' is not 1 to 40 of A-Z, a-z, 0-9, '.', '_' and '-'");
        }
        pools = List.copyOf(pools);
        limits(window, zone, canary);
    }

    /** The wish for the run of one planned time. */
    public RunRequest request(String id) {
        return RunRequest.of(id, RunRequest.Origin.SCHEDULE, pools, policy).limited(limits(window, zone, canary));
    }

    private static Optional<RunLimits> limits(Optional<String> window, String zone, Optional<Integer> canary) {
        RunLimits limits = new RunLimits(Map.of(), window.map(times -> new Window(times, zone)), canary);
        return limits.equals(RunLimits.NONE) ? Optional.empty() : Optional.of(limits);
    }
}
