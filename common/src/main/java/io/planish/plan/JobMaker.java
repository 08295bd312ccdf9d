package io.planish.plan;

import io.planish.chain.Forest;
import io.planish.chain.ImageNode;
import io.planish.chain.ImageRef;
import io.planish.chain.Problem;
import io.planish.job.Expectation;
import io.planish.job.Job;
import io.planish.job.JobKind;
import io.planish.job.Relink;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Predicate;

/**
 * Writes jobs down, lower ones first, and remembers what each touches: a job depends on those that touched anything of the
 * chain it works in.
 */
final class JobMaker {
    private SafetyRule rule;
    private final Map<ImageRef, String> touchedBy = new HashMap<>();
    private int count;

    JobMaker(SafetyRule rule) {
        this.rule = rule;
    }

    /** @param before how many jobs there are already, which touch other trees */
    void countFrom(int before) {
        this.count = before;
    }

    /**
     * The job that makes one file, {@code target}, of the layers of {@code top}'s chain above {@code base}.
     *
     * @param own which of them no other chain depends on
     */
    Job make(
            Forest now,
            Optional<ImageNode> base,
            ImageNode target,
            ImageNode top,
            Predicate<ImageRef> own,
            long bytesToWrite,
            long bytesToClone) {
        List<ImageNode> chain = now.chain(top.ref());
        int lo = base.map(chain::indexOf).orElse(-1) + 1;
        List<ImageNode> group = chain.subList(lo, chain.size());
        boolean commits = !target.ref().equals(top.ref());
        List<ImageNode> overlays = now.overlays(top.ref());
        boolean replaces = commits && overlays.isEmpty();
        List<Relink> relinks = commits
                ? overlays.stream()
                        .map(overlay -> new Relink(overlay.ref(), target.ref()))
                        .toList()
                : List.of();
        List<ImageNode> retired = retired(group, group.indexOf(target), replaces, own);
        Set<String> dependsOn = new LinkedHashSet<>();
        List<Expectation> expects = new ArrayList<>();
        chain.forEach(image -> expects.add(expect(image, dependsOn)));
        if (commits) {
            overlays.forEach(image -> expects.add(expect(image, dependsOn)));
        }
        long freed =
                retired.stream().mapToLong(ImageNode::allocatedBytes).sum() + (replaces ? top.allocatedBytes() : 0);
        return new Job(
                String.format(Locale.ROOT, "j%04d", count + 1),
                commits ? JobKind.COMMIT : JobKind.PULL,
                target.ref(),
                base.map(ImageNode::ref),
                top.ref(),
                relinks,
                replaces ? Optional.of(top.ref()) : Optional.empty(),
                retired.stream().map(ImageNode::ref).toList(),
                List.copyOf(dependsOn),
                expects,
                bytesToWrite,
                bytesToClone,
                Math.max(0, freed - bytesToClone));
    }

    /** Why the job must not be done after those that were accepted. */
    Optional<Problem> check(Job job, Forest now) {
        return rule.check(job, now);
    }

    /** The job is part of the plan: what comes after it depends on it where it touches the same images. */
    void accepted(Job job) {
        count++;
        rule = rule.after(job);
        touchedBy.put(job.target(), job.id());
        touchedBy.put(job.top(), job.id());
        job.retires().forEach(image -> touchedBy.put(image, job.id()));
        job.relinks().forEach(relink -> touchedBy.put(relink.overlay(), job.id()));
    }

    private Expectation expect(ImageNode image, Set<String> dependsOn) {
        Optional<String> before = Optional.ofNullable(touchedBy.get(image.ref()));
        before.ifPresent(dependsOn::add);
        return new Expectation(
                image.ref(), image.backingImage(), before.isPresent() ? Optional.empty() : Optional.of(image.facts()));
    }

    /** What nobody needs afterwards, top down: a layer goes only where all above it in the group go or are the target. */
    private List<ImageNode> retired(List<ImageNode> group, int targetAt, boolean replaces, Predicate<ImageRef> own) {
        List<ImageNode> retired = new ArrayList<>();
        for (int i = group.size() - 1; i > targetAt; i--) {
            if (!replaces || i < group.size() - 1) {
                retired.add(group.get(i));
            }
        }
        for (int i = targetAt - 1; i >= 0 && mayGo(group.get(i), own); i--) {
            retired.add(group.get(i));
        }
        return retired;
    }

    private boolean mayGo(ImageNode image, Predicate<ImageRef> own) {
        return own.test(image.ref()) && rule.retires(image).isEmpty();
    }
}
