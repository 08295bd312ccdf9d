package io.planish.load.scenario;

import io.planish.job.JobRecord;
import io.planish.job.JobState;
import io.planish.standalone.LocalPool;
import io.planish.standalone.ServiceProcess;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** A worker alone loses the grid, the broker, or both. */
@Command(
        name = "cut-off",
        mixinStandardHelpOptions = true,
        description = {
            "Runs each worker in a network namespace of its own, and cuts the one that merges off from the grid, then from the broker, then from both,",
            "for some lease times. Needs root and ip.",
            "Proves that one without the grid lets go and another finishes its job; that one without the broker only finishes its job itself; and that each",
            "takes jobs again, without a hand, when it is joined again."
        })
final class CutOff extends Scenario {
    private static final Duration LIMIT = Duration.ofMinutes(10);

    @Option(names = "--leases", description = "For how many lease times. Default: ${DEFAULT-VALUE}.")
    private int leases = 3;

    @Option(names = "--from", split = ",", description = "From what: ${COMPLETION-CANDIDATES}. Default: all of them.")
    private List<From> from = List.of(From.values());

    private final Map<ServiceProcess, OwnNetwork> networks = new HashMap<>();

    /** What is not reached. */
    enum From {
        GRID,
        BROKER,
        BOTH
    }

    @Override
    void play(Path folder, Verdict verdict) throws IOException, InterruptedException {
        // In the second pool there is no pace.
        LocalPool slow = Scene.pools(
                        folder.resolve("slow"),
                        1,
                        Map.of(
                                "slots",
                                "1",
                                "bytes-per-second",
                                Long.toString((long) mib * (1 << 20) / 2 / jobSeconds())))
                .getFirst();
        LocalPool fast = new LocalPool(
                "pool2",
                Scene.pools(folder.resolve("fast"), 1, Map.of()).getFirst().folder(),
                Map.of("complete", "true"));
        Fleet cutOff = new Fleet(List.of(slow), mib);
        Fleet after = new Fleet(List.of(fast), mib);
        step("making " + 2 * from.size() + " chains");
        cutOff.add(from.size(), seed);
        after.add(from.size(), seed + 1);
        workers = 0;
        List<OwnNetwork> made = new ArrayList<>();
        try (Scene scene = Scene.start(this, folder, List.of(slow, fast), Map.of("planish.worker.batch", "512K"))) {
            for (int i = 0; i < 2; i++) {
                OwnNetwork network = new OwnNetwork(i);
                made.add(network);
                networks.put(scene.startWorker(network.place()), network);
            }
            for (ServiceProcess worker : scene.workers()) {
                worker.awaitReady();
            }
            for (int i = 0; i < from.size(); i++) {
                cutOff(scene, from.get(i), cutOff.disks().get(i), after.disks().get(i), verdict);
            }
            step("judging");
            verdict.check("every disk is flat, sound, and shows what it did", Judge.after(cutOff));
            verdict.check("those that were merged afterwards too", Judge.after(after));
        } finally {
            for (OwnNetwork network : made) {
                network.close();
            }
        }
    }

    private void cutOff(Scene scene, From what, Fleet.Disk disk, Fleet.Disk next, Verdict verdict)
            throws IOException, InterruptedException {
        String whose = "without " + what.name().toLowerCase(Locale.ROOT) + ": ";
        String run = scene.ask(disk, "cut-off-" + what);
        JobRecord before = scene.until(
                run,
                job -> job.state() instanceof JobState.Running r && r.progress().bytesCopied() > 0);
        ServiceProcess owner = scene.worker(((JobState.Running) before.state()).owner());
        OwnNetwork network = networks.get(owner);
        if (network == null) {
            throw new IllegalStateException(owner.name() + " has no network of its own");
        }
        step("cutting " + owner.name() + " off, in the middle of "
                + before.job().target() + ": " + what);
        network.cutOffFrom(servers(scene, what));
        long cutNanos = System.nanoTime();
        if (what == From.BROKER) {
            long epoch = scene.until(run, job -> job.outcome().isPresent()).epoch();
            double took = seconds(cutNanos);
            verdict.check(
                    whose + "its worker finished the job as if nothing was",
                    epoch == before.epoch() && took < 2 * jobSeconds(),
                    took + " s");
        } else {
            scene.until(
                    run,
                    job -> job.epoch() > before.epoch()
                                    && job.state() instanceof JobState.Running r
                                    && r.progress().guestBytesDone() > 0
                            || job.outcome().isPresent());
            verdict.figure(whose + "seconds until another went on", seconds(cutNanos));
        }
        Thread.sleep(Math.max(0, leases * leaseSeconds * 1000L - (System.nanoTime() - cutNanos) / 1_000_000));
        network.join();
        Results results = Results.of(scene, scene.api().over(run, LIMIT));
        results.judge(whose, verdict);
        if (what != From.BROKER) {
            verdict.check(
                    whose + "another finished what it had begun",
                    scene.told().settled(before.key()).stream()
                                    .map(Told.Settled::worker)
                                    .distinct()
                                    .count()
                            == 2,
                    "");
        }
        onlyBy(scene, owner, next, whose, verdict);
    }

    /** The other is paused meanwhile. */
    private void onlyBy(Scene scene, ServiceProcess owner, Fleet.Disk disk, String whose, Verdict verdict)
            throws IOException, InterruptedException {
        step("joined again, " + owner.name() + " is alone with " + disk.ref());
        long begunNanos = System.nanoTime();
        List<ServiceProcess> others =
                scene.workers().stream().filter(worker -> worker != owner).toList();
        for (ServiceProcess other : others) {
            Faults.pause(other.pid());
        }
        try {
            String run = scene.ask(disk, "after-" + disk.image().getFileName());
            Results.of(scene, scene.api().over(run, LIMIT)).judge(whose + "joined again: ", verdict);
        } finally {
            for (ServiceProcess other : others) {
                Faults.resume(other.pid());
            }
        }
        verdict.figure(whose + "seconds until it had done a job, joined again", seconds(begunNanos));
    }

    /** Long enough for a worker to lose its lease in the middle. */
    private int jobSeconds() {
        return 3 * leaseSeconds + 2;
    }

    private static double seconds(long sinceNanos) {
        return Math.round((System.nanoTime() - sinceNanos) / 1e8) / 10.0;
    }

    private static List<String> servers(Scene scene, From what) {
        String grid = scene.machine().stack().grid().address();
        String broker = scene.machine().stack().broker().address();
        return switch (what) {
            case GRID -> List.of(grid);
            case BROKER -> List.of(broker);
            case BOTH -> List.of(grid, broker);
        };
    }
}
