package io.planish.engine;

import io.planish.chain.ImageRef;
import io.planish.image.HeaderFile;
import io.planish.image.Images;
import io.planish.job.Job;
import io.planish.job.JobKind;
import io.planish.job.Relink;
import io.planish.qcow2.Backing;
import io.planish.qcow2.BitmapEntry;
import io.planish.qcow2.BitmapsExtension;
import io.planish.qcow2.Geometry;
import io.planish.qcow2.HeaderEdit;
import io.planish.storage.ImageFile;
import io.planish.storage.PathGate;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.UnaryOperator;

/**
 * Tries every header change of a job beforehand and without writing, so that none turns out to be impossible when the job can only be
 * finished any more: a long backing name has no place in a small cluster.
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

    private List<UnaryOperator<HeaderEdit>> changesOfTarget(Intent intent, OpenChain open) throws IOException {
        List<UnaryOperator<HeaderEdit>> changes = new ArrayList<>();
        boolean commits = job.kind() == JobKind.COMMIT;
        boolean bitmaps = commits && CommitBitmaps.read(chain, open, files).areThere();
        long behindTheFile = Math.ceilDiv(files.get(job.target()).sizeBytes(), CLUSTER_BYTES) * CLUSTER_BYTES;
        BitmapsExtension somewhere = new BitmapsExtension(1, behindTheFile, BitmapEntry.HEAD_BYTES);
        if (commits) {
            changes.add(edit -> bitmaps ? edit.halfMerged(true).bitmaps(somewhere) : edit.halfMerged(true));
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
