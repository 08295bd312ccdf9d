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
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;

/** What a forest looks like once jobs are done that {@link SafetyRule} allows in it. */
final class Aftermath {
    private final SortedMap<ImageRef, ImageNode> nodes = new TreeMap<>();

    private Aftermath(Forest before) {
        before.nodes().forEach(node -> nodes.put(node.ref(), node));
    }

    /** The forest after a job. */
    static Forest of(Job job, Forest before) {
        return of(List.of(job), before);
    }

    /** The forest after several jobs, each after those it depends on. */
    static Forest of(List<Job> jobs, Forest before) {
        Aftermath after = new Aftermath(before);
        jobs.forEach(after::apply);
        return Forest.of(after.nodes.values());
    }

    private void apply(Job job) {
        ImageNode top = node(job.top());
        ImageNode target = node(job.target());
        ImageNode merged = named(
                target,
                job.replaces().isPresent() ? top : target,
                top.virtualSizeBytes(),
                link(job.base()),
                traits(job, target));
        nodes.remove(target.ref());
        job.retires().forEach(nodes::remove);
        nodes.put(merged.ref(), merged);
        for (Relink relink : job.relinks()) {
            nodes.computeIfPresent(
                    relink.overlay(), (ref, overlay) -> overlay.withBacking(link(Optional.of(relink.backing()))));
        }
    }

    /** A commit's target holds the bitmaps of all that came down into it. */
    private Set<Trait> traits(Job job, ImageNode target) {
        Set<Trait> traits = new HashSet<>(target.traits());
        if (job.kind() == JobKind.COMMIT) {
            for (ImageNode at = node(job.top());
                    !at.ref().equals(job.target());
                    at = node(at.backingImage().orElseThrow())) {
                if (at.has(Trait.BITMAPS)) {
                    traits.add(Trait.BITMAPS);
                }
            }
        }
        return traits;
    }

    private ImageNode node(ImageRef ref) {
        return Optional.ofNullable(nodes.get(ref)).orElseThrow();
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
