package io.planish.system;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import io.planish.job.Json;
import io.planish.standalone.LocalPool;
import io.planish.standalone.OneMachine;
import io.planish.standalone.ServiceProcess;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Coordinators as processes beside one that leads. */
class CoordinatorsTest {
    private static final Path HOME = Path.of(System.getProperty("planish.home"));
    private static final Map<String, String> NOTHING = Map.of("planish.policies.none.protect", "**");
    private static final String CHAINS = "planish_chains{";
    private static final String PLAN = "{\"pools\":[\"vms\"]}";

    @TempDir
    Path folder;

    @Test
    void onlyWhoLeadsShowsTheFleetTroubleIsToldInOneLineAndRunOncePrintsNothingButItsSummary() throws Exception {
        Path pool = Files.createDirectory(folder.resolve("vms"));
        Images.chain(pool, Files.createDirectory(folder.resolve("reference")), "seen", 1);
        LocalPool vms = new LocalPool("vms", pool, Map.of("complete", "true"));
        try (OneMachine machine = OneMachine.start(HOME, folder.resolve("data"), List.of(vms), NOTHING);
                Api first = new Api(machine.coordinator(0).address())) {
            machine.awaitReady();
            // whoever is ready can plan: the pool has its marker
            first.post("/api/v1/plans", PLAN);
            await().atMost(Duration.ofSeconds(30))
                    .until(() -> first.get("/q/metrics").contains("planish_leader 1.0"));
            first.post("/api/v1/plans", PLAN);
            assertThat(first.get("/q/metrics")).contains(CHAINS);

            ServiceProcess beside = machine.coordinator(0);
            try (Api second = new Api(beside.address())) {
                beside.awaitReady();
                second.post("/api/v1/plans", PLAN);
                await().atMost(Duration.ofSeconds(10))
                        .until(() -> !second.get("/q/metrics").contains(CHAINS));
            }
            beside.close();

            ServiceProcess refused = machine.coordinator(0, Map.of("planish.api.tokens.eve.token", "short"));
            String why = "planish.api.tokens.eve.token has fewer than 16 characters";
            assertThatThrownBy(refused::awaitReady).hasMessageContaining(": " + why + " [");
            assertThat(Files.readString(refused.log()))
                    .contains("cannot start: " + why)
                    .doesNotContain("\tat ");

            JsonNode summary = Json.MAPPER.readTree(runOnce(machine));
            assertThat(summary.path("state").asText()).isEqualTo("FINISHED");
            assertThat(first.get("/q/metrics")).contains(CHAINS);

            machine.stack().grid().kill();
            await().atMost(Duration.ofSeconds(60))
                    .until(() -> Files.readString(refused.log()).contains("the grid does not answer"));
            assertThat(first.get("/q/health/live")).contains("UP");
            assertThat(Files.readString(refused.log())).doesNotContain("\tat ");
        }
    }

    private String runOnce(OneMachine machine) throws Exception {
        Process process = new ProcessBuilder(
                        ProcessHandle.current().info().command().orElseThrow(),
                        "-Dkafka.bootstrap.servers=" + machine.stack().broker().address(),
                        "-Dquarkus.infinispan-client.hosts="
                                + machine.stack().grid().address(),
                        "-Dplanish.pools.vms.path=" + folder.resolve("vms"),
                        "-Dplanish.policies.none.protect=**",
                        "-jar",
                        HOME.resolve("coordinator/target/quarkus-app/quarkus-run.jar")
                                .toString(),
                        "run-once",
                        "--pools",
                        "vms",
                        "--policy",
                        "none",
                        "--json")
                .redirectError(folder.resolve("run-once.err").toFile())
                .start();
        String out = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertThat(process.waitFor())
                .as(() -> out + folder.resolve("run-once.err"))
                .isZero();
        assertThat(out.lines()).hasSize(1);
        return out;
    }
}
