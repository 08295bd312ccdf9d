package io.planish.job;

import io.planish.chain.ImageRef;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.UnaryOperator;

/**
 * One merge: the run of a chain from just above {@code base} up to {@code top} becomes one file, {@code target}.
 *
 * <p>{@code base <- lo <- … <- target <- … <- top <- relinks[].overlay}: what stands above the target is committed down into
 * it, what stands below is pulled up into it, and then {@code base} is its backing file. For {@link JobKind#REBASE},
 * target and top are the one overlay and {@code base} is its new backing file. A commit that relinks and replaces nothing is what
 * {@code qemu-img commit} does: the layers above the target stay, and stay openable, and a longer target keeps its size.
 *
 * @param id unique within its run, and a file name: {@code [a-z0-9-]+}
 * @param base the target's backing file afterwards, not part of the group; empty: none, the target stands alone
 * @param relinks overlays of the top whose backing file becomes the target (empty for a pull)
 * @param replaces the leaf whose name the target takes; then it equals {@code top}
 * @param retires files of the group that are left over and go to the trash
 * @param dependsOn ids of jobs of the same plan that must be done before
 * @param expects one entry for each image of the whole chain below and including the top, base first, then one for each
 *     relinked overlay; for a rebase, then one for each image of the new chain, base first, up to the new backing file
 * @param bytesToWrite predicted bytes of clusters that the merge writes
 * @param bytesToClone predicted bytes of clusters that the target comes to share with other layers instead: they cost no more than metadata
 * @param bytesToFree predicted bytes that retired files give back
 */
public record Job(
        String id,
        JobKind kind,
        ImageRef target,
        Optional<ImageRef> base,
        ImageRef top,
        List<Relink> relinks,
        Optional<ImageRef> replaces,
        List<ImageRef> retires,
        List<String> dependsOn,
        List<Expectation> expects,
        long bytesToWrite,
        long bytesToClone,
        long bytesToFree) {

    public Job {
        relinks = List.copyOf(relinks);
        retires = List.copyOf(retires);
        dependsOn = List.copyOf(dependsOn);
        expects = List.copyOf(expects);
    }

    /** A job that clones nothing. */
    public Job(
            String id,
            JobKind kind,
            ImageRef target,
            Optional<ImageRef> base,
            ImageRef top,
            List<Relink> relinks,
            Optional<ImageRef> replaces,
            List<ImageRef> retires,
            List<String> dependsOn,
            List<Expectation> expects,
            long bytesToWrite,
            long bytesToFree) {
        this(id, kind, target, base, top, relinks, replaces, retires, dependsOn, expects, bytesToWrite, 0, bytesToFree);
    }

    /** Whether an image comes to an end with it that an overlay in any pool may need. */
    public boolean endsViews() {
        return kind == JobKind.COMMIT || !retires.isEmpty();
    }

    /** The same job, to be done after these jobs too. */
    public Job after(List<String> jobs) {
        Set<String> all = new LinkedHashSet<>(dependsOn);
        all.addAll(jobs);
        return new Job(
                id,
                kind,
                target,
                base,
                top,
                relinks,
                replaces,
                retires,
                List.copyOf(all),
                expects,
                bytesToWrite,
                bytesToClone,
                bytesToFree);
    }

    /** The same job on images that are called otherwise. */
    public Job renamed(UnaryOperator<ImageRef> name) {
        return new Job(
                id,
                kind,
                name.apply(target),
                base.map(name),
                name.apply(top),
                relinks.stream()
                        .map(relink -> new Relink(name.apply(relink.overlay()), name.apply(relink.backing())))
                        .toList(),
                replaces.map(name),
                retires.stream().map(name).toList(),
                dependsOn,
                expects.stream()
                        .map(expected -> new Expectation(
                                name.apply(expected.image()), expected.backing().map(name), expected.unchanged()))
                        .toList(),
                bytesToWrite,
                bytesToClone,
                bytesToFree);
    }
}
