package io.planish.plan;

import io.planish.chain.ImageNode;
import io.planish.chain.ImageRef;
import java.io.IOException;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;

/** Remembers, for one tree, what the images below its forks own: that is asked for again and again. */
final class TrunkMemory implements Ownership {
    private final Ownership ownership;
    private final Set<ImageRef> trunks;
    private final Map<ImageRef, Owned> remembered = new HashMap<>();

    TrunkMemory(Ownership ownership, List<Segment> segments) {
        this.ownership = ownership;
        this.trunks = segments.stream()
                .filter(segment -> !segment.above().isEmpty())
                .flatMap(segment -> segment.layers().stream())
                .map(ImageNode::ref)
                .collect(Collectors.toSet());
    }

    @Override
    public Owned of(ImageRef image) throws IOException {
        Owned known = remembered.get(image);
        if (known == null) {
            known = ownership.of(image);
            if (trunks.contains(image)) {
                remembered.put(image, known);
            }
        }
        return known;
    }
}
