package io.planish.engine;

import io.planish.ErrorKind;
import io.planish.ImageException;
import io.planish.chain.FileFacts;
import io.planish.chain.ImageRef;
import io.planish.image.MetadataCheck;
import io.planish.job.Expectations;
import io.planish.job.Job;
import io.planish.job.JobKind;
import io.planish.job.JobResult;
import io.planish.job.Outcome;
import io.planish.job.SkipReason;
import io.planish.storage.ImageFile.LockMode;
import io.planish.storage.PathGate;
import io.planish.storage.Pool;
import io.planish.storage.Pools;
import io.planish.storage.Storage;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * Carries jobs out, so that a crash at any moment costs time and never data: locks, re-check, merge with checkpoints, verification,
 * intent, links, leftovers.
 *
 * <p>A job that was begun before, by whichever process, is taken up where its checkpoint, its marks and its intent file say; a
 * job that is already finished in the pool is only reported. Thread-safe: each call opens its own files.
 */
public final class JobRunner {
    /** The note of a result to which this attempt has added nothing. */
    public static final String EARLIER = "finished by an earlier attempt";

    private final Storage storage;
    private final Pools pools;
    private final PathGate gate;
    private final Sweep sweep;
    private final EngineOptions options;
    private final IntentFiles intents;

    public JobRunner(Storage storage, Pools pools, PathGate gate, Sweep sweep, EngineOptions options) {
        this.storage = storage;
        this.pools = pools;
        this.gate = gate;
        this.sweep = sweep;
        this.options = options;
        this.intents = new IntentFiles(storage, pools);
    }

    /**
     * Makes one attempt at a job. Never throws for what happens to files: everything becomes an outcome. When the outcome is
     * {@code DONE} all changes are durable.
     */
    public JobResult run(Job job, Attempt attempt) {
        JobResult result = attempt(job, attempt);
        boolean canBeLetGo = job.kind().merges() && job.kind() != JobKind.COMMIT;
        if (canBeLetGo && result.outcome() instanceof Outcome.Stale) {
            // at any moment its image shows what it should, and the layers stay
            try {
                intents.remove(pools.get(job.target().pool()), attempt.run(), job);
            } catch (IOException e) {
                return result(new Outcome.Failed(ErrorKind.IO, String.valueOf(e.getMessage())), new AttemptState());
            }
        }
        return result;
    }

    private JobResult attempt(Job job, Attempt attempt) {
        AttemptState state = new AttemptState();
        if (!job.kind().merges()) {
            return result(
                    new Outcome.Failed(ErrorKind.UNSUPPORTED_FEATURE, "job " + job.id() + " merges nothing"), state);
        }
        try {
            Pool pool = pools.get(job.target().pool());
            Optional<Intent> begun = intents.load(pool, attempt.run(), job);
            if (begun.isPresent()) {
                new Finisher(storage, pools, gate, intents, sweep).settleNames(begun.get());
            }
            if (begun.isEmpty()) {
                return merge(JobChain.of(job), begun, attempt, state);
            }
            return switch (begun.get().phase()) {
                case MERGE -> merge(JobChain.of(job), begun, attempt, state);
                case FINISH -> finish(begun.get(), attempt, state);
                case ENDED -> end(job, begun.get(), attempt, state);
            };
        } catch (StopRequested stop) {
            return new JobResult(
                    new Outcome.Cancelled(),
                    Map.of(),
                    List.of(),
                    state.bytesCopied,
                    state.bytesSkipped,
                    List.of(String.valueOf(stop.getMessage())));
        } catch (ImageException e) {
            return result(outcomeOf(e, state), state);
        } catch (IOException e) {
            return result(new Outcome.Failed(ErrorKind.IO, String.valueOf(e.getMessage())), state);
        } catch (RuntimeException e) {
            String message =
                    job.target() + ": internal error: " + e + " (nothing is lost; report it, and run the job again)";
            return result(new Outcome.Failed(ErrorKind.IO, message), state);
        }
    }

    /** A job that was begun, and the run it belongs to. */
    public record BegunJob(String run, Job job) {}

    /**
     * The jobs that were begun in a pool, by whomever, and are not finished. Each can be finished by {@link #run}, from its intent
     * file alone; where nobody else knows of it any more, that must come before anything else is done to its images.
     */
    public List<BegunJob> begun(Pool pool) throws IOException {
        return intents.pending(pool).stream()
                .map(intent -> new BegunJob(intent.run(), intent.job()))
                .toList();
    }

    /** Whether an earlier attempt has written what only this job can bring to an end. */
    public boolean isBegun(String run, Job job) throws IOException {
        return intents.load(pools.get(job.target().pool()), run, job).isPresent();
    }

    /**
     * Whether an earlier attempt has finished the job and only its answer got lost. Reads headers, without locks.
     *
     * @param job with its expectations filled in as far as they are known
     */
    public boolean isFinished(Job job) throws IOException {
        return new FinishedJob(storage, pools, gate, job).facts().isPresent();
    }

    private JobResult merge(JobChain chain, Optional<Intent> begun, Attempt attempt, AttemptState state)
            throws IOException {
        Job job = chain.job();
        if (begun.isEmpty()) {
            Optional<Map<ImageRef, FileFacts>> finished = new FinishedJob(storage, pools, gate, job).facts();
            if (finished.isPresent()) {
                attempt.checkpoints().drop(job.id());
                return new JobResult(new Outcome.Done(), finished.get(), job.retires(), 0, 0, List.of(EARLIER));
            }
        }
        try (MergeRun run = new MergeRun(storage, pools, gate, sweep, intents, options, chain, begun, attempt, state)) {
            Intent intent = run.merge();
            return finish(intent, run.files(), attempt, state);
        }
    }

    /**
     * Opens what is left of the job's files under whatever names they have by now, and finishes; where a guest has gone on writing
     * since the target took over its content, that is merged first.
     */
    private JobResult finish(Intent intent, Attempt attempt, AttemptState state) throws IOException {
        state.begun = true;
        JobChain chain;
        try (OpenFiles files = new OpenFiles(storage)) {
            Job job = intent.job();
            Finisher finisher = new Finisher(storage, pools, gate, intents, sweep);
            for (ImageRef image : filesToFinish(job)) {
                Optional<Path> path = whereIs(intent, image, finisher);
                if (path.isPresent()) {
                    files.open(image, path.get(), LockMode.WRITE, options.lockWait(), attempt);
                } else if (image.equals(job.target()) && job.kind() != JobKind.COMMIT) {
                    return result(
                            new Outcome.Stale(image + ": it is gone, or another file stands in its place; the "
                                    + "job is let go, its layers stay (plan again)"),
                            state);
                } else if (image.equals(job.target())
                        || job.relinks().stream()
                                .anyMatch(relink -> relink.overlay().equals(image))) {
                    return result(
                            new Outcome.Unknown(image + ": not found under any name it can have while job " + job.id()
                                    + " of run " + intent.run() + " is being finished"),
                            state);
                }
            }
            SinceIntent since = new SinceIntent(storage, gate, intent, files);
            boolean moved = finisher.hasMoved(job, files);
            if (job.kind() == JobKind.COMMIT && !moved) {
                Pool pool = pools.get(job.target().pool());
                SinceIntent.requireUntouched(intent, files.get(job.target()), intents.savedNanos(pool, intent));
                intents.touch(pool, intent.run(), job);
            }
            if (since.isNothingLost(moved)) {
                Set<ImageRef> late = job.kind() == JobKind.COMMIT && !moved
                        ? new Preconditions(storage, pools, gate, sweep, JobChain.of(job), files).lateOverlays(true)
                        : Set.of();
                Job finished = new LateOverlays(gate, pools, options.lockWait()).adopt(job, late, files, attempt);
                if (!intent.targetIsRaw()) {
                    MetadataCheck.repair(files.get(job.target()), job.target().toString());
                }
                return finish(intent.finishing(finished, intent.files()), files, attempt, state);
            }
            chain = since.chain();
        }
        return merge(chain, Optional.of(intent), attempt, state);
    }

    /**
     * Takes away what is left of a job that had ended. If it was planned anew since, that is a new wish: what the images hold by now is
     * to be committed.
     */
    private JobResult end(Job wanted, Intent intent, Attempt attempt, AttemptState state) throws IOException {
        Map<FileFacts, FileFacts> unmarked = new HashMap<>();
        try (OpenFiles files = new OpenFiles(storage)) {
            Finisher finisher = new Finisher(storage, pools, gate, intents, sweep);
            Map<ImageRef, FileFacts> before = new HashMap<>();
            for (ImageRef image : filesToFinish(intent.job())) {
                Optional<Path> path = whereIs(intent, image, finisher);
                if (path.isPresent()) {
                    files.open(image, path.get(), LockMode.WRITE, options.lockWait(), attempt);
                    before.put(image, factsOf(files, image, image));
                }
            }
            finisher.end(intent, files);
            for (Map.Entry<ImageRef, FileFacts> file : before.entrySet()) {
                unmarked.put(file.getValue(), factsOf(files, file.getKey(), file.getKey()));
            }
        }
        return wanted.expects().equals(intent.job().expects())
                ? new JobResult(new Outcome.Done(), Map.of(), List.of(), 0, 0, List.of(EARLIER))
                : merge(JobChain.of(Expectations.replaced(wanted, unmarked)), Optional.empty(), attempt, state);
    }

    private JobResult finish(Intent intent, OpenFiles files, Attempt attempt, AttemptState state) throws IOException {
        state.begun = true;
        Finisher finisher = new Finisher(storage, pools, gate, intents, sweep);
        attempt.checkpoints().drop(intent.job().id());
        attempt.finishing();
        finisher.finish(intent, files, attempt);
        Job job = intent.job();
        Map<ImageRef, FileFacts> facts = new HashMap<>();
        ImageRef name = job.replaces().orElse(job.target());
        facts.put(name, factsOf(files, job.target(), name));
        for (var relink : job.relinks()) {
            facts.put(relink.overlay(), factsOf(files, relink.overlay(), relink.overlay()));
        }
        return new JobResult(
                new Outcome.Done(), facts, finisher.retired(), state.bytesCopied, state.bytesSkipped, finisher.notes());
    }

    private FileFacts factsOf(OpenFiles files, ImageRef opened, ImageRef name) throws IOException {
        return files.get(opened).status().facts(pools.get(name.pool()).id());
    }

    private static Set<ImageRef> filesToFinish(Job job) {
        Set<ImageRef> images = new LinkedHashSet<>();
        images.add(job.target());
        job.relinks().forEach(relink -> images.add(relink.overlay()));
        images.addAll(JobChain.of(job).committed());
        images.addAll(job.retires());
        return images;
    }

    /** The path under which a file of the job is now: its own, the leaf's it replaced, or its place in the trash. */
    private Optional<Path> whereIs(Intent intent, ImageRef image, Finisher finisher) throws IOException {
        List<Path> places = new ArrayList<>();
        places.add(pathOf(image));
        if (image.equals(intent.job().target()) && intent.job().replaces().isPresent()) {
            places.add(gate.locate(intent.job().replaces().get()));
        }
        places.add(finisher.trashPath(intent, image));
        FileFacts facts = intent.files().get(image);
        for (Path place : places) {
            if (facts != null
                    && storage.exists(place)
                    && storage.status(place).facts(facts.poolId()).sameFile(facts)) {
                return Optional.of(place);
            }
        }
        return Optional.empty();
    }

    private Path pathOf(ImageRef image) throws IOException {
        Path path = pools.get(image.pool()).root().resolve(image.path());
        return storage.exists(path) ? gate.locate(image) : path;
    }

    private static Outcome outcomeOf(ImageException e, AttemptState state) {
        if (state.begun) {
            return e.kind() == ErrorKind.CHANGED_UNDERNEATH
                    ? new Outcome.Stale(e.getMessage())
                    : new Outcome.Failed(e.kind(), e.getMessage());
        }
        return switch (e.kind()) {
            case CHANGED_UNDERNEATH, MISSING -> new Outcome.Stale(e.getMessage());
            case IMAGE_IN_USE -> new Outcome.Skipped(SkipReason.IN_USE, e.getMessage());
            case UNSUPPORTED_FEATURE -> new Outcome.Skipped(SkipReason.UNSUPPORTED_FEATURE, e.getMessage());
            case HALF_MERGED -> new Outcome.Skipped(SkipReason.HALF_MERGED, e.getMessage());
            case OUTSIDE_ROOTS -> new Outcome.Skipped(SkipReason.OUTSIDE_ROOTS, e.getMessage());
            case MALFORMED_IMAGE -> new Outcome.Skipped(SkipReason.CORRUPT, e.getMessage());
            case UNSAFE, NO_SPACE, IO, LEASE_LOST -> new Outcome.Failed(e.kind(), e.getMessage());
        };
    }

    private static JobResult result(Outcome outcome, AttemptState state) {
        return new JobResult(outcome, Map.of(), List.of(), state.bytesCopied, state.bytesSkipped, List.of());
    }
}
