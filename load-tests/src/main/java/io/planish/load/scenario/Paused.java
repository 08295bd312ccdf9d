package io.planish.load.scenario;

import io.planish.job.JobRecord;
import io.planish.job.JobState;
import io.planish.run.RunRecord;
import io.planish.run.RunState;
import io.planish.standalone.LocalPool;
import io.planish.standalone.ServiceProcess;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Stream;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** A worker sleeps past its lease in the middle of a batch, then one dies there. */
@Command(
        name = "paused",
        mixinStandardHelpOptions = true,
        description = {
            "Stops a worker (SIGSTOP) in the middle of a job for several lease times and lets it go on (SIGCONT); then kills one (SIGKILL).",
            "Proves that meanwhile another attempt has the job and touches nothing, that the woken one writes nothing more and says so, that",
            "the other finishes; and that after a kill another takes over as soon as the lease is over."
        })
final class Paused extends Scenario {
    private static final Duration LIMIT = Duration.ofMinutes(5);
    private static final int TAKES_OVER_WITHIN = 60;
    private static final long BATCH_BYTES = 256 << 10;
    /** What was told before the worker was stopped is heard by then. */
    private static final int TELLING_MILLIS = 500;

    @Option(names = "--leases", description = "How many lease times the worker is stopped. Default: ${DEFAULT-VALUE}.")
    private int leases = 3;

    private Map<Path, String> seen = Map.of();

    @Override
    void play(Path folder, Verdict verdict) throws IOException, InterruptedException {
        workers = Math.max(2, workers);
        // A pace at which each of the jobs lasts some 20 s.
        List<LocalPool> folders = Scene.pools(
                folder, 1, Map.of("slots", "1", "bytes-per-second", Long.toString((long) mib * (1 << 20) / 40)));
        Fleet fleet = new Fleet(folders, mib);
        step("making two chains");
        fleet.add(2, seed);
        try (Scene scene =
                Scene.start(this, folder, folders, Map.of("planish.worker.batch", Long.toString(BATCH_BYTES)))) {
            pause(scene, fleet.disks().get(0), verdict);
            kill(scene, fleet.disks().get(1), verdict);
            step("judging");
            verdict.check("every disk is flat, sound, and shows what it did", Judge.after(fleet));
        }
    }

    private void pause(Scene scene, Fleet.Disk disk, Verdict verdict) throws IOException, InterruptedException {
        String run = scene.ask(disk, "paused");
        JobRecord before = scene.until(run, Paused::isUnderWay);
        ServiceProcess owner = scene.worker(((JobState.Running) before.state()).owner());
        step("stopping " + owner.name() + " in the middle of " + before.job().target());
        Faults.pause(owner.pid());
        long stopped = System.nanoTime();
        Thread.sleep(TELLING_MILLIS);
        long copied = scene.told().settled(before.key()).getFirst().bytesCopied();
        List<String> touched;
        JobRecord meanwhile;
        try {
            seen = files(disk.pool().folder());
            scene.until(run, job -> job.epoch() > before.epoch() && job.state() instanceof JobState.Running);
            verdict.figure("paused: seconds until another attempt had the job", seconds(stopped));
            long rest = (long) leases * leaseSeconds * 1000 - (System.nanoTime() - stopped) / 1_000_000;
            Thread.sleep(Math.max(0, rest));
            touched = changed(disk.pool().folder());
            meanwhile = scene.api().jobs(run).getFirst();
        } finally {
            Faults.resume(owner.pid());
        }
        long woken = System.nanoTime();
        verdict.check("while the paused one held the locks, nothing was touched", touched);
        verdict.check(
                "nor was the job over",
                scene.api().run(run).state() == RunState.READY
                        && meanwhile.outcome().isEmpty(),
                meanwhile.state().toString());
        RunRecord over = scene.api().over(run, LIMIT);
        verdict.figure("paused: seconds from waking to the end", seconds(woken));
        Results results = Results.of(scene, over);
        results.judge("paused: ", verdict);
        JobRecord done = results.jobs().getFirst();
        verdict.figure("paused: attempts", done.epoch());
        List<Told.Settled> settled = scene.told().settled(done.key());
        verdict.check(
                "the woken one settled at most what it was in the middle of",
                settled.getFirst().bytesCopied() <= copied + 2 * BATCH_BYTES
                        && settled.getLast().epoch() > before.epoch(),
                copied + " bytes when stopped, then " + settled);
        verdict.check(
                "and said that its lease was lost",
                Files.readString(owner.log()).contains("lease lost"),
                "");
    }

    private void kill(Scene scene, Fleet.Disk disk, Verdict verdict) throws IOException, InterruptedException {
        String run = scene.ask(disk, "killed");
        JobRecord before = scene.until(run, Paused::isUnderWay);
        ServiceProcess owner = scene.worker(((JobState.Running) before.state()).owner());
        step("killing " + owner.name() + " in the middle of " + before.job().target());
        scene.kill(owner);
        long killed = System.nanoTime();
        scene.until(
                run,
                job -> job.epoch() > before.epoch()
                        && (job.outcome().isPresent()
                                || job.state() instanceof JobState.Running r
                                        && r.progress().guestBytesDone() > 0));
        double took = seconds(killed);
        verdict.figure("killed: seconds until another went on", took);
        verdict.check(
                "after a kill another goes on when the lease is over",
                took <= leaseSeconds + TAKES_OVER_WITHIN,
                took + " s with a lease of " + leaseSeconds + " s");
        Results.of(scene, scene.api().over(run, LIMIT)).judge("killed: ", verdict);
    }

    private static boolean isUnderWay(JobRecord job) {
        return job.state() instanceof JobState.Running r && r.progress().bytesCopied() > 0;
    }

    private static double seconds(long sinceNanos) {
        return Math.round((System.nanoTime() - sinceNanos) / 1e8) / 10.0;
    }

    /** Sizes and times of change of all that guests may read. */
    private static Map<Path, String> files(Path folder) throws IOException {
        Map<Path, String> files = new TreeMap<>();
        try (Stream<Path> all = Files.list(folder)) {
            for (Path file : all.filter(Files::isRegularFile).toList()) {
                FileTime changed = (FileTime) Files.getAttribute(file, "unix:ctime");
                files.put(file, Files.size(file) + " bytes, changed " + changed);
            }
        }
        return files;
    }

    private List<String> changed(Path folder) throws IOException {
        Map<Path, String> now = files(folder);
        return Stream.concat(seen.keySet().stream(), now.keySet().stream())
                .distinct()
                .filter(file -> !String.valueOf(seen.get(file)).equals(now.get(file)))
                .map(file -> file + ": " + seen.get(file) + ", then " + now.get(file))
                .toList();
    }
}
