package io.planish.load.scenario;

import io.planish.fleet.Qemu;
import io.planish.job.Footprint;
import io.planish.job.JobRecord;
import io.planish.job.JobState;
import io.planish.job.Outcome;
import io.planish.job.Outcomes;
import io.planish.run.PlanRecord;
import io.planish.run.RunRecord;
import io.planish.standalone.LocalPool;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import picocli.CommandLine.Command;

/** Pools that fill up or break, and VMs that start, in the middle of a run. */
@Command(
        name = "pool-trouble",
        mixinStandardHelpOptions = true,
        description = {
            "While a run is under way one pool fills up, another's filesystem fails and turns read-only, and a VM (qemu-io holding the image",
            "for writing) is started between plan and job.",
            "Proves that each job that meets this ends with the outcome that says so and leaves every disk as it was, that all others go on,",
            "and that a retry finishes the rest when the cause is gone. Needs root, for filesystems of its own."
        })
final class PoolTrouble extends Scenario {
    private static final Duration LIMIT = Duration.ofMinutes(10);
    private static final int DISK_MIB = 256;

    @Override
    void play(Path folder, Verdict verdict) throws IOException, InterruptedException {
        Path mounts = folder.resolve("pools");
        try (SmallDisk full = new SmallDisk(folder.resolve("full.ext4"), DISK_MIB, mounts.resolve("full"));
                SmallDisk broken = new SmallDisk(folder.resolve("broken.ext4"), DISK_MIB, mounts.resolve("broken"))) {
            play(folder, full, broken, verdict);
        }
    }

    private void play(Path folder, SmallDisk full, SmallDisk broken, Verdict verdict)
            throws IOException, InterruptedException {
        // A pace at which the trouble comes in the middle of the jobs.
        Map<String, String> slow = Map.of("slots", "1", "bytes-per-second", Long.toString((long) mib * (1 << 20) / 8));
        LocalPool filling = new LocalPool("full", folder.resolve("pools/full"), with(slow));
        LocalPool breaking = new LocalPool("broken", folder.resolve("pools/broken"), with(slow));
        List<LocalPool> healthy = Scene.pools(folder, 1, Map.of("slots", Integer.toString(workers * slots)));
        Fleet fills = new Fleet(List.of(filling), mib);
        Fleet breaks = new Fleet(List.of(breaking), mib);
        Fleet others = new Fleet(healthy, mib);
        step("making " + chains + " chains and some on the disks that are in for trouble");
        fills.add(2, seed);
        breaks.add(2, seed + 1);
        others.add(Math.max(2, chains), seed + 2);
        List<LocalPool> folders = new ArrayList<>(List.of(filling, breaking));
        folders.addAll(healthy);
        try (Scene scene = Scene.start(this, folder, folders, Map.of("planish.worker.batch", "256K"))) {
            PlanRecord plan =
                    scene.api().plan(folders.stream().map(LocalPool::name).toList(), "flat");
            Fleet.Disk running = others.disks().getFirst();
            RunRecord over;
            try (Qemu.Guest guest = new Qemu.Guest(running.image())) {
                step("a VM has started on " + running.ref() + "; flattening by "
                        + plan.plan().jobs().size() + " jobs");
                String run = scene.api().start(plan.id()).id();
                until(scene, run, "full");
                full.fill();
                step("the pool 'full' is full");
                until(scene, run, "broken");
                broken.fail();
                step("the filesystem of the pool 'broken' has failed");
                over = scene.api().over(run, LIMIT);
            }
            Results troubled = Results.of(scene, over);
            judge(troubled, running, verdict);
            verdict.check("the troubled disks show what they did", Judge.meanwhile(fills.disks()));
            full.empty();
            broken.repair();
            verdict.check("and those of the broken filesystem, once it is repaired", Judge.meanwhile(breaks.disks()));
            step("the causes are gone; retrying what was not done");
            for (JobRecord job : troubled.jobs()) {
                if (!isDone(job)) {
                    scene.api().retry(job);
                }
            }
            Results again = Results.of(scene, scene.api().over(over.id(), LIMIT));
            verdict.check(
                    "a retry does what was left",
                    again.jobs().stream()
                            .filter(job -> !isDone(job))
                            .map(Results::words)
                            .toList());
            step("judging");
            for (Fleet fleet : List.of(fills, breaks, others)) {
                verdict.check(
                        "every disk is flat, sound, and shows what it did: pool "
                                + fleet.pools().getFirst().name(),
                        Judge.after(fleet));
            }
            verdict.figure("jobs by outcome, with trouble", troubled.counts());
            verdict.figure("jobs by outcome, after the retry", again.counts());
            scene.usage().report(verdict);
        }
    }

    private static Map<String, String> with(Map<String, String> settings) {
        Map<String, String> all = new HashMap<>(settings);
        all.put("complete", "true");
        return all;
    }

    private static void judge(Results results, Fleet.Disk running, Verdict verdict) {
        List<String> wrong = new ArrayList<>();
        int full = 0;
        int broken = 0;
        int inUse = 0;
        for (JobRecord job : results.jobs()) {
            String outcome = job.outcome().map(Outcomes::name).orElse("") + " "
                    + job.outcome().flatMap(Outcomes::code).orElse("");
            boolean held = touches(job, running);
            switch (job.job().target().pool().toString()) {
                case "full" -> full += outcome.equals("FAILED NO_SPACE") ? 1 : 0;
                case "broken" -> broken += outcome.equals("FAILED IO") ? 1 : 0;
                default -> {
                    if (held) {
                        inUse += outcome.equals("SKIPPED IN_USE") ? 1 : 0;
                    } else if (!isDone(job)) {
                        wrong.add(Results.words(job));
                    }
                }
            }
        }
        verdict.check("jobs of the full pool failed for want of space", full > 0, "");
        verdict.check("jobs of the broken pool failed", broken > 0, "");
        verdict.check("the job of the running VM's disk was skipped", inUse > 0, "");
        verdict.check("all other jobs went on", wrong);
        results.judgeOnce("", verdict);
    }

    private static boolean touches(JobRecord job, Fleet.Disk disk) {
        return Footprint.of(job.job()).all().stream()
                .anyMatch(image -> image.toString().equals(disk.ref()));
    }

    private static boolean isDone(JobRecord job) {
        return job.outcome().map(o -> o instanceof Outcome.Done).orElse(false);
    }

    /** Returns when a job of the pool is well under way. */
    private static void until(Scene scene, String run, String pool) throws IOException, InterruptedException {
        long end = System.nanoTime() + LIMIT.toNanos();
        while (System.nanoTime() - end < 0) {
            for (JobRecord job : scene.api().jobs(run)) {
                if (job.job().target().pool().toString().equals(pool)
                        && job.state() instanceof JobState.Running r
                        && r.progress().bytesCopied() > 0) {
                    return;
                }
            }
            Thread.sleep(100);
        }
        throw new IOException("no job of pool " + pool + " ran");
    }
}
