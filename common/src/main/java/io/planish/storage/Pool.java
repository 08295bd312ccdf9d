package io.planish.storage;

import io.planish.chain.PoolName;
import java.nio.file.Path;
import java.util.Optional;

/**
 * A storage pool as this machine sees it.
 *
 * @param id the random id in its marker file {@code .planish-pool}
 * @param root its folder here, absolute, symbolic links resolved
 * @param hostPath the folder under which hypervisors see it, as written in absolute backing names; equals the root where
 *     nothing else is configured
 * @param complete whether all overlays of its images lie in configured pools, so that a commit is thinkable
 * @param trustedFormat the format of a backing file where the overlay records none; empty: such an image is left alone
 */
public record Pool(
        PoolName name, String id, Path root, Path hostPath, boolean complete, Optional<String> trustedFormat) {

    private static final String UNMARKED = "unmarked-";

    /** The id of a folder that has no marker, as long as it has none. */
    static String unmarkedId(PoolName name) {
        return UNMARKED + name;
    }

    /** Whether it has a marker, so that what is remembered of it is found again. */
    public boolean isMarked() {
        return !id.startsWith(UNMARKED);
    }
}
