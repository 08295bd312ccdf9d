package io.planish.chain;

import io.planish.job.SkipReason;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * One image file as a scan found it. A file that is reached under several names is one node.
 *
 * @param ref its address: the name with every symbolic link resolved
 * @param otherNames symbolic links in the pools that lead to it
 * @param facts what must stay equal for it to count as unchanged
 * @param virtualSizeBytes the size of the disk it shows
 * @param clusterSizeBytes the granularity of what it owns, with subclusters theirs; 512 for a raw image
 * @param allocatedBytes what it takes on disk
 * @param filesystem equal for two images of one snapshot that are on the same filesystem; means nothing outside it
 * @param backing empty: it has no backing file
 */
public record ImageNode(
        ImageRef ref,
        List<ImageRef> otherNames,
        FileFacts facts,
        ImageFormat format,
        long virtualSizeBytes,
        int clusterSizeBytes,
        long allocatedBytes,
        int filesystem,
        Use use,
        Optional<BackingLink> backing,
        Set<Trait> traits,
        List<Problem> problems) {

    public ImageNode {
        otherNames = List.copyOf(otherNames);
        traits = Set.copyOf(traits);
        problems = List.copyOf(problems);
    }

    /** The backing file, where there is one that may be opened. */
    public Optional<ImageRef> backingImage() {
        return backing.flatMap(BackingLink::image);
    }

    public boolean has(Trait trait) {
        return traits.contains(trait);
    }

    public Optional<Problem> problem(SkipReason reason) {
        for (Problem problem : problems) { // asked for each image of a fleet, and most have none
            if (problem.reason() == reason) {
                return Optional.of(problem);
            }
        }
        return Optional.empty();
    }

    /** Why no chain can be read through this image, if so. */
    public Optional<Problem> closesChain() {
        return problems.stream().filter(Problem::closesChain).findFirst();
    }

    /** The same image with one more thing in its way. */
    public ImageNode withProblem(Problem problem) {
        List<Problem> all = new ArrayList<>(problems);
        all.add(problem);
        return new ImageNode(
                ref,
                otherNames,
                facts,
                format,
                virtualSizeBytes,
                clusterSizeBytes,
                allocatedBytes,
                filesystem,
                use,
                backing,
                traits,
                all);
    }

    /** The same image, used by others in this way. */
    public ImageNode withUse(Use newUse) {
        return new ImageNode(
                ref,
                otherNames,
                facts,
                format,
                virtualSizeBytes,
                clusterSizeBytes,
                allocatedBytes,
                filesystem,
                newUse,
                backing,
                traits,
                problems);
    }

    /** The same image with another backing file. */
    public ImageNode withBacking(Optional<BackingLink> newBacking) {
        return new ImageNode(
                ref,
                otherNames,
                facts,
                format,
                virtualSizeBytes,
                clusterSizeBytes,
                allocatedBytes,
                filesystem,
                use,
                newBacking,
                traits,
                problems);
    }
}
