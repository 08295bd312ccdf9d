package io.planish.engine;

import io.planish.merge.Step;
import io.planish.merge.Steps;
import io.planish.qcow2.Geometry;
import java.io.IOException;
import java.util.function.Consumer;

/**
 * Goes through all steps of a commit beforehand and without writing, so that tables of a layer that cannot be followed, and a target that
 * cannot grow as far as it must, are found while the job can still be refused. No data is read.
 */
final class StepRehearsal {
    private StepRehearsal() {}

    /** @throws io.planish.ImageException as a merge would that meets what cannot be followed */
    static void run(Steps steps) throws IOException {
        forEach(steps, step -> {});
    }

    /** The same; returns how many clusters a target of this geometry takes for the steps at most, beside its refcounts and L1 table. */
    static long clustersFor(Steps steps, Geometry target) throws IOException {
        Count count = new Count(target);
        forEach(steps, count::add);
        return count.clusters;
    }

    private static void forEach(Steps steps, Consumer<Step> each) throws IOException {
        for (long at = 0; at < steps.endOffset(); ) {
            Step step = steps.at(at, Long.MAX_VALUE);
            each.accept(step);
            at = step.guestOffset() + step.lengthBytes();
        }
    }

    private static final class Count {
        private final Geometry geometry;
        private long clusters;
        private long nextTable;

        Count(Geometry geometry) {
            this.geometry = geometry;
        }

        void add(Step step) {
            long first = geometry.clusterIndex(step.guestOffset());
            long last = geometry.clusterIndex(step.guestOffset() + step.lengthBytes() - 1);
            switch (step) {
                case Step.Skip skip -> {
                    return;
                }
                // a compressed cluster of which only a part becomes zeroes
                case Step.Zero zero -> clusters += geometry.hasSubclusters() ? 2 : 0;
                case Step.CopyCompressed copy -> clusters++;
                case Step.Write write -> clusters += last - first + 1;
            }
            long firstTable = Math.max(first / geometry.l2EntriesPerTable(), nextTable);
            nextTable = last / geometry.l2EntriesPerTable() + 1;
            clusters += Math.max(0, nextTable - firstTable);
        }
    }
}
