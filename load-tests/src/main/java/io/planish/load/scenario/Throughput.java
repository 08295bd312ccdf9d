package io.planish.load.scenario;

import io.planish.run.PlanRecord;
import io.planish.run.RunRecord;
import io.planish.standalone.LocalPool;
import io.planish.standalone.ServiceProcess;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeSet;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** How fast a fleet becomes flat, and how much faster with more workers. */
@Command(
        name = "throughput",
        mixinStandardHelpOptions = true,
        description = {
            "Flattens the same fleet by one worker and by --workers of them.",
            "Proves that every chain becomes flat and shows what it showed; tells jobs per second, how much of the slots' time goes into",
            "merging, and what more workers bring."
        })
final class Throughput extends Scenario {
    private static final Duration LIMIT = Duration.ofHours(1);

    @Option(names = "--only", description = "Not by one worker first.")
    private boolean only;

    @Option(
            names = "--batch",
            description = "What is written at most since a job's last checkpoint. Default: ${DEFAULT-VALUE}.")
    private String batch = "1M";

    @Override
    void play(Path folder, Verdict verdict) throws IOException, InterruptedException {
        int most = workers;
        double alone = 0;
        for (int count : new TreeSet<>(only ? List.of(most) : List.of(1, most))) {
            workers = count;
            double perSecond = flatten(folder.resolve("workers-" + count), verdict);
            if (count == 1) {
                alone = perSecond;
            } else if (!only) {
                verdict.figure(count + " workers beside 1, times as many jobs a second", text(perSecond / alone));
            }
        }
    }

    private double flatten(Path folder, Verdict verdict) throws IOException, InterruptedException {
        List<LocalPool> folders = Scene.pools(folder, pools, Map.of("slots", Integer.toString(workers * slots)));
        Fleet fleet = new Fleet(folders, mib);
        step("making " + chains + " chains in " + pools + " pools");
        fleet.add(chains, seed);
        verdict.check(workers + " workers: the fleet is as it was meant", Judge.before(fleet));
        step("starting broker, grid, coordinator and " + workers + " workers");
        try (Scene scene = Scene.start(this, folder, folders, Map.of("planish.worker.batch", batch))) {
            step("planning");
            long asked = System.nanoTime();
            PlanRecord plan =
                    scene.api().plan(folders.stream().map(LocalPool::name).toList(), "flat");
            long planned = System.nanoTime();
            step("flattening by " + plan.plan().jobs().size() + " jobs");
            RunRecord run = scene.api().over(scene.api().start(plan.id()).id(), LIMIT);
            double seconds = (System.nanoTime() - planned) / 1e9;
            Results results = Results.of(scene, run);
            step("judging");
            results.judge(workers + " workers: ", verdict);
            verdict.check(workers + " workers: every disk is flat, sound, and shows what it did", Judge.after(fleet));
            verdict.check(workers + " workers: what is shared is as it was", Judge.shared(fleet));
            double busy = 0;
            double saving = 0;
            for (ServiceProcess worker : scene.workers()) {
                busy += Api.metric(worker.address(), "planish_attempt_seconds_sum");
                saving += Api.metric(worker.address(), "planish_checkpoint_seconds_sum");
            }
            double merging = results.mergingMillis() / 1e3;
            double slotSeconds = seconds * workers * slots;
            String who = workers + (workers == 1 ? " worker: " : " workers: ");
            verdict.figure(who + "chains, jobs", chains + ", " + results.jobs().size());
            verdict.figure(
                    who + "seconds to scan and plan, to flatten", text((planned - asked) / 1e9) + ", " + text(seconds));
            verdict.figure(who + "jobs a second", text(results.jobs().size() / seconds));
            verdict.figure(
                    who + "MiB written, a second",
                    (results.settledBytes() >> 20) + ", " + text(results.settledBytes() / seconds / (1 << 20)));
            verdict.figure(who + "share of the slots' time with a job", text(busy / slotSeconds));
            verdict.figure(who + "share of it merging", text(merging / slotSeconds));
            verdict.figure(who + "share of merging spent waiting for checkpoints", text(saving / merging, 4));
            scene.usage().report(verdict);
            return results.jobs().size() / seconds;
        }
    }

    private static String text(double value) {
        return text(value, 2);
    }

    private static String text(double value, int digits) {
        return String.format(Locale.ROOT, "%." + digits + "f", value);
    }
}
