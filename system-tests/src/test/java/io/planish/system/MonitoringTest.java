package io.planish.system;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.opentelemetry.proto.trace.v1.Span;
import io.planish.run.RunState;
import io.planish.standalone.LocalPool;
import io.planish.standalone.OneMachine;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The dashboard and the alerts of {@code k8s/monitoring}, held against what the services really serve; and the trace of a run. */
class MonitoringTest {
    private static final Pattern METRIC = Pattern.compile("planish_[a-z_]+");

    @TempDir
    Path folder;

    @Test
    void dashboardAndAlertsReadOnlyWhatIsServedAndARunIsOneTrace() throws Exception {
        Path home = Path.of(System.getProperty("planish.home"));
        Path pool = Files.createDirectory(folder.resolve("vms"));
        Path reference = Files.createDirectory(folder.resolve("reference"));
        Images.chain(pool, reference, "watched", 1);
        Images.chain(pool, reference, "broken", 1);
        Files.delete(pool.resolve("broken-0"));
        LocalPool vms = new LocalPool("vms", pool, Map.of("complete", "true"));
        try (Collector collector = new Collector();
                OneMachine machine =
                        OneMachine.start(home, folder.resolve("data"), List.of(vms), collector.settings());
                Api coordinator = new Api(machine.coordinator(0).address());
                Api worker = new Api(machine.worker("worker1").address())) {
            machine.awaitReady();
            String run = coordinator.request("watched", "watched-3").id();
            await().atMost(Duration.ofMinutes(2))
                    .until(() -> coordinator.run(run).state() == RunState.FINISHED);

            String served = coordinator.get("/q/metrics") + worker.get("/q/metrics");
            for (String file : List.of("dashboard.json", "alerts.yaml")) {
                Set<String> read =
                        metrics(Files.readString(home.resolve("k8s/monitoring").resolve(file)));
                assertThat(read).hasSizeGreaterThan(4);
                assertThat(read).as(file).isSubsetOf(metrics(served));
            }
            assertThat(served)
                    .contains("planish_chains{files=\"4\",pool=\"vms\"} 2.0")
                    .contains("planish_left_alone{pool=\"vms\",reason=\"BACKING_MISSING\"} 1.0")
                    .contains("planish_jobs_ended_total{outcome=\"DONE\",pool=\"vms\"} 1.0");
            assertThat(number(served, "planish_copied_bytes_total"))
                    .isEqualTo(number(served, "planish_planned_bytes_total{pool=\"vms\"}"))
                    .isPositive();
            assertThat(number(served, "planish_freed_bytes_total")).isPositive();
            await().atMost(Duration.ofMinutes(1)).untilAsserted(() -> assertOneTrace(collector.spans()));
        }
    }

    private static void assertOneTrace(List<Span> spans) {
        Span request = span(spans, "POST /api/v1/requests");
        Span job = span(spans, "job");
        assertThat(job.getParentSpanId()).isEqualTo(request.getSpanId());
        assertThat(span(spans, "plan").getParentSpanId()).isEqualTo(request.getSpanId());
        for (String phase : List.of("merge", "relink")) {
            assertThat(span(spans, phase).getTraceId()).isEqualTo(request.getTraceId());
            assertThat(span(spans, phase).getParentSpanId()).isEqualTo(job.getSpanId());
        }
    }

    private static Span span(List<Span> spans, String name) {
        return spans.stream()
                .filter(span -> span.getName().equals(name))
                .findFirst()
                .orElseThrow(() -> new AssertionError("no " + name + " among "
                        + spans.stream().map(Span::getName).toList()));
    }

    private static Set<String> metrics(String text) {
        return METRIC.matcher(text)
                .results()
                .map(found -> found.group())
                .collect(Collectors.toCollection(TreeSet::new));
    }

    private static double number(String served, String series) {
        return served.lines()
                .filter(line -> line.startsWith(series + " "))
                .mapToDouble(line -> Double.parseDouble(line.split(" ", -1)[1]))
                .findFirst()
                .orElseThrow(() -> new AssertionError(series + " is not served"));
    }
}
