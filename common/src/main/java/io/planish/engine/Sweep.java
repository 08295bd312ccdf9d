package io.planish.engine;

import io.planish.chain.ImageRef;
import java.io.IOException;
import java.util.Map;
import java.util.Set;

/** Looks at all folders that may hold an overlay and tells what is there at this moment. */
@FunctionalInterface
public interface Sweep {
    /** All overlays, right now and in all pools, of each of the images; an image without overlays may be absent. */
    Map<ImageRef, Set<ImageRef>> overlaysOf(Set<ImageRef> images) throws IOException;
}
