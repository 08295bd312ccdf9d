package io.planish.engine;

import io.planish.ImageException;
import io.planish.chain.ImageRef;
import io.planish.image.HeaderFile;
import io.planish.image.ImageChain;
import io.planish.image.Images;
import io.planish.image.MetadataCheck;
import io.planish.image.Qcow2Image;
import io.planish.image.Qcow2Writer;
import io.planish.image.RawWriter;
import io.planish.image.TargetWriter;
import io.planish.job.Checkpoint;
import io.planish.job.Expectation;
import io.planish.job.Job;
import io.planish.job.JobKind;
import io.planish.job.Verify;
import io.planish.merge.Group;
import io.planish.merge.MergeSteps;
import io.planish.merge.RebaseSteps;
import io.planish.merge.Step;
import io.planish.merge.Steps;
import io.planish.qcow2.Marks;
import io.planish.storage.ImageFile;
import io.planish.storage.PathGate;
import io.planish.storage.Pool;
import io.planish.storage.Pools;
import io.planish.storage.Storage;
import java.io.IOException;
import java.util.List;
import java.util.Optional;

/**
 * One attempt at a job up to the point where the target durably holds all content and what is left is written down:
 *
 * <ol>
 *   <li>open and lock every file, and hold it against what the plan saw;
 *   <li>look for overlays that the plan did not know;
 *   <li>check the target's tables and give back what an earlier attempt leaked;
 *   <li>a commit writes its intent and marks target and middle layers, and looks for overlays again: from here on it can only be finished;
 *   <li>merge in batches: data, tables, entries durable, verified, then the checkpoint;
 *   <li>check the target's tables once more, and that nothing has changed around it;
 *   <li>write down what is left to do.
 * </ol>
 */
final class MergeRun implements AutoCloseable {
    private static final long TABLE_BYTES = 16 << 20;
    private static final long BATCH_NANOS = 5_000_000_000L;

    private final Storage storage;
    private final Pools pools;
    private final Preconditions preconditions;
    private final IntentFiles intents;
    private final EngineOptions options;
    private final JobChain chain;
    private final Job job;
    private final Optional<Intent> begun;
    private final Attempt attempt;
    private final AttemptState state;
    private final PathGate gate;
    private final OpenFiles files;
    private final Helpers copying;
    private final Helpers verifying;
    private final Settlement settlement;
    private final CommitStart start;

    MergeRun(
            Storage storage,
            Pools pools,
            PathGate gate,
            Sweep sweep,
            IntentFiles intents,
            EngineOptions options,
            JobChain chain,
            Optional<Intent> begun,
            Attempt attempt,
            AttemptState state) {
        this.storage = storage;
        this.pools = pools;
        this.gate = gate;
        this.intents = intents;
        this.options = options;
        this.chain = chain;
        this.job = chain.job();
        this.begun = begun;
        this.attempt = attempt;
        this.state = state;
        this.files = new OpenFiles(storage);
        this.preconditions = new Preconditions(storage, pools, gate, sweep, chain, files);
        boolean alone = options.threads() == 1;
        this.copying = new Helpers(alone ? 0 : options.threads(), "planish-copy-");
        this.verifying = new Helpers(alone ? 0 : options.threads(), "planish-verify-");
        Pool pool = pools.get(job.target().pool());
        this.settlement = new Settlement(job, pool, intents, attempt, verifying, alone);
        this.start = new CommitStart(chain, pool, files, preconditions, intents, begun, attempt, state);
        state.begun = begun.isPresent();
    }

    OpenFiles files() {
        return files;
    }

    Intent merge() throws IOException {
        files.requireRoom(job.expects().size());
        for (Expectation expectation : job.expects()) {
            ImageRef image = expectation.image();
            if (files.has(image)) {
                continue;
            }
            files.open(image, gate.locate(image), chain.lockOf(image), options.lockWait(), attempt);
        }
        preconditions.requireUnchanged(begun.isPresent());
        if (begun.isEmpty()) {
            preconditions.requireNoUnknownOverlay(false);
        } else if (job.kind() == JobKind.COMMIT) {
            start.takeUp(begun.get());
        }
        OpenChain open = OpenChain.open(chain.images(), files, gate, pools);
        preconditions.requireMergeable(open, begun.isPresent());
        if (begun.isEmpty() && job.kind() == JobKind.COMMIT && !open.isQcow2(job.target())) {
            // no mark tells of it
            new CommitsInto(storage, gate.locate(job.target())).requireNone();
        }
        Rehearsal rehearsal = new Rehearsal(chain, files, gate);
        if (begun.isEmpty() && job.kind() == JobKind.COMMIT) {
            boolean zeroes =
                    !open.isQcow2(job.target()) || open.header(job.target()).version() >= 3;
            Steps steps = steps(
                    open.view(),
                    open.layer(chain.target()).granularityBytes(),
                    zeroes,
                    preconditions.finalSizeBytes(open));
            verifying.run(() -> rehearsal.run(steps, open, preconditions.finalSizeBytes(open)));
        }

        ImageFile target = files.get(job.target());
        if (open.isQcow2(job.target())) {
            // errors end the attempt before anything is written; leaks and stale refcounts of a crash are put right
            MetadataCheck.repair(target, job.target().toString());
        }
        verifying.await();
        attempt.mayContinue();
        Intent intent = begun.isPresent()
                ? begun.get().ofSize(preconditions.finalSizeBytes(open))
                : preconditions.intent(open, attempt.run(), options.grace());
        if (begun.isEmpty()) {
            rehearsal.run(intent, open);
            try (NameRehearsal names = new NameRehearsal(storage, pools, gate, job)) {
                names.run(files, options.grace().isZero());
            }
        }
        state.begun = true;
        boolean holdsWhatIsSettled = isTargetMarked(open);
        if (job.kind() == JobKind.COMMIT) {
            start.begin(intent, open, holdsWhatIsSettled);
        }
        mergeInBatches(target, intent, holdsWhatIsSettled);

        if (options.verify() != Verify.NONE && !intent.targetIsRaw()) {
            MetadataCheck.requireSound(target, job.target().toString());
        }
        attempt.mayContinue();
        if (begun.isEmpty()) {
            preconditions.requireNoUnknownOverlay(true);
        }
        Job finished = new LateOverlays(gate, pools, options.lockWait())
                .adopt(job, preconditions.lateOverlays(true), files, attempt);
        Intent finish = intent.finishing(finished, preconditions.factsOf(finished));
        settlement.await();
        intents.save(pool(), finish);
        return finish;
    }

    /** Whether a commit into it was begun: a copy from before, put back in its place, does not have the mark. */
    private boolean isTargetMarked(OpenChain open) {
        return open.isQcow2(job.target()) && Marks.isHalfMerged(open.header(job.target()));
    }

    /**
     * A commit goes on where the last attempt stopped, if the target shows that it is the one that was written: what it holds of its own
     * tells nothing. The target of a pull or rebase does, by its tables, so these look at all of it again, and find little to do.
     */
    private void mergeInBatches(ImageFile target, Intent intent, boolean holdsWhatIsSettled) throws IOException {
        String digest = preconditions.chainDigest();
        boolean commit = job.kind() == JobKind.COMMIT;
        Optional<Checkpoint> checkpoint = attempt.checkpoints()
                .load(job.id())
                .filter(saved -> saved.chainDigest().equals(digest) && (holdsWhatIsSettled || !commit));
        long settled = checkpoint.map(Checkpoint::durableBelow).orElse(0L);
        long offset = commit ? settled : 0;
        long copiedBefore = checkpoint.map(Checkpoint::bytesCopied).orElse(0L);
        state.bytesSkipped = settled;

        TargetWriter writer =
                intent.targetIsRaw() ? new RawWriter(target) : Qcow2Writer.open(target, HeaderFile.read(target));
        if (offset == 0) {
            writer.grow(intent.virtualSizeBytes());
        }
        OpenChain open = OpenChain.open(chain.images(), files, gate, pools);
        ImageChain view = open.view();
        int granularity = writer.granularityBytes();
        Steps steps = steps(view, granularity, writer.hasZeroClusters(), intent.virtualSizeBytes());
        MergeBatch batch = new MergeBatch(view, target, writer, new Copies(target, copying), commit);
        BatchVerifiers verifiers = new BatchVerifiers(
                target, verifying, options.threads(), () -> OpenChain.open(chain.images(), files, gate, pools));
        boolean verifiesFully = options.verify() == Verify.FULL;
        Pace pace = new Pace(attempt);
        long end = steps.endOffset();
        attempt.progress(settled, end, 0);
        while (offset < end) {
            attempt.mayContinue();
            if (attempt.stopRequested()) {
                settlement.settle(end);
                settlement.await();
                throw new StopRequested("stopped on request");
            }
            long from = batch.bytesWritten();
            long started = System.nanoTime();
            while (offset < end
                    && (batch.bytesWritten() == from || roomSince(from, batch) >= granularity)
                    && !attempt.stopRequested()
                    && !batch.hasManyPieces()
                    && !writer.wantsFlush(TABLE_BYTES)
                    && System.nanoTime() - started < BATCH_NANOS) {
                long before = batch.bytesWritten();
                Step step = steps.at(offset, Math.max(pace.stepBytes(roomSince(from, batch)), granularity));
                batch.apply(step);
                attempt.copied(batch.bytesWritten() - before);
                pace.spend(batch.bytesWritten() - before, attempt::stopRequested);
                offset = step.guestOffset() + step.lengthBytes();
            }
            List<MergeBatch.Written> written = batch.takeWritten();
            if (verifiesFully && !commit) {
                // a guest sees what a pull or rebase has flushed, and no later attempt would look at it again
                writer.prepare();
                BatchVerifier.verifyPlan(target, writer, written);
                verifiers.verifyData(written);
                verifying.await();
            }
            writer.flush();
            view.reload(chain.target());
            settlement.settle(end);
            if (verifiesFully && commit) {
                verifiers.verifyData(written);
            }
            verifying.run(() -> {
                if (verifiesFully && !intent.targetIsRaw()) {
                    String name = job.target().toString();
                    BatchVerifier.verifyTables(Qcow2Image.open(target, name, Images.CACHE_BYTES, end), written);
                }
                verifiers.leavePageCache(written);
            });
            state.bytesCopied = batch.bytesWritten();
            settlement.add(
                    new Checkpoint(
                            Checkpoint.VERSION,
                            job.id(),
                            attempt.epoch(),
                            Checkpoint.Phase.MERGE,
                            Math.max(offset, settled),
                            digest,
                            copiedBefore + batch.bytesWritten()),
                    state.bytesCopied);
        }
        settlement.settle(end);
        if (!commit) {
            writer.clearBehindEnd();
        }
    }

    private long roomSince(long from, MergeBatch batch) {
        return options.batchBytes() - (batch.bytesWritten() - from);
    }

    private Steps steps(ImageChain view, int granularity, boolean hasZeroClusters, long finalSizeBytes)
            throws IOException {
        return switch (job.kind()) {
            case PULL, COMMIT ->
                new MergeSteps(
                        view,
                        new Group(chain.lo(), chain.hi(), chain.target(), granularity, hasZeroClusters),
                        finalSizeBytes,
                        job.replaces().isPresent());
            case SCAN, READ, PURGE -> throw new IllegalArgumentException("job " + job.id() + " merges nothing");
            case REBASE -> {
                ImageChain fresh = OpenChain.openBacking(chain.newChain(), files, gate, pools)
                        .view();
                yield new RebaseSteps(
                        view,
                        chain.hi(),
                        fresh,
                        fresh.size() - 1,
                        granularity,
                        hasZeroClusters,
                        new ChainComparison(view, chain.hi() - 1, fresh));
            }
        };
    }

    private Pool pool() throws ImageException {
        return pools.get(job.target().pool());
    }

    @Override
    public void close() throws IOException {
        copying.close();
        verifying.close();
        settlement.close();
        try (files) {
            start.close();
        }
    }
}
