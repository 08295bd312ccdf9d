package io.planish.load.scenario;

import io.planish.run.PlanRecord;
import io.planish.run.RunRecord;
import io.planish.standalone.LocalPool;
import io.planish.standalone.ServerProcess;
import io.planish.standalone.ServiceProcess;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.Map;
import java.util.Random;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** Everything dies now and then, while a fleet becomes flat. */
@Command(
        name = "kills",
        mixinStandardHelpOptions = true,
        description = {
            "Flattens a fleet while a worker is killed (SIGKILL) every few seconds, broker and grid are killed and restarted twice each,",
            "and the coordinator once.",
            "Proves that nothing is lost: every disk shows what it did, every job ends once, no two attempts settled the same batch, and",
            "what was copied again, settled or not, is at most one checkpoint interval a slot and kill."
        })
final class Kills extends Scenario {
    private static final Duration LIMIT = Duration.ofHours(2);

    @Option(
            names = "--every",
            description = "Seconds from when all workers are ready to the next kill of one. Default: ${DEFAULT-VALUE}.")
    private int everySeconds = 5;

    @Option(
            names = "--last",
            description =
                    "Seconds that the run lasts at least, by a bound on what it may write. Default: ${DEFAULT-VALUE}.")
    private int lastSeconds = 120;

    @Option(
            names = "--kills",
            description =
                    "Kill no worker any more after so many, when all else was killed. Default: as long as the run lasts.")
    private int kills = Integer.MAX_VALUE;

    /** What is killed beside the workers, at a share of the jobs that are over. */
    private record Blow(double share, String what, Strike strike) {}

    private interface Strike {
        void on(Scene scene) throws IOException;
    }

    @Override
    void play(Path folder, Verdict verdict) throws IOException, InterruptedException {
        long perSecond = (long) chains * mib / 2 * (1 << 20) / pools / lastSeconds;
        int poolSlots = Math.max(2, workers * slots / pools);
        List<LocalPool> folders = Scene.pools(
                folder,
                pools,
                Map.of(
                        "slots",
                        Integer.toString(poolSlots),
                        "bytes-per-second",
                        Long.toString(Math.max(1 << 16, perSecond))));
        Fleet fleet = new Fleet(folders, mib);
        step("making " + chains + " chains in " + pools + " pools");
        fleet.add(chains, seed);
        step("starting broker, grid, coordinator and " + workers + " workers");
        try (Scene scene = Scene.start(this, folder, folders, Map.of())) {
            PlanRecord plan =
                    scene.api().plan(folders.stream().map(LocalPool::name).toList(), "flat");
            step("flattening by " + plan.plan().jobs().size() + " jobs");
            long began = System.nanoTime();
            String run = scene.api().start(plan.id()).id();
            Losses losses = new Losses(Math.max(1 << 16, perSecond) * slots / poolSlots);
            kill(scene, run, plan.plan().jobs().size(), losses, verdict);
            RunRecord over = scene.api().over(run, LIMIT);
            double seconds = (System.nanoTime() - began) / 1e9;
            Results results = Results.of(scene, over);
            step("judging");
            results.judge("", verdict);
            verdict.check("every disk is flat, sound, and shows what it did", Judge.after(fleet));
            verdict.check("what is shared is as it was", Judge.shared(fleet));
            long copied = losses.copiedBytes();
            for (ServiceProcess worker : scene.workers()) {
                copied += toldBy(worker);
            }
            long again = Math.max(0, copied - results.plannedBytes());
            long bound = (long) losses.kills() * slots * Scene.BATCH_BYTES;
            verdict.check(
                    "what was copied beyond the plan, settled or not, is at most a checkpoint interval a slot and kill",
                    again <= bound,
                    again + " bytes, at most " + bound);
            verdict.figure(
                    "chains, jobs, attempts", chains + ", " + results.jobs().size() + ", " + results.attempts());
            verdict.figure("workers killed", losses.kills());
            verdict.figure("seconds", Math.round(seconds));
            verdict.figure(
                    "MiB planned, settled, copied",
                    (results.plannedBytes() >> 20) + ", " + (results.settledBytes() >> 20) + ", " + (copied >> 20));
            scene.usage().report(verdict);
        }
    }

    /** What killed workers had written, settled or not: what they told right before, and what they may have written since, at the rate they were bound to. */
    private static final class Losses {
        private final long mostPerSecond;
        private long copiedBytes;
        private int kills;

        Losses(long mostPerSecond) {
            this.mostPerSecond = mostPerSecond;
        }

        void kill(Scene scene, ServiceProcess victim) throws IOException {
            toldBy(victim); // the first time takes long
            long askedNanos = System.nanoTime();
            copiedBytes += toldBy(victim);
            ProcessHandle.of(victim.pid()).ifPresent(ProcessHandle::destroyForcibly);
            long unseenNanos = System.nanoTime() - askedNanos;
            scene.kill(victim);
            copiedBytes += Math.round(unseenNanos / 1e9 * mostPerSecond);
            kills++;
        }

        long copiedBytes() {
            return copiedBytes;
        }

        int kills() {
            return kills;
        }
    }

    private static long toldBy(ServiceProcess worker) throws IOException {
        return Math.round(Api.metric(worker.address(), "planish_copied_bytes_total"));
    }

    /** Returns when all that is to be killed was, or the run is over. */
    private void kill(Scene scene, String run, int jobs, Losses losses, Verdict verdict)
            throws IOException, InterruptedException {
        Random random = new Random(seed);
        Deque<Blow> blows = new ArrayDeque<>(List.of(
                new Blow(0.1, "broker", s -> restart(s.machine().stack().broker())),
                new Blow(0.2, "grid", s -> restart(s.machine().stack().grid())),
                new Blow(0.3, "coordinator", Scene::restartCoordinator),
                new Blow(0.4, "broker", s -> restart(s.machine().stack().broker())),
                new Blow(0.5, "grid", s -> restart(s.machine().stack().grid()))));
        long due = System.nanoTime() + everySeconds * 1_000_000_000L;
        while (scene.told().ended(run) < jobs && scene.told().runs("FINISHED") == 0) {
            if (!blows.isEmpty() && scene.told().ended(run) >= blows.getFirst().share() * jobs) {
                Blow blow = blows.removeFirst();
                step("killing and restarting the " + blow.what() + ", "
                        + scene.told().ended(run) + " jobs are over");
                blow.strike().on(scene);
            }
            if (System.nanoTime() - due > 0 && (losses.kills() < kills || !blows.isEmpty())) {
                List<ServiceProcess> alive = scene.workers();
                ServiceProcess victim = alive.get(random.nextInt(alive.size()));
                step("killing " + victim.name() + ", " + scene.told().ended(run) + " jobs are over");
                losses.kill(scene, victim);
                scene.startWorker().awaitReady();
                due = System.nanoTime() + everySeconds * 1_000_000_000L;
            }
            Thread.sleep(100);
        }
        verdict.check(
                "all was killed that was to be",
                blows.isEmpty() && losses.kills() > 0,
                losses.kills() + " workers, left: " + blows.size());
    }

    private static void restart(ServerProcess server) throws IOException {
        server.kill();
        server.restart();
    }
}
