package io.planish.cli;

import io.planish.chain.Forest;
import io.planish.chain.ImageNode;
import io.planish.chain.ImageRef;
import io.planish.engine.CommitsInto;
import io.planish.engine.EngineOptions;
import io.planish.engine.FolderCheckpoints;
import io.planish.engine.JobRunner;
import io.planish.engine.JobRunner.BegunJob;
import io.planish.job.Job;
import io.planish.job.JobKind;
import io.planish.job.JobResult;
import io.planish.job.Outcome;
import io.planish.job.Outcomes;
import io.planish.job.SkipReason;
import io.planish.plan.Snapshot;
import io.planish.storage.Pool;
import io.planish.storage.PoolMarker;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;

/** Jobs that an earlier run began in these folders and that can only be finished; they come before anything else. */
final class BegunJobs {
    private final Workspace workspace;
    private final List<BegunJob> jobs;

    private BegunJobs(Workspace workspace, List<BegunJob> jobs) {
        this.workspace = workspace;
        this.jobs = jobs;
    }

    static BegunJobs in(Workspace workspace) throws IOException {
        List<BegunJob> jobs = new ArrayList<>();
        JobRunner runner = workspace.runner(EngineOptions.DEFAULT, Set.of());
        for (Pool pool : workspace.pools().all()) {
            jobs.addAll(runner.begun(pool));
        }
        return new BegunJobs(workspace, jobs);
    }

    /** Those that were to give this image another backing file. */
    BegunJobs linking(ImageRef image) {
        return new BegunJobs(
                workspace,
                jobs.stream()
                        .filter(begun -> begun.job().kind() != JobKind.COMMIT
                                && begun.job().target().equals(image))
                        .toList());
    }

    private String wayOut(Job job, JobResult result) {
        boolean ended = result.outcome() instanceof Outcome.Stale || result.outcome() instanceof Outcome.Failed;
        boolean isGone = ended
                && job.expects().stream()
                        .anyMatch(image -> !Files.exists(workspace.gate().here(image.image())));
        return job.kind() == JobKind.COMMIT && isGone
                ? " (bring it back under its name; or, where another tool has finished the commit: planish check -r mark "
                        + workspace.gate().here(job.target()) + ")"
                : "";
    }

    /** Says for which folders, other than these, commits were begun that images here take part in, as far as that can be seen. */
    static void nameOtherFolders(Workspace workspace, Snapshot snapshot, PrintWriter err) {
        Set<Path> roots = workspace.pools().all().stream().map(Pool::root).collect(Collectors.toSet());
        Set<String> commands = new TreeSet<>();
        for (ImageNode image : snapshot.forest().nodes()) {
            if (image.problem(SkipReason.HALF_MERGED).isPresent()) {
                Set<Path> folders = begunFor(workspace, snapshot.forest(), image.ref());
                if (!roots.containsAll(folders)) {
                    commands.add("planish flatten "
                            + folders.stream().map(Path::toString).collect(Collectors.joining(" ")));
                }
            }
        }
        commands.forEach(
                command -> err.println("planish: an earlier run of other folders than these was stopped: " + command));
    }

    /** The folders of the commits into an image; none where one of them, or what is around it, cannot be read. */
    private static Set<Path> begunFor(Workspace workspace, Forest forest, ImageRef image) {
        try {
            Path path = workspace.gate().here(image);
            Set<String> pools = new CommitsInto(workspace.storage(), path).pools();
            Map<String, Path> folders = markedFolders(workspace, forest.around(image));
            folders.keySet().retainAll(pools);
            return folders.keySet().equals(pools) ? new TreeSet<>(folders.values()) : Set.of();
        } catch (IOException e) {
            return Set.of();
        }
    }

    /** The folders that are or were pools, around the files of a tree, by their ids. */
    private static Map<String, Path> markedFolders(Workspace workspace, Forest tree) throws IOException {
        Set<Path> around = new HashSet<>();
        for (ImageNode image : tree.nodes()) {
            Path folder = workspace.gate().here(image.ref()).getParent();
            while (folder != null && around.add(folder)) {
                folder = folder.getParent();
            }
        }
        Map<String, Path> marked = new HashMap<>();
        for (Path folder : around) {
            PoolMarker.read(workspace.storage(), folder).ifPresent(id -> marked.put(id, folder));
        }
        return marked;
    }

    boolean isEmpty() {
        return jobs.isEmpty();
    }

    void print(PrintWriter out) {
        out.println("An earlier run was stopped in the middle of what can only be finished:");
        jobs.forEach(begun -> out.println("  " + PlanText.what(begun.job())));
    }

    /** Whether all of them are finished now. */
    boolean finish(PrintWriter out, PrintWriter err) throws IOException {
        boolean all = true;
        try (Stop stop = Stop.onSignals()) {
            for (BegunJob begun : jobs) {
                try (StateFolder state = StateFolder.take(StateFolder.ofAllRuns(), begun.run())) {
                    ProgressLine line = new ProgressLine(
                            err, ProgressLine.forPeople(), begun.job().id());
                    JobResult result = workspace
                            .runner(EngineOptions.DEFAULT, Set.of())
                            .run(
                                    begun.job(),
                                    new LocalAttempt(
                                            begun.run(),
                                            state.epoch(),
                                            new FolderCheckpoints(workspace.storage(), state.folder()),
                                            stop::requested,
                                            line,
                                            Long.MAX_VALUE));
                    line.end();
                    boolean done = result.outcome() instanceof Outcome.Done;
                    String how = begun.job().id() + " " + Outcomes.name(result.outcome()) + ": ";
                    if (done) {
                        out.println(how + PlanText.what(begun.job()));
                        out.flush();
                    } else {
                        err.println(
                                "planish: " + how + Outcomes.message(result.outcome()) + wayOut(begun.job(), result));
                    }
                    all &= done;
                    if (done && begun.run().equals(begun.job().id())) {
                        state.forget(); // of a verb that names one image
                    }
                }
            }
        }
        return all;
    }
}
