package io.planish.engine;

import io.planish.chain.ImageRef;
import io.planish.job.Expectation;
import io.planish.job.Job;
import io.planish.job.JobKind;
import io.planish.job.Relink;
import io.planish.storage.ImageFile.LockMode;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * The files of a job and their places in it: the whole chain base first, and where in it the group and its target are.
 *
 * @param images the chain from its lowest image up to the job's top
 */
record JobChain(Job job, List<ImageRef> images, int lo, int target) {

    static JobChain of(Job job) {
        List<ImageRef> all = job.expects().stream().map(Expectation::image).toList();
        List<ImageRef> chain = List.copyOf(all.subList(0, all.indexOf(job.top()) + 1));
        int target = chain.indexOf(job.target());
        int lo = job.kind() == JobKind.REBASE
                ? target
                : job.base().map(base -> chain.indexOf(base) + 1).orElse(0);
        if (target < lo) {
            throw new IllegalArgumentException("job " + job.id() + " has no target within its group");
        }
        return new JobChain(job, chain, lo, target);
    }

    /** The chain of a job whose target has already been linked to the base: what stood between them is no part of it any more. */
    JobChain withTargetLinked() {
        List<ImageRef> rest = new ArrayList<>(images);
        rest.subList(lo, target).clear();
        return new JobChain(job, List.copyOf(rest), lo, lo);
    }

    /** Whether all above the target stays in place, as after {@code qemu-img commit}. */
    boolean keepsLayers() {
        return job.relinks().isEmpty() && job.replaces().isEmpty();
    }

    int hi() {
        return images.size() - 1;
    }

    /** For a rebase the chain of the new backing file, base first; empty where the overlay is to stand alone. */
    List<ImageRef> newChain() {
        return job.kind() == JobKind.REBASE
                ? job.expects().stream()
                        .skip(images.size())
                        .map(Expectation::image)
                        .toList()
                : List.of();
    }

    /** The images above the target, whose own view ends with a commit. */
    List<ImageRef> committed() {
        return images.subList(target + 1, images.size());
    }

    /** The images that carry the half-merged mark during a commit: the target and those above it, without the top. */
    List<ImageRef> marked() {
        return job.kind() == JobKind.COMMIT ? images.subList(target, hi()) : List.of();
    }

    /** Exclusive for what is written, relinked, poisoned or retired; shared for what is only read. */
    LockMode lockOf(ImageRef image) {
        boolean written = image.equals(job.target())
                || committed().contains(image)
                || job.retires().contains(image)
                || job.relinks().stream().anyMatch(relink -> relink.overlay().equals(image));
        return written ? LockMode.WRITE : LockMode.READ;
    }

    /** The images that nobody but this job may have an overlay on. */
    Set<ImageRef> exclusive() {
        Set<ImageRef> result = new HashSet<>(job.retires());
        if (job.kind() == JobKind.COMMIT) {
            result.addAll(images.subList(target, keepsLayers() ? hi() : images.size()));
        }
        return result;
    }

    /** Overlays that an image of the chain may have while the job runs. */
    Map<ImageRef, Set<ImageRef>> knownOverlays() {
        Map<ImageRef, Set<ImageRef>> known = new HashMap<>();
        for (int i = 0; i < hi(); i++) {
            known.computeIfAbsent(images.get(i), image -> new HashSet<>()).add(images.get(i + 1));
        }
        for (Relink relink : job.relinks()) {
            known.computeIfAbsent(job.top(), image -> new HashSet<>()).add(relink.overlay());
            known.computeIfAbsent(relink.backing(), image -> new HashSet<>()).add(relink.overlay());
        }
        job.base()
                .ifPresent(base -> known.computeIfAbsent(base, image -> new HashSet<>())
                        .add(job.replaces().orElse(job.target())));
        return known;
    }
}
