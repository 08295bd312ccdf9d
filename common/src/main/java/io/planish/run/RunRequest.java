package io.planish.run;

import io.planish.chain.ImageRef;
import io.planish.chain.PoolName;
import io.planish.plan.Policy;
import io.planish.plan.Tightening;
import java.util.List;
import java.util.Optional;
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
        Optional<String> plan) {

    public static final int VERSION = 1;

    private static final Pattern ID = Pattern.compile("[A-Za-z0-9][A-Za-z0-9._-]{0,99}");

    /** @throws IllegalArgumentException naming the field and what it may be */
    public RunRequest {
        if (!ID.matcher(id).matches()) {
            throw new IllegalArgumentException("id '" + id + "' is not 1 to 100 of A-Z, a-z, 0-9, '.', '_' and '-'");
        }
        if (version != VERSION) {
            throw new IllegalArgumentException("version " + version + " is not " + VERSION);
        }
        pools = List.copyOf(pools);
        keep = List.copyOf(keep);
        protect = List.copyOf(protect);
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
        RUN_ONCE
    }
}
