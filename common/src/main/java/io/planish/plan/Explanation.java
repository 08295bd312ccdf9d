package io.planish.plan;

import io.planish.chain.ImageRef;
import java.util.List;
import java.util.Optional;

/**
 * Why an image gets what it gets.
 *
 * @param chain the chain that ends with the image, base first
 * @param leaves the ends of the chains that it is part of
 * @param steps the jobs that touch it, in their order
 * @param maxDepth how many files a chain may have
 * @param leftAlone why it is neither written nor removed, and why the chains it is part of are left alone or not as short as wanted
 * @param alternatives what its tree would cost under other policies, the policy asked for first
 */
public record Explanation(
        ImageRef image,
        List<Layer> chain,
        List<Plan.LeafDepth> leaves,
        List<Step> steps,
        int maxDepth,
        List<Plan.Skip> leftAlone,
        List<Alternative> alternatives) {

    public Explanation {
        chain = List.copyOf(chain);
        leaves = List.copyOf(leaves);
        steps = List.copyOf(steps);
        leftAlone = List.copyOf(leftAlone);
        alternatives = List.copyOf(alternatives);
    }

    /**
     * One file of the chain.
     *
     * @param overlays how many images have it as backing file
     * @param notWritten why nothing may be pulled or committed into it
     * @param notEnded why its content may not go over into another file
     */
    public record Layer(
            ImageRef image,
            long allocatedBytes,
            int overlays,
            Optional<String> notWritten,
            Optional<String> notEnded) {}

    /**
     * One job.
     *
     * @param targets which of the layers could have become the one file, base first; of very many only the cheapest
     */
    public record Step(String job, String what, long bytesToWrite, List<Target> targets) {
        public Step {
            targets = List.copyOf(targets);
        }
    }

    /**
     * @param bytesToWrite what the job would write with this target; empty: it cannot be told
     * @param whyNot what forbids it
     */
    public record Target(ImageRef image, boolean chosen, Optional<Long> bytesToWrite, Optional<String> whyNot) {}

    /**
     * @param policy what is other about it, as options of the command line
     * @param bytesToWrite for the whole tree
     * @param files how many files the longest of the chains would have
     */
    public record Alternative(String policy, long bytesToWrite, int files) {}
}
