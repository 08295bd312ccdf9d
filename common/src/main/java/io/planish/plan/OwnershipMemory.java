package io.planish.plan;

import io.planish.chain.ImageRef;
import java.io.IOException;
import java.util.HashMap;
import java.util.Map;
import java.util.Set;

/** Remembers what some images own that are asked for again and again. Not thread-safe. */
final class OwnershipMemory implements Ownership {
    private final Ownership ownership;
    private final Set<ImageRef> worth;
    private final Map<ImageRef, Owned> remembered = new HashMap<>();

    /** @param worth the images that are asked for again */
    OwnershipMemory(Ownership ownership, Set<ImageRef> worth) {
        this.ownership = ownership;
        this.worth = worth;
    }

    @Override
    public Owned of(ImageRef image) throws IOException {
        Owned known = remembered.get(image);
        if (known == null) {
            known = ownership.of(image);
            if (worth.contains(image)) {
                remembered.put(image, known);
            }
        }
        return known;
    }
}
