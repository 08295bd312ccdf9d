package io.planish.scan;

import io.planish.chain.Trait;
import io.planish.job.SkipReason;
import io.planish.qcow2.Backing;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * What a file says of itself at its beginning.
 *
 * @param isImage whether it begins as a QCOW2 image does, or is an overlay in the QED format; if not, all else is empty
 * @param backing as written; kept also where the rest cannot be made sense of, since somebody depends on that file
 */
record FileHead(
        boolean isImage,
        long virtualSizeBytes,
        int clusterSizeBytes,
        Optional<Backing> backing,
        Set<Trait> traits,
        List<Fault> faults) {
    static final FileHead NO_IMAGE = new FileHead(false, 0, 0, Optional.empty(), Set.of(), List.of());

    FileHead {
        traits = Set.copyOf(traits);
        faults = List.copyOf(faults);
    }

    /** Why the image cannot be worked on; the phrase completes the image's name to a sentence. */
    record Fault(SkipReason reason, String phrase) {}
}
