package io.planish.system;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.core.type.TypeReference;
import io.planish.chain.ImageRef;
import io.planish.chain.PoolName;
import io.planish.job.JobKind;
import io.planish.job.JobRecord;
import io.planish.job.JobState;
import io.planish.job.Json;
import io.planish.job.Outcome;
import io.planish.run.PlanRecord;
import io.planish.run.RunRecord;
import io.planish.run.RunState;
import io.planish.standalone.LocalPool;
import io.planish.standalone.OneMachine;
import io.planish.standalone.ServiceProcess;
import io.planish.storage.LinuxStorage;
import io.planish.storage.PoolConfig;
import io.planish.storage.Pools;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.awaitility.core.ConditionFactory;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A pool {@code shared} that all mount, and a pool {@code node} on the disk of one host, which the coordinator does not. */
@SuppressWarnings("NullAway.Init") // set before all tests
class RemotePoolsTest {
    private static final int LAYER_MIB = 2;

    @TempDir
    static Path folder;

    private static Path shared;
    private static Path node;
    private static Path reference;
    /** While it is there whoever scans the node's pool is kept waiting. */
    private static Path hold;

    private static String nodeId;
    private static OneMachine machine;
    private static Api api;

    @BeforeAll
    static void start() throws Exception {
        shared = Files.createDirectory(folder.resolve("shared"));
        node = Files.createDirectory(folder.resolve("node"));
        reference = Files.createDirectory(folder.resolve("reference"));
        hold = folder.resolve("hold");
        nodeId = Pools.open(
                        new LinuxStorage(),
                        List.of(PoolConfig.of(new PoolName("node"), node)),
                        Pools.MissingMarker.CREATE)
                .get(new PoolName("node"))
                .id();
        machine = OneMachine.start(
                Path.of(System.getProperty("planish.home")),
                folder.resolve("data"),
                List.of(new LocalPool("shared", shared, Map.of("complete", "true"))),
                Map.of(
                        "planish.worker.lease", "3s",
                        "planish.worker.lease-margin", "1s",
                        "planish.pools.node.complete", "true",
                        "planish.policies.down.direction", "commit",
                        "planish.policies.down.max-depth", "1",
                        "planish.policies.down.grace", "1s"));
        Map<String, String> settings = new HashMap<>(elsewhere());
        settings.put("planish.coordinator.offer-again", "1s");
        settings.put("planish.coordinator.purge-every", "2s");
        ServiceProcess coordinator = machine.coordinator(0, settings);
        api = new Api(coordinator.address());
    }

    private static Map<String, String> elsewhere() {
        return Map.of("planish.pools.node.id", nodeId);
    }

    /** A host with the node's disk. */
    private static Map<String, String> there() {
        return Map.of(
                "planish.pools.node.path",
                node.toString(),
                "planish.pools.node.references.command",
                "sh,-c,while [ -e " + hold + " ]; do sleep 0.1; done");
    }

    @AfterAll
    static void stop() {
        api.close();
        machine.close();
    }

    @Test
    void poolsOfSeveralHostsAreOneForest() throws Exception {
        machine.worker("shared-only", elsewhere());
        ServiceProcess first = machine.worker("first", there());
        machine.awaitReady();
        ServiceProcess second = aChainBetweenThePoolsIsFlattenedThoughTheScanningWorkerIsKilled(first);
        onlyWhatIsExpiredIsPurged();
        second.kill();
        aCommitIsRefusedForAnOverlayThatOnlyTheOtherHostSees();
    }

    private ServiceProcess aChainBetweenThePoolsIsFlattenedThoughTheScanningWorkerIsKilled(ServiceProcess first)
            throws Exception {
        Images.chain(shared, reference, "golden", LAYER_MIB);
        Images.overlay(node.resolve("low"), shared.resolve("golden-3"), LAYER_MIB);
        Images.overlay(node.resolve("mid"), node.resolve("low"), LAYER_MIB);
        Images.overlay(node.resolve("leaf"), node.resolve("mid"), LAYER_MIB);
        Path copy = Images.copy(node.resolve("leaf"), reference.resolve("leaf.qcow2"));
        Files.createFile(hold);
        String run = api.request(
                        Map.of("id", "across", "pool", "node", "image", "leaf", "protect", List.of("shared/**")))
                .id();
        patiently().until(() -> scans("RUNNING").size() == 1);
        first.kill();
        ServiceProcess second = machine.worker("second", there());
        Files.delete(hold);

        assertThat(done(run).outcomes()).as("%s", api.jobs(run)).containsOnlyKeys("DONE");
        Images.requireSame(node.resolve("leaf"), copy);
        assertThat(chain("node", "node/leaf")).hasSizeLessThanOrEqualTo(2);
        assertThat(scans("FINISHED")).as("what was asked for is taken away").isEmpty();
        return second;
    }

    private void onlyWhatIsExpiredIsPurged() throws Exception {
        Images.chain(node, reference, "brief", LAYER_MIB);
        String run = api.request(Map.of("id", "brief", "pool", "node", "image", "brief-3", "policy", "down"))
                .id();
        assertThat(done(run).outcomes()).as("%s", api.jobs(run)).containsOnlyKeys("DONE");

        assertThat(retired(run)).isNotEmpty();
        patiently().until(() -> trash(run).isEmpty());
        String kept = "request-across";
        assertThat(trash(kept)).as("kept for 7 days").hasSameSizeAs(retired(kept));
        Images.requireSame(node.resolve("brief-3"), reference.resolve("brief.qcow2"));
    }

    private void aCommitIsRefusedForAnOverlayThatOnlyTheOtherHostSees() throws Exception {
        String sharedId = Files.readString(shared.resolve(".planish-pool")).strip();
        Map<String, String> onlyTheNode = new HashMap<>(there());
        onlyTheNode.put("planish.pools.shared.path", "");
        onlyTheNode.put("planish.pools.shared.id", sharedId);
        machine.worker("node-only", onlyTheNode);
        Path copy = Images.chain(shared, reference, "free", LAYER_MIB);
        Images.chain(shared, reference, "late", LAYER_MIB);
        byte[] before = Files.readAllBytes(shared.resolve("late-0"));
        PlanRecord plan = Json.MAPPER.readValue(
                api.post("/api/v1/plans", "{\"pools\": [\"shared\"], \"policy\": \"down\"}"), PlanRecord.class);
        assertThat(plan.plan().jobs())
                .anyMatch(job -> job.kind() == JobKind.COMMIT && job.target().equals(ImageRef.parse("shared/late-0")));
        Images.overlay(node.resolve("unseen"), shared.resolve("late-0"), LAYER_MIB);
        Path unseen = Images.copy(node.resolve("unseen"), reference.resolve("unseen.qcow2"));
        RunRecord run =
                Json.MAPPER.readValue(api.post("/api/v1/runs", "{\"plan\": \"" + plan.id() + "\"}"), RunRecord.class);

        RunRecord done = done(run.id());

        assertThat(done.outcomes()).as("%s", api.jobs(run.id())).containsOnlyKeys("DONE", "REPLANNED");
        assertThat(api.jobs(run.id()))
                .filteredOn(job ->
                        job.outcome().filter(Outcome.Done.class::isInstance).isPresent())
                .extracting(job -> job.job().target())
                .contains(ImageRef.parse("shared/free-0"))
                .doesNotContain(ImageRef.parse("shared/late-0"));
        assertThat(Files.readAllBytes(shared.resolve("late-0"))).isEqualTo(before);
        Images.requireSame(shared.resolve("free-3"), copy);
        Images.requireSame(shared.resolve("late-3"), reference.resolve("late.qcow2"));
        Images.requireSame(node.resolve("leaf"), reference.resolve("leaf.qcow2"));
        Images.requireSame(node.resolve("unseen"), unseen);
    }

    private static RunRecord done(String run) {
        return patiently()
                .ignoreExceptionsInstanceOf(IOException.class)
                .until(() -> api.run(run), r -> r.state() == RunState.FINISHED || r.state() == RunState.FAILED);
    }

    private static ConditionFactory patiently() {
        return await().atMost(Duration.ofMinutes(2)).pollInterval(Duration.ofMillis(100));
    }

    private static List<JobRecord> scans(String state) throws Exception {
        List<JobRecord> jobs =
                Json.MAPPER.readValue(api.get("/api/v1/jobs?pool=node&state=" + state), new TypeReference<>() {});
        return jobs.stream().filter(job -> job.job().kind() == JobKind.SCAN).toList();
    }

    private static List<String> chain(String pool, String leaf) throws Exception {
        for (var chain : Json.MAPPER.readTree(api.get("/api/v1/pools/" + pool + "/chains"))) {
            if (chain.path("leaf").asText().equals(leaf)) {
                return Arrays.asList(Json.MAPPER.convertValue(chain.path("images"), String[].class));
            }
        }
        throw new AssertionError("no chain ends in " + leaf);
    }

    /** What went to the node's trash. */
    private static List<ImageRef> retired(String run) throws Exception {
        return api.jobs(run).stream()
                .map(JobRecord::state)
                .flatMap(state -> state instanceof JobState.Finished f ? f.result().retired().stream() : Stream.of())
                .filter(image -> image.pool().value().equals("node"))
                .toList();
    }

    private static List<Path> trash(String run) throws IOException {
        Path of = node.resolve(".planish-trash").resolve(run);
        if (!Files.exists(of)) {
            return List.of();
        }
        try (Stream<Path> files = Files.walk(of)) {
            return files.filter(Files::isRegularFile).toList();
        }
    }
}
