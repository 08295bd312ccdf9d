package io.planish.load.scenario;

import io.planish.run.PlanRecord;
import io.planish.run.RunRecord;
import io.planish.standalone.LocalPool;
import io.planish.standalone.ServiceProcess;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.function.ToLongFunction;
import java.util.stream.Stream;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** Mixed load for a long time. */
@Command(
        name = "soak",
        mixinStandardHelpOptions = true,
        description = {
            "Round after round makes new chains, has them flattened, judges and removes them, and kills a worker now and then.",
            "Proves that every round ends well, and that memory and open files of the processes that live on do not grow."
        })
final class Soak extends Scenario {
    private static final Duration LIMIT = Duration.ofMinutes(30);
    private static final int KILL_EVERY = 3;
    private static final double MORE_MEMORY = 1.25;
    /** What a service may come to in any case, while its heap of 512 MiB fills for the first time. */
    private static final long WARM_BYTES = 700L << 20;

    private static final int MORE_FILES = 20;

    @Option(names = "--minutes", description = "Default: ${DEFAULT-VALUE}.")
    private int minutes = 60;

    @Override
    void play(Path folder, Verdict verdict) throws IOException, InterruptedException {
        List<LocalPool> folders = Scene.pools(folder, pools, Map.of("slots", Integer.toString(workers * slots)));
        List<String> names = folders.stream().map(LocalPool::name).toList();
        try (Scene scene = Scene.start(this, folder, folders, Map.of())) {
            ServiceProcess living = scene.workers().getFirst();
            long end = System.nanoTime() + Duration.ofMinutes(minutes).toNanos();
            int rounds = 0;
            int jobs = 0;
            int kills = 0;
            while (System.nanoTime() - end < 0) {
                Fleet fleet = new Fleet(folders, mib);
                fleet.add(chains, seed + rounds);
                PlanRecord plan = scene.api().plan(names, "flat");
                String run = scene.api().start(plan.id()).id();
                if (rounds % KILL_EVERY == KILL_EVERY - 1 && scene.workers().size() > 1) {
                    scene.kill(scene.workers().get(1));
                    scene.startWorker();
                    kills++;
                }
                RunRecord over = scene.api().over(run, LIMIT);
                Results results = Results.of(scene, over);
                jobs += results.jobs().size();
                rounds++;
                Verdict round = new Verdict();
                results.judge("", round);
                round.check("every disk is flat, sound, and shows what it did", Judge.after(fleet));
                if (!round.isGood()) {
                    round.print();
                    verdict.check("round " + rounds, false, "see above");
                    break;
                }
                clean(folders);
                step("round " + rounds + ": " + results.jobs().size() + " jobs");
            }
            verdict.check("every round ended well", rounds > 0, rounds + " rounds");
            verdict.figure("rounds, jobs, workers killed", rounds + ", " + jobs + ", " + kills);
            for (String name : List.of("coordinator", living.name())) {
                judgeGrowth(name, scene.usage().of(name), verdict);
            }
            scene.usage().report(verdict);
        }
    }

    /** The second quarter of the time, when all is warm, beside the last. */
    private static void judgeGrowth(String name, List<Usage.Sample> samples, Verdict verdict) {
        int quarter = samples.size() / 4;
        if (quarter == 0) {
            verdict.check(name + ": looked at often enough", false, samples.size() + " times");
            return;
        }
        List<Usage.Sample> early = samples.subList(quarter, 2 * quarter);
        List<Usage.Sample> late = samples.subList(3 * quarter, samples.size());
        long memory = median(early, Usage.Sample::rssBytes);
        long memoryLate = median(late, Usage.Sample::rssBytes);
        long files = median(early, Usage.Sample::files);
        long filesLate = median(late, Usage.Sample::files);
        verdict.check(
                name + ": memory does not grow",
                memoryLate <= Math.max(WARM_BYTES, memory * MORE_MEMORY),
                (memory >> 20) + " MiB, then " + (memoryLate >> 20) + " MiB");
        verdict.check(
                name + ": open files do not grow", filesLate <= files + MORE_FILES, files + ", then " + filesLate);
    }

    private static long median(List<Usage.Sample> samples, ToLongFunction<Usage.Sample> what) {
        return samples.stream()
                .mapToLong(what)
                .sorted()
                .skip(samples.size() / 2)
                .findFirst()
                .orElse(0);
    }

    /** Removes what guests had; the pools stay. */
    private static void clean(List<LocalPool> pools) throws IOException {
        for (LocalPool pool : pools) {
            try (Stream<Path> files = Files.list(pool.folder())) {
                for (Path file : files.filter(Files::isRegularFile)
                        .filter(file -> !file.getFileName().toString().startsWith("."))
                        .toList()) {
                    Files.delete(file);
                }
            }
        }
    }
}
