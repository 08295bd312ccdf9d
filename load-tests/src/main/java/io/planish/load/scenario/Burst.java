package io.planish.load.scenario;

import io.planish.job.Json;
import io.planish.run.RunState;
import io.planish.standalone.LocalPool;
import io.planish.topic.Topics;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Random;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.apache.kafka.common.serialization.StringSerializer;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** Many requests at once. */
@Command(
        name = "burst",
        mixinStandardHelpOptions = true,
        description = {
            "Sends thousands of requests at once to the topic of requests, one in a hundred of them malformed.",
            "Proves that each is answered: by a run that ends, or, if malformed, among the dead with a reason; that the fleet becomes flat once,",
            "and that the coordinator's memory and open files stay within bounds."
        })
final class Burst extends Scenario {
    private static final long MOST_BYTES = 900L << 20;
    private static final int MOST_FILES = 1000;

    @Option(names = "--requests", description = "Default: ${DEFAULT-VALUE}.")
    private int requests = 10_000;

    @Option(names = "--minutes", description = "Within which all must be answered. Default: ${DEFAULT-VALUE}.")
    private int minutes = 60;

    @Override
    void play(Path folder, Verdict verdict) throws IOException, InterruptedException {
        List<LocalPool> folders = Scene.pools(folder, pools, Map.of("slots", Integer.toString(workers * slots)));
        Fleet fleet = new Fleet(folders, mib);
        step("making " + chains + " chains in " + pools + " pools");
        fleet.add(chains, seed);
        try (Scene scene = Scene.start(this, folder, folders, Map.of())) {
            step("sending " + requests + " requests");
            long began = System.nanoTime();
            int malformed = send(scene.machine().stack().broker().address(), fleet.disks());
            double sent = (System.nanoTime() - began) / 1e9;
            long valid = requests - malformed;
            long end = began + Duration.ofMinutes(minutes).toNanos();
            while (answered(scene) < valid || scene.told().dead() < malformed) {
                if (System.nanoTime() - end > 0) {
                    break;
                }
                Thread.sleep(500);
            }
            double seconds = (System.nanoTime() - began) / 1e9;
            step("judging");
            verdict.check(
                    "every request is answered by a run that ended",
                    scene.told().runs(RunState.FINISHED.name()) == valid
                            && scene.told().runs(RunState.FAILED.name()) == 0,
                    scene.told().runs(RunState.FINISHED.name()) + " of " + valid + ", "
                            + scene.told().runs(RunState.FAILED.name()) + " failed");
            verdict.check(
                    "every malformed one is among the dead",
                    scene.told().dead() == malformed,
                    scene.told().dead() + " of " + malformed);
            verdict.check("every disk is flat, sound, and shows what it did", Judge.after(fleet));
            verdict.check("what is shared is as it was", Judge.shared(fleet));
            verdict.check("no batch was settled by two attempts", scene.told().settledTwice());
            List<Usage.Sample> seen = scene.usage().of("coordinator");
            long memory = seen.stream().mapToLong(Usage.Sample::rssBytes).max().orElse(0);
            int files = seen.stream().mapToInt(Usage.Sample::files).max().orElse(0);
            verdict.check(
                    "the coordinator's memory and open files stayed within bounds",
                    memory < MOST_BYTES && files < MOST_FILES,
                    (memory >> 20) + " MiB, " + files);
            verdict.figure("requests, malformed, chains", requests + ", " + malformed + ", " + chains);
            verdict.figure("seconds to send, to the last answer", text(sent) + ", " + text(seconds));
            verdict.figure("answers a second", text(requests / seconds));
            scene.usage().report(verdict);
        }
    }

    private static long answered(Scene scene) {
        return scene.told().runs(RunState.FINISHED.name()) + scene.told().runs(RunState.FAILED.name());
    }

    /** Gives how many were malformed. */
    private int send(String broker, List<Fleet.Disk> disks) throws IOException {
        Random random = new Random(seed);
        int malformed = 0;
        try (KafkaProducer<String, byte[]> producer = new KafkaProducer<>(
                Map.of("bootstrap.servers", broker), new StringSerializer(), new ByteArraySerializer())) {
            for (int i = 0; i < requests; i++) {
                Fleet.Disk disk = disks.get(random.nextInt(disks.size()));
                byte[] value = Json.MAPPER.writeValueAsBytes(Map.of(
                        "id",
                        "burst-" + i,
                        "pool",
                        disk.pool().name(),
                        "image",
                        disk.pool().folder().relativize(disk.image()).toString(),
                        "policy",
                        "flat"));
                if (i % 100 == 50) {
                    value = malformed(malformed++, value);
                }
                var unused = producer.send(new ProducerRecord<>(Topics.REQUESTS, "burst-" + i, value));
            }
        }
        return malformed;
    }

    /** Half a record, another type, a field that is not known, a pool that is not there. */
    private static byte[] malformed(int which, byte[] good) {
        return switch (which % 4) {
            case 0 -> Arrays.copyOf(good, good.length / 2);
            case 1 -> "[1, 2, 3]".getBytes(StandardCharsets.UTF_8);
            case 2 -> "{\"id\": \"unknown-field\", \"pol\": \"pool1\"}".getBytes(StandardCharsets.UTF_8);
            default -> ("{\"id\": \"no-pool-" + which + "\", \"pool\": \"nowhere\"}").getBytes(StandardCharsets.UTF_8);
        };
    }

    private static String text(double value) {
        return String.format(Locale.ROOT, "%.1f", value);
    }
}
