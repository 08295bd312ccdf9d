package io.planish.cli;

import io.planish.ErrorKind;
import io.planish.ImageException;
import io.planish.chain.Forest;
import io.planish.chain.ImageFormat;
import io.planish.chain.ImageNode;
import io.planish.chain.ImageRef;
import io.planish.chain.Problem;
import io.planish.chain.Use;
import io.planish.engine.EngineOptions;
import io.planish.engine.FolderCheckpoints;
import io.planish.job.Job;
import io.planish.job.JobResult;
import io.planish.job.Outcome;
import io.planish.job.Outcomes;
import io.planish.job.SkipReason;
import io.planish.job.Verify;
import io.planish.plan.Finding;
import io.planish.plan.Policy;
import io.planish.plan.SafetyRule;
import io.planish.plan.Snapshot;
import io.planish.storage.LinuxStorage;
import io.planish.storage.PathGate;
import io.planish.storage.Pool;
import io.planish.storage.Storage;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/** One image with its chain, for a verb that changes it: the folders of the chain's files are the pools. */
final class OneShot {
    private static final int RAW_GRANULARITY = 512;

    private final List<LocalChain.Link> links;
    private final Workspace workspace;
    private final Snapshot snapshot;
    private final UserNames names;

    private OneShot(List<LocalChain.Link> links, Workspace workspace, Snapshot snapshot, UserNames names) {
        this.links = links;
        this.workspace = workspace;
        this.snapshot = snapshot;
        this.names = names;
    }

    static OneShot open(String file) throws IOException {
        return open(file, List.of(), List.of());
    }

    /**
     * @param also files that are to be looked at too, such as those of a new backing file's chain
     * @param whole further folders in which overlays may be, with all that is inside them
     */
    static OneShot open(String file, List<LocalChain.Link> also, List<Path> whole) throws IOException {
        Storage storage = new LinuxStorage();
        List<LocalChain.Link> links = LocalChain.of(storage, file);
        Set<Path> folders = new LinkedHashSet<>();
        for (List<LocalChain.Link> files : List.of(links, also)) {
            for (LocalChain.Link link : files) {
                folders.add(link.folder());
                folders.add(link.namedIn());
            }
        }
        Workspace workspace = Workspace.toWriteIn(folders, whole);
        List<LocalChain.Link> opened = new ArrayList<>(links);
        opened.addAll(also);
        OneShot one = new OneShot(
                links,
                workspace,
                withRaw(workspace.scanWithoutUse(), also, workspace),
                new UserNames(workspace, opened));
        one.requireSameChain();
        return one;
    }

    /** A scan takes a file for a raw image only where an overlay records it as its backing file; the user may say so too. */
    private static Snapshot withRaw(Snapshot scanned, List<LocalChain.Link> also, Workspace workspace)
            throws IOException {
        List<ImageNode> nodes = new ArrayList<>(scanned.forest().nodes());
        for (LocalChain.Link link : also) {
            ImageRef ref = workspace.ref(link.path());
            if (link.header().isEmpty() && scanned.forest().node(ref).isEmpty()) {
                nodes.add(new ImageNode(
                        ref,
                        List.of(),
                        link.status().facts(workspace.pools().get(ref.pool()).id()),
                        ImageFormat.RAW,
                        link.status().sizeBytes(),
                        RAW_GRANULARITY,
                        link.status().allocatedBytes(),
                        -1,
                        Use.FREE,
                        Optional.empty(),
                        Set.of(),
                        List.of()));
            }
        }
        return new Snapshot(
                scanned.id(),
                scanned.takenAt(),
                scanned.pools(),
                Forest.of(nodes),
                scanned.ownership(),
                scanned.referenced(),
                scanned.findings());
    }

    /** What a scan makes of the chain must be what this machine makes of it. */
    private void requireSameChain() throws IOException {
        Forest forest = snapshot.forest();
        Optional<Problem> closed = forest.closed(top()).filter(problem -> problem.reason() != SkipReason.HALF_MERGED);
        if (closed.isPresent()) {
            throw new ImageException(ErrorKind.UNSAFE, names.in(closed.get().sentence(), forest), "");
        }
        List<ImageRef> here = new ArrayList<>();
        for (LocalChain.Link link : links.reversed()) {
            here.add(workspace.ref(link.path()));
        }
        if (!here.equals(chain().stream().map(ImageNode::ref).toList())) {
            Optional<Problem> begun = forest.closed(top());
            if (begun.isPresent()) {
                throw new ImageException(
                        ErrorKind.HALF_MERGED, names.in(begun.get().sentence(), forest), "");
            }
            Optional<Finding> unread = snapshot.findings().stream()
                    .filter(finding -> finding.problem().reason() == SkipReason.UNREADABLE)
                    .findFirst();
            if (unread.isPresent()) {
                throw new ImageException(
                        ErrorKind.UNSAFE,
                        names.in(unread.get().problem().sentence(), forest()),
                        "run as a user who may");
            }
            throw new ImageException(
                    ErrorKind.UNSAFE,
                    links.getFirst().name(),
                    "its chain depends on the name by which it is opened",
                    "use the name without symbolic links");
        }
    }

    Workspace workspace() {
        return workspace;
    }

    Forest forest() {
        return snapshot.forest();
    }

    /** An image by the name that the user knows it by. */
    String nameOf(ImageRef image) {
        return names.of(image);
    }

    /** What is said of a symbolic link in these folders that leads to one where nobody has looked. */
    Optional<String> linkOutOf(List<Path> folders) throws IOException {
        for (Finding finding : snapshot.findings()) {
            if (finding.problem().reason() == SkipReason.OUTSIDE_ROOTS) {
                Path link = workspace.gate().here(ImageRef.parse(finding.where()));
                for (Path folder : folders) {
                    if (link.startsWith(folder.toRealPath())) {
                        return Optional.of(names.in(finding.problem().sentence(), forest()));
                    }
                }
            }
        }
        return Optional.empty();
    }

    /** The file as the user named it. */
    LocalChain.Link file() {
        return links.getFirst();
    }

    ImageRef top() throws IOException {
        return workspace.ref(file().path());
    }

    /** Base first. */
    List<ImageNode> chain() throws IOException {
        return forest().chain(top());
    }

    /**
     * The image of the chain, below its top, that is meant by a name as {@code qemu-img} reads it: seen from the folder of the overlay
     * that uses it, never from the working folder.
     */
    private Optional<ImageRef> inChain(String name) throws IOException {
        for (int i = 1; i < links.size() && !PathGate.namesProtocol(name); i++) {
            String seen = LocalChain.combined(links.get(i - 1).name(), name);
            if (LocalChain.sameFile(seen, links.get(i).path())) {
                return Optional.of(workspace.ref(links.get(i).path()));
            }
        }
        return Optional.empty();
    }

    ImageRef requireInChain(String name) throws IOException {
        return inChain(name)
                .orElseThrow(() -> new ImageException(
                        ErrorKind.MISSING,
                        file().name(),
                        "did not find '" + name + "' in its backing chain",
                        "a relative name counts from the overlay's folder"));
    }

    /** Refuses what would change what somebody sees. */
    void requireSafe(Job job) throws ImageException {
        Optional<Problem> problem = SafetyRule.of(snapshot, Policy.DEFAULT).check(job, forest());
        if (problem.isPresent()) {
            throw new ImageException(ErrorKind.UNSAFE, names.in(problem.get().sentence(), forest()), "");
        }
    }

    /**
     * Does the job, or goes on with it where an earlier run was stopped. On return it is done and durable.
     *
     * @param ignored overlays that the job may know nothing of
     */
    JobResult run(Job job, Set<ImageRef> ignored, Verify verify, ProgressLine line) throws IOException {
        return run(job, ignored, verify, line, Long.MAX_VALUE);
    }

    /** @param bytesPerSecond what the job may write */
    JobResult run(Job job, Set<ImageRef> ignored, Verify verify, ProgressLine line, long bytesPerSecond)
            throws IOException {
        requireMarked(job);
        EngineOptions options = EngineOptions.DEFAULT.verifying(verify);
        try (StateFolder state = StateFolder.take(StateFolder.ofAllRuns(), job.id());
                Stop stop = Stop.onSignals()) {
            FolderCheckpoints checkpoints = new FolderCheckpoints(workspace.storage(), state.folder());
            LocalAttempt attempt =
                    new LocalAttempt(job.id(), state.epoch(), checkpoints, stop::requested, line, bytesPerSecond);
            JobResult result;
            try {
                result = workspace.runner(options, ignored).run(job, attempt);
            } finally {
                line.end();
            }
            requireDone(result.outcome());
            state.forget();
            return result;
        }
    }

    /** Without a marker an intent would be nobody's, should the next run be able to make one. */
    private void requireMarked(Job job) throws IOException {
        for (ImageRef written : List.of(job.target(), job.top())) {
            Pool pool = workspace.pools().get(written.pool());
            if (!pool.isMarked() && !workspace.storage().isReadOnly(pool.root())) {
                throw new ImageException(
                        ErrorKind.IO,
                        pool.root().toString(),
                        "no pool marker could be made in it",
                        "see that files can be written there, then try again");
            }
        }
    }

    private void requireDone(Outcome outcome) throws ImageException {
        String message = names.in(Outcomes.message(outcome), forest());
        switch (outcome) {
            case Outcome.Done done -> {}
            case Outcome.Skipped skipped -> throw new ImageException(ErrorKind.UNSAFE, message, "");
            case Outcome.Stale stale -> throw new ImageException(ErrorKind.CHANGED_UNDERNEATH, message, "");
            case Outcome.Failed failed -> throw new ImageException(failed.kind(), message, "");
            case Outcome.Unknown unknown -> throw new ImageException(ErrorKind.UNSAFE, message, "");
            case Outcome.Cancelled cancelled ->
                throw new ImageException(ErrorKind.LEASE_LOST, file().name(), "stopped", "run it again to go on");
        }
    }
}
