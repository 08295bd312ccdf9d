package io.planish.plan;

import io.planish.chain.BackingLink;
import io.planish.chain.Forest;
import io.planish.chain.ImageNode;
import io.planish.chain.ImageRef;
import io.planish.chain.Trait;
import io.planish.job.Job;
import io.planish.job.JobKind;
import io.planish.job.Relink;
import java.util.HashSet;
import java.util.Optional;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;

/** What a forest looks like once a job is done. */
final class Aftermath {
    private Aftermath() {}

    /** The forest after a job that {@link SafetyRule} allows in it. */
    static Forest of(Job job, Forest before) {
        SortedMap<ImageRef, ImageNode> nodes = new TreeMap<>();
        before.nodes().forEach(node -> nodes.put(node.ref(), node));
        ImageNode top = before.node(job.top()).orElseThrow();
        ImageNode target = before.node(job.target()).orElseThrow();
        ImageNode merged = named(
                target,
                job.replaces().isPresent() ? top : target,
                top.virtualSizeBytes(),
                link(job.base()),
                traits(job, target, before));
        nodes.remove(target.ref());
        job.retires().forEach(nodes::remove);
        nodes.put(merged.ref(), merged);
        for (Relink relink : job.relinks()) {
            nodes.computeIfPresent(
                    relink.overlay(), (ref, overlay) -> overlay.withBacking(link(Optional.of(relink.backing()))));
        }
        return Forest.of(nodes.values());
    }

    /** A commit's target holds the bitmaps of all that came down into it. */
    private static Set<Trait> traits(Job job, ImageNode target, Forest before) {
        Set<Trait> traits = new HashSet<>(target.traits());
        if (job.kind() == JobKind.COMMIT) {
            before.chain(job.top()).stream()
                    .dropWhile(layer -> !layer.ref().equals(job.target()))
                    .filter(layer -> layer.has(Trait.BITMAPS))
                    .forEach(layer -> traits.add(Trait.BITMAPS));
        }
        return traits;
    }

    private static Optional<BackingLink> link(Optional<ImageRef> backing) {
        return backing.map(ref -> BackingLink.to(ref.path(), ref));
    }

    private static ImageNode named(
            ImageNode file, ImageNode name, long virtualSizeBytes, Optional<BackingLink> backing, Set<Trait> traits) {
        return new ImageNode(
                name.ref(),
                name.otherNames(),
                file.facts(),
                file.format(),
                virtualSizeBytes,
                file.clusterSizeBytes(),
                file.allocatedBytes(),
                file.filesystem(),
                file.use(),
                backing,
                traits,
                file.problems());
    }
}
