package io.planish.load.scenario;

import io.planish.run.PlanRecord;
import io.planish.run.RunRecord;
import io.planish.standalone.LocalPool;
import io.planish.standalone.ServerProcess;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** Broker and grid are away for a while, and the grid's data are lost or older than the pools. */
@Command(
        name = "outages",
        mixinStandardHelpOptions = true,
        description = {
            "In the middle of runs the grid hangs for a while (SIGSTOP), then the broker; then the grid loses all its data, then it is put back",
            "to an earlier state.",
            "Proves that runs end well without a hand when what was away is back; and that without the ledger what was begun is finished from",
            "the pools alone, every disk shows what it did, and a new run makes the rest flat."
        })
final class Outages extends Scenario {
    private static final Duration LIMIT = Duration.ofMinutes(20);
    private static final double MIDDLE = 0.25;

    @Option(names = "--away", description = "Seconds that broker and grid are away. Default: ${DEFAULT-VALUE}.")
    private int awaySeconds = 120;

    @Override
    void play(Path folder, Verdict verdict) throws IOException, InterruptedException {
        // A pace at which a run lasts long enough for something to happen in its middle.
        long perSecond = Math.max(1 << 18, (long) chains * mib / 8 * (1 << 20) / pools / 20);
        List<LocalPool> folders =
                Scene.pools(folder, pools, Map.of("slots", "2", "bytes-per-second", Long.toString(perSecond)));
        Fleet fleet = new Fleet(folders, mib);
        try (Scene scene = Scene.start(this, folder, folders, Map.of("planish.worker.batch", "256K"))) {
            Path gridData = folder.resolve("data/grid");
            away(scene, fleet, "grid", scene.machine().stack().grid(), verdict);
            away(scene, fleet, "broker", scene.machine().stack().broker(), verdict);
            wiped(scene, fleet, gridData, verdict);
            putBack(scene, fleet, gridData, folder.resolve("grid-before"), verdict);
            scene.usage().report(verdict);
        }
    }

    private void away(Scene scene, Fleet fleet, String what, ServerProcess server, Verdict verdict)
            throws IOException, InterruptedException {
        String run = begin(scene, fleet, what.hashCode());
        step("the " + what + " hangs for " + awaySeconds + " s");
        Faults.pause(server.pid());
        try {
            Thread.sleep(Duration.ofSeconds(awaySeconds));
        } finally {
            Faults.resume(server.pid());
        }
        long back = System.nanoTime();
        RunRecord over = scene.api().over(run, LIMIT);
        verdict.figure(
                what + " away: seconds from its return to the run's end", Math.round((System.nanoTime() - back) / 1e9));
        Results.of(scene, over).judge(what + " away: ", verdict);
        verdict.check(what + " away: every disk is flat, sound, and shows what it did", Judge.after(fleet));
    }

    private void wiped(Scene scene, Fleet fleet, Path data, Verdict verdict) throws IOException, InterruptedException {
        begin(scene, fleet, 3);
        step("the grid loses all its data");
        ServerProcess grid = scene.machine().stack().grid();
        grid.kill();
        delete(data);
        Files.createDirectories(data);
        grid.restart();
        again(scene, fleet, "grid wiped: ", verdict);
    }

    private void putBack(Scene scene, Fleet fleet, Path data, Path before, Verdict verdict)
            throws IOException, InterruptedException {
        ServerProcess grid = scene.machine().stack().grid();
        String run = begin(scene, fleet, 4);
        grid.kill();
        Faults.must("cp", "-a", data.toString(), before.toString());
        grid.restart();
        long ended = scene.told().ended(run);
        step("the grid's state was kept, " + ended + " jobs are over");
        waitFor(scene, run, ended + 2);
        step("the grid is put back to that state, " + scene.told().ended(run) + " jobs are over");
        grid.kill();
        delete(data);
        Files.move(before, data);
        grid.restart();
        scene.api().over(run, LIMIT);
        again(scene, fleet, "grid put back: ", verdict);
    }

    /** The workers finish what was begun, and a new run makes the rest flat. */
    private void again(Scene scene, Fleet fleet, String whose, Verdict verdict)
            throws IOException, InterruptedException {
        step("waiting for the workers to finish what was begun");
        long end = System.nanoTime() + LIMIT.toNanos();
        while (!begun(fleet).isEmpty() && System.nanoTime() - end < 0) {
            Thread.sleep(300);
        }
        verdict.check(whose + "what was begun is finished", begun(fleet));
        verdict.check(whose + "every disk shows what it did", Judge.meanwhile(fleet.disks()));
        step("asking for the rest");
        PlanRecord plan = plan(scene, fleet);
        RunRecord over = scene.api().over(scene.api().start(plan.id()).id(), LIMIT);
        verdict.figure(whose + "jobs left for a new run", over.outcomes());
        verdict.check(whose + "every disk is flat, sound, and shows what it did", Judge.after(fleet));
    }

    /** Files that say what is left to do. */
    private static List<String> begun(Fleet fleet) throws IOException {
        List<String> begun = new ArrayList<>();
        for (LocalPool pool : fleet.pools()) {
            Path intents = pool.folder().resolve(".planish");
            if (Files.exists(intents)) {
                try (Stream<Path> files = Files.list(intents)) {
                    files.filter(file -> file.toString().endsWith(".json")).forEach(file -> begun.add(file.toString()));
                }
            }
        }
        return begun;
    }

    /** Adds chains and starts a run of which some jobs are over and some run. */
    private String begin(Scene scene, Fleet fleet, int number) throws IOException, InterruptedException {
        step("making " + Math.max(4, chains / 4) + " chains in " + pools + " pools");
        fleet.add(Math.max(4, chains / 4), seed * 1000 + Math.floorMod(number, 1000));
        PlanRecord plan = plan(scene, fleet);
        String run = scene.api().start(plan.id()).id();
        waitFor(scene, run, Math.max(1, Math.round(MIDDLE * plan.plan().jobs().size())));
        return run;
    }

    private static PlanRecord plan(Scene scene, Fleet fleet) throws IOException {
        return scene.api().plan(fleet.pools().stream().map(LocalPool::name).toList(), "flat");
    }

    private static void waitFor(Scene scene, String run, long ended) throws IOException, InterruptedException {
        long end = System.nanoTime() + LIMIT.toNanos();
        while (scene.told().ended(run) < ended) {
            if (System.nanoTime() - end > 0) {
                throw new IOException("run " + run + ": " + scene.told().ended(run) + " jobs are over, not " + ended);
            }
            Thread.sleep(100);
        }
    }
}
