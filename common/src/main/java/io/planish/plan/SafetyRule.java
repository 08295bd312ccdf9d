package io.planish.plan;

import io.planish.chain.Forest;
import io.planish.chain.ImageNode;
import io.planish.chain.ImageRef;
import io.planish.chain.Problem;
import io.planish.chain.Trait;
import io.planish.chain.Use;
import io.planish.job.Job;
import io.planish.job.JobKind;
import io.planish.job.Relink;
import io.planish.job.SkipReason;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * The one rule for what may be done to the forest: no job may change what an image shows that somebody can still look at.
 *
 * <p>A job's layers are {@code lo..target..top} of one chain. What stands from the target up to just below the top loses its
 * view: nobody but the next layer may depend on it ({@link #endsView}). The top's view goes on, under the target's name for its
 * overlays, or under its own name if it is a leaf ({@link #continuesBelow}). What stands below the target is only read.
 *
 * <p>What had several overlays in the snapshot counts as shared for the whole plan, under whatever name it stands {@link #after} some jobs. Immutable; used when planning and again,
 * with a fresh snapshot, right before acting.
 */
public final class SafetyRule {
    private final Permissions may;
    private final Set<ImageRef> shared;
    /** Where what was shared has gone since. */
    private final Set<ImageRef> sharedSince;

    private SafetyRule(Permissions may, Set<ImageRef> shared, Set<ImageRef> sharedSince) {
        this.may = may;
        this.shared = shared;
        this.sharedSince = sharedSince;
    }

    public static SafetyRule of(Snapshot snapshot, Policy policy) {
        Forest forest = snapshot.forest();
        return new SafetyRule(
                new Permissions(snapshot, policy),
                forest.nodes().stream()
                        .map(ImageNode::ref)
                        .filter(ref -> forest.overlays(ref).size() > 1)
                        .collect(Collectors.toUnmodifiableSet()),
                Set.of());
    }

    /** The rule for what comes after this job in the same plan. */
    SafetyRule after(Job job) {
        boolean moves = job.kind() == JobKind.COMMIT
                && (isShared(job.top()) || job.relinks().size() > 1);
        if (!moves || isShared(job.target())) {
            return this;
        }
        Set<ImageRef> since = new HashSet<>(sharedSince);
        since.add(job.target());
        return new SafetyRule(may, shared, since);
    }

    private boolean isShared(ImageRef image) {
        return shared.contains(image) || sharedSince.contains(image);
    }

    /** Why the job must not be done in the forest as it is {@code now}; empty: it may. */
    public Optional<Problem> check(Job job, Forest now) {
        return Group.of(job, now)
                .map(group -> switch (job.kind()) {
                    case PULL, COMMIT -> checkMerge(job, group, now);
                    case REBASE -> checkRebase(group, now, job);
                    case SCAN, READ, PURGE ->
                        Optional.of(new Problem(SkipReason.DEPENDENCY, "job " + job.id() + " merges nothing"));
                })
                .orElseGet(() -> Optional.of(new Problem(
                        SkipReason.DEPENDENCY, job.top() + " does not have the chain that the job is for")));
    }

    private Optional<Problem> checkMerge(Job job, Group group, Forest now) {
        ImageNode target = group.target();
        ImageNode top = group.top();
        boolean commits = !target.ref().equals(top.ref());
        Stream<Optional<Problem>> reading = group.chain().stream().map(this::reads);
        Stream<Optional<Problem>> pulling =
                group.below().isEmpty() ? Stream.of(may.write(target)) : Stream.of(pullsInto(target));
        Stream<Optional<Problem>> ending = group.ending().stream().map(layer -> endsView(layer, now));
        Stream<Optional<Problem>> gone = commits ? group.middle().stream().map(may::goDown) : Stream.of();
        Stream<Optional<Problem>> onward = commits
                ? Stream.of(commitsInto(target, group.above()), continuesAs(target, top, now), links(job, top, now))
                : Stream.of(linksOfPull(job));
        return Stream.of(reading, pulling, ending, gone, onward, retiring(job, group, now))
                .flatMap(problems -> problems)
                .flatMap(Optional::stream)
                .findFirst();
    }

    private Optional<Problem> checkRebase(Group group, Forest now, Job job) {
        Optional<Problem> problem = first(pullsInto(group.target()), reads(group.target()));
        if (problem.isPresent() || job.base().isEmpty()) {
            return problem;
        }
        List<ImageNode> newChain = now.chain(job.base().get());
        if (newChain.isEmpty()) {
            return Optional.of(
                    new Problem(SkipReason.BACKING_MISSING, job.base().get() + " does not exist"));
        }
        if (newChain.stream().anyMatch(node -> node.ref().equals(job.target()))) {
            return Optional.of(
                    new Problem(SkipReason.BACKING_LOOP, job.target() + " would become its own backing file"));
        }
        return newChain.stream().map(this::reads).flatMap(Optional::stream).findFirst();
    }

    /** Why a chain with this image cannot be read reliably. */
    Optional<Problem> reads(ImageNode image) {
        return image.use() == Use.WRITTEN ? Permissions.inUse(image) : image.closesChain();
    }

    /** Why data from below must not be put into this image. */
    Optional<Problem> pullsInto(ImageNode target) {
        return first(may.write(target), may.holdNoSnapshots(target));
    }

    /** Why what the layers {@code above}, up to the top, show and hold must not be put into this image. */
    Optional<Problem> commitsInto(ImageNode target, List<ImageNode> above) {
        boolean isVersion3 = target.has(Trait.ZERO_CLUSTERS);
        if (!isVersion3 && above.stream().anyMatch(layer -> layer.has(Trait.BITMAPS))) {
            return Optional.of(new Problem(
                    SkipReason.UNSUPPORTED_FEATURE,
                    target.ref() + " is of version 2 and cannot hold the persistent bitmaps of a layer above it"));
        }
        boolean sameDisk = target.virtualSizeBytes() == above.getLast().virtualSizeBytes();
        return may.carryBitmaps(target)
                .or(() -> isVersion3 || sameDisk ? Optional.empty() : may.holdNoSnapshots(target));
    }

    /** Why what this image shows must not end: somebody besides the one layer above it may look at it. */
    Optional<Problem> endsView(ImageNode layer, Forest now) {
        int overlays = now.overlays(layer.ref()).size();
        if (overlays != 1 || isShared(layer.ref())) {
            return Optional.of(new Problem(
                    SkipReason.SHARED_BASE,
                    layer.ref()
                            + (overlays > 1 ? " has " + overlays + " overlays, which" : " had several overlays, which")
                            + " it has to go on showing the same to"));
        }
        return first(may.haveNoUnknownOverlays(layer), may.write(layer), may.end(layer));
    }

    /** Why what {@code top} shows cannot go on in the file of {@code target}. */
    private Optional<Problem> continuesAs(ImageNode target, ImageNode top, Forest now) {
        return continuesBelow(top, now).or(() -> takesNameOf(target, top, now));
    }

    /** Why what {@code top} shows cannot go on in any file below it. */
    Optional<Problem> continuesBelow(ImageNode top, Forest now) {
        List<ImageNode> overlays = now.overlays(top.ref());
        if (overlays.isEmpty()) {
            return first(may.write(top), may.goDown(top));
        }
        return may.retireCommitted(top)
                .or(() -> overlays.stream()
                        .flatMap(overlay -> may.relink(overlay, top).stream())
                        .findFirst());
    }

    /** Why {@code target} cannot take the name of {@code top}, if that is what it has to do. */
    Optional<Problem> takesNameOf(ImageNode target, ImageNode top, Forest now) {
        return now.overlays(top.ref()).isEmpty() ? may.takePlaceOf(target, top) : Optional.empty();
    }

    /** Why what this image holds cannot go down into one below it. */
    Optional<Problem> goesDown(ImageNode image) {
        return may.goDown(image);
    }

    /** Why this image must stay although nothing of its chain needs it. */
    Optional<Problem> retires(ImageNode image) {
        return isShared(image.ref())
                ? Optional.of(
                        new Problem(
                                SkipReason.SHARED_BASE,
                                image.ref()
                                        + " had several overlays, so that no job removes it (do so by hand once nobody needs it)"))
                : may.retire(image);
    }

    private static Optional<Problem> links(Job job, ImageNode top, Forest now) {
        Set<ImageRef> overlays =
                now.overlays(top.ref()).stream().map(ImageNode::ref).collect(Collectors.toSet());
        Set<ImageRef> relinked = job.relinks().stream().map(Relink::overlay).collect(Collectors.toSet());
        boolean allToTarget = job.relinks().stream().allMatch(r -> r.backing().equals(job.target()));
        Optional<ImageRef> replaced = overlays.isEmpty() ? Optional.of(top.ref()) : Optional.empty();
        return overlays.equals(relinked) && allToTarget && job.replaces().equals(replaced)
                ? Optional.empty()
                : Optional.of(new Problem(
                        SkipReason.SHARED_BASE,
                        "the job does not move exactly the overlays that " + top.ref() + " has"));
    }

    private static Optional<Problem> linksOfPull(Job job) {
        return job.relinks().isEmpty() && job.replaces().isEmpty()
                ? Optional.empty()
                : Optional.of(new Problem(SkipReason.DEPENDENCY, "a pull moves no other image's backing link"));
    }

    private Stream<Optional<Problem>> retiring(Job job, Group group, Forest now) {
        Set<ImageRef> released = new HashSet<>(job.retires());
        released.add(job.target());
        job.replaces().ifPresent(released::add);
        boolean commits = !job.target().equals(job.top());
        return job.retires().stream().map(ref -> {
            Optional<ImageNode> member =
                    group.layers().stream().filter(n -> n.ref().equals(ref)).findFirst();
            if (member.isEmpty() || ref.equals(job.target()) || job.replaces().equals(Optional.of(ref))) {
                return Optional.of(new Problem(SkipReason.DEPENDENCY, ref + " is no leftover of the job"));
            }
            boolean movedTop = commits && ref.equals(job.top());
            boolean needed =
                    !movedTop && now.overlays(ref).stream().anyMatch(overlay -> !released.contains(overlay.ref()));
            if (needed) {
                return Optional.of(new Problem(SkipReason.SHARED_BASE, ref + " still has an overlay afterwards"));
            }
            return movedTop || group.middle().contains(member.get())
                    ? may.retireCommitted(member.get())
                    : retires(member.get());
        });
    }

    @SafeVarargs
    private static Optional<Problem> first(Optional<Problem>... problems) {
        for (Optional<Problem> problem : problems) {
            if (problem.isPresent()) {
                return problem;
            }
        }
        return Optional.empty();
    }
}
