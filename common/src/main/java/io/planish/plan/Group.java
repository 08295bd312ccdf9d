package io.planish.plan;

import io.planish.chain.Forest;
import io.planish.chain.ImageNode;
import io.planish.chain.ImageRef;
import io.planish.job.Job;
import io.planish.job.JobKind;
import java.util.List;
import java.util.Optional;

/**
 * The layers of a job where they stand in their chain.
 *
 * @param chain the whole chain up to the top, base first
 * @param lo where the group begins in it; it ends with the chain
 * @param targetAt where its target stands
 */
record Group(List<ImageNode> chain, int lo, int targetAt) {

    /** Empty where the forest has no such chain. */
    static Optional<Group> of(Job job, Forest forest) {
        List<ImageNode> chain = forest.chain(job.top());
        int targetAt = indexOf(chain, job.target());
        if (job.kind() == JobKind.REBASE) {
            return targetAt >= 0 && targetAt == chain.size() - 1
                    ? Optional.of(new Group(chain, targetAt, targetAt))
                    : Optional.empty();
        }
        int lo = job.base().isEmpty() ? 0 : indexOf(chain, job.base().get()) + 1;
        boolean standsAlone = chain.isEmpty() || chain.getFirst().backing().isEmpty();
        boolean baseFound = job.base().isEmpty() || lo > 0;
        boolean kindFits = (targetAt == chain.size() - 1) == (job.kind() == JobKind.PULL);
        return baseFound && standsAlone && kindFits && targetAt >= lo && chain.size() - lo > 1
                ? Optional.of(new Group(chain, lo, targetAt))
                : Optional.empty();
    }

    ImageNode target() {
        return chain.get(targetAt);
    }

    ImageNode top() {
        return chain.getLast();
    }

    List<ImageNode> layers() {
        return chain.subList(lo, chain.size());
    }

    /** What is pulled up into the target. */
    List<ImageNode> below() {
        return chain.subList(lo, targetAt);
    }

    /** What is committed down into the target, up to the top. */
    List<ImageNode> above() {
        return chain.subList(targetAt + 1, chain.size());
    }

    /** What loses its view: the target and what stands between it and the top. */
    List<ImageNode> ending() {
        return chain.subList(targetAt, chain.size() - 1);
    }

    /** What stands between target and top. */
    List<ImageNode> middle() {
        return chain.subList(Math.min(targetAt + 1, chain.size() - 1), chain.size() - 1);
    }

    private static int indexOf(List<ImageNode> chain, ImageRef ref) {
        for (int i = 0; i < chain.size(); i++) {
            if (chain.get(i).ref().equals(ref)) {
                return i;
            }
        }
        return -1;
    }
}
