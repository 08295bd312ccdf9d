package io.planish.system;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.planish.job.JobRecord;
import io.planish.job.JobResult;
import io.planish.job.JobState;
import io.planish.job.Outcome;
import io.planish.job.Progress;
import io.planish.run.RunRecord;
import io.planish.run.RunState;
import io.planish.standalone.LocalPool;
import io.planish.standalone.OneMachine;
import io.planish.standalone.ServiceProcess;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.LocalTime;
import java.time.ZoneOffset;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A job of some hundred MB, whose worker dies, is paused or is stopped in the middle of it. */
@SuppressWarnings("NullAway.Init") // set before all tests
class ResumeTest {
    private static final int LAYER_MIB = 160;
    private static final long BATCH = 8 << 20;
    private static final Duration LEASE = Duration.ofSeconds(6);
    private static final Duration PATIENCE = Duration.ofMinutes(2);

    @TempDir
    static Path folder;

    private static Path pool;
    private static Path reference;
    private static OneMachine machine;
    private static ServiceProcess coordinator;
    private static Api api;
    private static int workers;

    @BeforeAll
    static void start() throws Exception {
        pool = Files.createDirectory(folder.resolve("vms"));
        reference = Files.createDirectory(folder.resolve("reference"));
        // A pace at which a job lasts long enough to be hit in the middle, however fast the disk is.
        LocalPool vms = new LocalPool("vms", pool, Map.of("slots", "1", "bytes-per-second", "40M"));
        machine = OneMachine.start(
                Path.of(System.getProperty("planish.home")),
                folder.resolve("data"),
                List.of(vms),
                Map.of(
                        "planish.worker.lease",
                        LEASE.toSeconds() + "s",
                        "planish.worker.lease-margin",
                        "2s",
                        "planish.worker.batch",
                        Long.toString(BATCH),
                        "planish.coordinator.lease",
                        "4s",
                        "planish.coordinator.lease-margin",
                        "1s",
                        "planish.coordinator.offer-again",
                        "1s",
                        "planish.policies.careful.canary",
                        "1"));
        startCoordinator();
        startWorker();
        startWorker();
        machine.awaitReady();
    }

    private static void startCoordinator() throws Exception {
        coordinator = machine.coordinator(0);
        api = new Api(coordinator.address());
    }

    private static void startWorker() throws Exception {
        machine.worker("worker" + ++workers);
    }

    @AfterAll
    static void stop() {
        api.close();
        machine.close();
    }

    @Test
    void anotherWorkerGoesOnFromTheCheckpointWhenOneIsKilledAndCopiesNothingTwice() throws Exception {
        Path copy = Images.chain(pool, reference, "killed", LAYER_MIB);
        String run = api.request("killed", "killed-3").id();
        Progress before = middle(run);
        ownerOf(run).kill();
        startWorker();

        JobRecord done = done(run);
        JobResult result = result(done);
        assertThat(done.epoch()).isEqualTo(2);
        assertThat(result.bytesSkipped()).isGreaterThanOrEqualTo(before.guestBytesDone());
        assertThat(result.bytesCopied())
                .as(
                        "bytes the second attempt wrote, of %d, after %d",
                        done.job().bytesToWrite(), before.bytesCopied())
                .isPositive()
                .isLessThanOrEqualTo(done.job().bytesToWrite() - before.bytesCopied());
        Images.requireSame(pool.resolve("killed-3"), copy);
    }

    @Test
    void aWorkerThatIsAskedToStopHandsItsJobOnAtOnce() throws Exception {
        Path copy = Images.chain(pool, reference, "stopped", LAYER_MIB);
        String run = api.request("stopped", "stopped-3").id();
        Progress before = middle(run);
        ownerOf(run).close();
        JobRecord after = api.jobs(run).getFirst();
        startWorker();

        assertThat(after.barren()).isZero();
        assertThat(after.note()).isEqualTo(Optional.of("stopped on request"));
        JobRecord done = done(run);
        assertThat(done.epoch()).isEqualTo(2);
        assertThat(result(done).bytesSkipped()).isGreaterThanOrEqualTo(before.guestBytesDone());
        Images.requireSame(pool.resolve("stopped-3"), copy);
    }

    @Test
    void atTheEndOfItsWindowAJobStopsAtACheckpointAndGoesOnThereWhenItOpens() throws Exception {
        Path copy = Images.chain(pool, reference, "night", LAYER_MIB);
        String run = api.request("night", "night-3").id();
        Progress before = middle(run);
        int hour = LocalTime.now(ZoneOffset.UTC).getHour();
        String later = String.format("%02d:00-%02d:30", (hour + 3) % 24, (hour + 3) % 24);
        api.patch("/api/v1/runs/" + run + "/limits", "{\"window\":{\"times\":\"" + later + "\"}}");

        await().atMost(PATIENCE).until(() -> api.jobs(run).getFirst().state(), JobState.Queued.class::isInstance);
        assertThat(api.jobs(run).getFirst().note()).isEqualTo(Optional.of("stopped on request"));
        assertThat(api.jobs(run).getFirst().settledBytes()).isGreaterThanOrEqualTo(before.guestBytesDone());
        api.patch("/api/v1/runs/" + run + "/limits", "{\"window\":null}");
        JobRecord done = done(run);
        assertThat(done.epoch()).isEqualTo(2);
        assertThat(result(done).bytesSkipped()).isGreaterThanOrEqualTo(before.guestBytesDone());
        Images.requireSame(pool.resolve("night-3"), copy);
    }

    @Test
    void aRunGoesOnUnderAnotherCoordinatorWhenTheOneThatLeadsIsKilled() throws Exception {
        Path copy = Images.chain(pool, reference, "led", LAYER_MIB);
        String run = api.request("led", "led-3").id();
        middle(run);
        coordinator.kill();
        api.close();
        startCoordinator();

        assertThat(done(run).epoch()).isEqualTo(1);
        Images.requireSame(pool.resolve("led-3"), copy);
    }

    @Test
    void aRequestThatComesTwiceIsOneMerge() throws Exception {
        Path copy = Images.chain(pool, reference, "twice", 8);
        RunRecord first = api.request("twice", "twice-3");
        RunRecord second = api.request("twice", "twice-3");

        assertThat(second.createdMillis()).isEqualTo(first.createdMillis());
        assertThat(done(first.id()).epoch()).isEqualTo(1);
        Images.requireSame(pool.resolve("twice-3"), copy);
    }

    @Test
    void aRunUnderACarefulPolicyDoesOneJobAndTheNextOneTheNext() throws Exception {
        List<Path> copies =
                List.of(Images.chain(pool, reference, "careful-a", 4), Images.chain(pool, reference, "careful-b", 4));
        for (String skipped : List.of("SKIPPED", "")) {
            String id = "careful" + skipped;
            api.post("/api/v1/runs", "{\"id\":\"" + id + "\",\"pools\":[\"vms\"],\"policy\":\"careful\"}");
            await().atMost(PATIENCE).until(() -> api.run(id).state(), RunState.FINISHED::equals);

            assertThat(api.run(id).outcomes())
                    .isEqualTo(skipped.isEmpty() ? Map.of("DONE", 1) : Map.of("DONE", 1, skipped, 1));
        }
        Images.requireSame(pool.resolve("careful-a-3"), copies.getFirst());
        Images.requireSame(pool.resolve("careful-b-3"), copies.getLast());
    }

    /** Returns when the run's only job is well under way, but far from its end. */
    private static Progress middle(String run) {
        return await().atMost(PATIENCE)
                .pollInterval(Duration.ofMillis(100))
                .until(
                        () -> api.jobs(run).stream()
                                .filter(j -> j.state() instanceof JobState.Running)
                                .map(j -> ((JobState.Running) j.state()).progress())
                                .findFirst()
                                .orElse(Progress.NONE),
                        p -> p.bytesCopied() >= 8 * BATCH);
    }

    private static ServiceProcess ownerOf(String run) throws Exception {
        String owner = Api.running(api.jobs(run)).owner();
        return machine.services().stream()
                .filter(s -> owner.startsWith(s.name() + "-"))
                .findFirst()
                .orElseThrow();
    }

    private static JobRecord done(String run) throws Exception {
        await().atMost(PATIENCE)
                .ignoreExceptionsInstanceOf(IOException.class)
                .until(() -> api.run(run).state(), RunState.FINISHED::equals);
        JobRecord job = api.jobs(run).getFirst();
        assertThat(job.outcome()).as("%s", job).contains(new Outcome.Done());
        return job;
    }

    private static JobResult result(JobRecord job) {
        return job.state() instanceof JobState.Finished f ? f.result() : throwing(job);
    }

    private static JobResult throwing(JobRecord job) {
        throw new AssertionError("not finished: " + job);
    }
}
