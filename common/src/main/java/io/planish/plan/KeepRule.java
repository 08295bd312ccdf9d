package io.planish.plan;

import io.planish.chain.Forest;
import io.planish.chain.ImageNode;
import io.planish.chain.ImageRef;
import java.time.Duration;
import java.time.Instant;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.Predicate;
import java.util.stream.LongStream;

/**
 * Which images a policy keeps, content and name, told once from a snapshot: so a job changes nothing about it for those after it.
 *
 * <p>A layer shows the time at which its first overlay was made, or an earlier one if the guest was idle: it may be any time from its last
 * write to the birth of an overlay. Where a rule about age holds for any of these times, the layer is kept. Leaves have no such
 * time: their content and name stay anyway.
 */
final class KeepRule {
    private final Policy policy;
    private final Globs globs;
    private final Instant scanned;
    private final Forest forest;
    private final Set<ImageRef> newest = new HashSet<>();

    KeepRule(Snapshot snapshot, Policy policy) {
        this.policy = policy;
        this.globs = new Globs(policy.keep());
        this.scanned = snapshot.takenAt();
        this.forest = snapshot.forest();
        if (policy.keepNewest() > 0) {
            forest.leaves().forEach(this::keepNewestBelow);
        }
    }

    /** Why an image is kept, as the end of a sentence that begins with its name; empty: it is not. */
    Optional<String> keeps(ImageNode image) {
        Optional<String> glob = globs.match(image.ref());
        if (glob.isPresent()) {
            return glob.map(pattern -> "is kept by '" + pattern + "'");
        }
        if (newest.contains(image.ref())) {
            return Optional.of("is among the newest layers of a chain, of which " + policy.keepNewest() + " are kept");
        }
        Optional<Duration> newer = policy.keepNewerThan().filter(age -> anyAge(image, a -> a.compareTo(age) < 0));
        if (newer.isPresent()) {
            return Optional.of("is kept for being newer than " + Durations.text(newer.get()));
        }
        return policy.keepOlderThan()
                .filter(age -> anyAge(image, a -> a.compareTo(age) > 0))
                .map(age -> "is kept for being older than " + Durations.text(age));
    }

    private void keepNewestBelow(ImageNode leaf) {
        Optional<ImageNode> at = forest.backing(leaf);
        for (int i = 0; i < policy.keepNewest() && at.isPresent(); i++) {
            newest.add(at.get().ref());
            at = at.flatMap(forest::backing);
        }
    }

    private boolean anyAge(ImageNode image, Predicate<Duration> rule) {
        List<ImageNode> overlays = forest.overlays(image.ref());
        LongStream births = overlays.stream()
                .mapToLong(overlay -> overlay.facts().birthTimeNanos())
                // where the filesystem does not know them
                .filter(birth -> birth != 0);
        return !overlays.isEmpty()
                && LongStream.concat(LongStream.of(image.facts().mtimeNanos()), births)
                        .mapToObj(nanos -> Duration.between(Instant.ofEpochSecond(0, nanos), scanned))
                        .anyMatch(rule);
    }
}
