package io.planish.engine;

import io.planish.ImageException;
import io.planish.chain.ImageRef;
import io.planish.image.HeaderFile;
import io.planish.image.Images;
import io.planish.image.RefcountReach;
import io.planish.job.Job;
import io.planish.job.JobKind;
import io.planish.job.Relink;
import io.planish.merge.Steps;
import io.planish.qcow2.Backing;
import io.planish.qcow2.BitmapEntry;
import io.planish.qcow2.BitmapsExtension;
import io.planish.qcow2.Geometry;
import io.planish.qcow2.Header;
import io.planish.qcow2.HeaderEdit;
import io.planish.storage.ImageFile;
import io.planish.storage.PathGate;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.UnaryOperator;

/**
 * Tries beforehand and without writing what a job will do, so that nothing turns out to be impossible when the job can only be
 * finished any more: a long backing name has no place in a small cluster, a table leads nowhere, many small clusters cannot be counted.
 */
final class Rehearsal {
    private static final long CLUSTER_BYTES = 1L << Geometry.MAX_CLUSTER_BITS;

    private final JobChain chain;
    private final Job job;
    private final OpenFiles files;
    private final PathGate gate;

    Rehearsal(JobChain chain, OpenFiles files, PathGate gate) {
        this.chain = chain;
        this.job = chain.job();
        this.files = files;
        this.gate = gate;
    }

    /** @throws io.planish.ImageException of kind {@code UNSUPPORTED_FEATURE}, naming the image whose header has no room */
    void run(Intent intent, OpenChain open) throws IOException {
        for (ImageRef image : chain.marked()) {
            if (open.isQcow2(image) && !image.equals(job.target())) {
                rehearse(image, List.of(edit -> edit.halfMerged(true), edit -> edit.halfMerged(false)));
            }
        }
        if (!intent.targetIsRaw()) {
            rehearse(job.target(), changesOfTarget(intent, open));
        }
        String format = intent.targetIsRaw() ? Images.RAW : Images.QCOW2;
        for (Relink relink : job.relinks()) {
            Optional<Backing> now = HeaderFile.read(files.get(relink.overlay())).backing();
            String name = gate.backingName(
                    relink.overlay(), relink.backing(), now.map(Backing::name).orElse(""));
            rehearse(relink.overlay(), List.of(edit -> edit.backing(new Backing(name, format))));
        }
    }

    /** The steps of a commit, before its target is repaired: what they will follow, and whether the target can grow so far. */
    void run(Steps steps, OpenChain open, long finalSizeBytes) throws IOException {
        if (!open.isQcow2(job.target())) {
            StepRehearsal.run(steps);
            return;
        }
        Header target = open.header(job.target());
        Geometry geometry = target.geometry();
        long clusters = StepRehearsal.clustersFor(steps, geometry)
                + geometry.clusters(geometry.l1Entries(finalSizeBytes) * Long.BYTES)
                + CommitBitmaps.read(chain, open, files).clusters(finalSizeBytes)
                // what an internal snapshot shares gets a copy of its own
                + (target.snapshotCount() > 0 ? target.l1Entries() : 0);
        try {
            RefcountReach.require(geometry, files.get(job.target()).sizeBytes(), clusters);
        } catch (ImageException e) {
            throw e.at(job.target().toString());
        }
    }

    private List<UnaryOperator<HeaderEdit>> changesOfTarget(Intent intent, OpenChain open) throws IOException {
        List<UnaryOperator<HeaderEdit>> changes = new ArrayList<>();
        boolean commits = job.kind() == JobKind.COMMIT;
        boolean bitmaps = commits && CommitBitmaps.read(chain, open, files).areThere();
        long behindTheFile = Math.ceilDiv(files.get(job.target()).sizeBytes(), CLUSTER_BYTES) * CLUSTER_BYTES;
        BitmapsExtension somewhere = new BitmapsExtension(1, behindTheFile, BitmapEntry.HEAD_BYTES);
        if (commits) {
            changes.add(edit -> edit.halfMerged(true));
        }
        if (bitmaps) {
            changes.add(edit -> edit.bitmaps(somewhere));
        }
        if (job.replaces().isPresent()) {
            Optional<Backing> absolute = Finisher.absoluteBase(gate, intent);
            changes.add(edit -> Finisher.link(edit, absolute));
        }
        changes.add(edit -> Finisher.link(edit, intent.targetBacking()));
        if (commits) {
            changes.add(edit -> edit.halfMerged(false));
        }
        return changes;
    }

    private void rehearse(ImageRef image, List<UnaryOperator<HeaderEdit>> changes) throws IOException {
        ImageFile file = files.get(image);
        HeaderFile.rehearse(file, changes, 2 * CLUSTER_BYTES);
    }
}
