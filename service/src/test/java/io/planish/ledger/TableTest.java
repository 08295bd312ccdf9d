package io.planish.ledger;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import io.planish.chain.ImageRef;
import io.planish.grid.RealGrid;
import io.planish.job.Job;
import io.planish.job.JobKind;
import io.planish.job.JobRecord;
import io.planish.job.JobState;
import io.planish.job.Json;
import io.planish.job.LeaseRecord;
import io.planish.run.Refusal;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.infinispan.client.hotrod.RemoteCache;
import org.infinispan.client.hotrod.RemoteCacheManager;
import org.infinispan.commons.configuration.StringConfiguration;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The ledger on a real grid. */
class TableTest {
    @TempDir
    static Path folder;

    private static RealGrid real;
    private static RemoteCacheManager grid;
    private static Ledger ledger;

    @BeforeAll
    static void start() throws Exception {
        real = RealGrid.start(folder);
        grid = real.client();
        ledger = real.ledger();
    }

    @AfterAll
    static void stop() {
        real.close();
    }

    @Test
    void aCacheThatForgetsByItselfOrIsMissingIsNamed() throws Exception {
        grid.administration()
                .getOrCreateCache(
                        "forgetful",
                        new StringConfiguration("<local-cache><encoding media-type=\"application/x-protostream\"/>"
                                + "<expiration lifespan=\"60000\" max-idle=\"30000\"/></local-cache>"));

        assertThat(GridCheck.forgetful(grid)).isEmpty();
        assertThat(GridCheck.forgetful(grid, List.of("planish-jobs", "forgetful")))
                .containsExactly(
                        "forgetful forgets what was written 60 s ago (expiration, lifespan)",
                        "forgetful forgets what nobody used for 30 s (expiration, max-idle)");
        assertThatThrownBy(() -> GridCheck.forgetful(grid, List.of("none")))
                .hasMessageContaining("no cache none (create it");
    }

    @Test
    void whatANewerVersionPutIntoARecordStaysThereWhenThisOneChangesIt() throws Exception {
        RemoteCache<String, byte[]> runs = grid.getCache("planish-runs");
        LeaseRecord first = LeaseRecord.first("me");
        String json = Json.MAPPER.writeValueAsString(first);
        String newer = json.substring(0, json.length() - 1) + ",\"since\":{\"epoch\":7},\"place\":\"x\"}";
        runs.put("/lease/newer", newer.getBytes(StandardCharsets.UTF_8));

        assertThat(ledger.leases().update("newer", r -> Optional.of(r.renewed())))
                .contains(first.renewed());
        assertThat(ledger.leases().update("newer", r -> Optional.of(r.renewed())))
                .isPresent();

        JsonNode there = Json.MAPPER.readTree(runs.get("/lease/newer"));
        assertThat(there.path("heartbeat").asInt()).isEqualTo(2);
        assertThat(there.path("epoch").asInt()).isEqualTo(1);
        assertThat(there.path("since").path("epoch").asInt()).isEqualTo(7);
        assertThat(there.path("place").asText()).isEqualTo("x");
    }

    @Test
    void aRecordWithALifespanIsForgotten() throws Exception {
        ledger.refusals().put("brief", Refusal.of("brief", "why", "me", 1), Duration.ofMillis(200));

        await().until(() -> ledger.refusals().get("brief").isEmpty());
    }

    @Test
    void aRecordIsAddedOnceAndAddingTheSameAgainSaysYes() throws Exception {
        JobRecord one = JobRecord.blocked("add", job("a"));
        JobRecord other = one.queue(job("a")).orElseThrow();

        assertThat(ledger.jobs().add(one.key(), one)).isTrue();
        assertThat(ledger.jobs().add(one.key(), one)).isTrue();
        assertThat(ledger.jobs().add(one.key(), other)).isFalse();
        assertThat(ledger.jobs().get(one.key())).contains(one);
        assertThat(ledger.jobs().get(List.of(one.key(), "none"))).containsOnlyKeys(one.key());
    }

    @Test
    void ofManyWhoClaimAtOnceOneWins() throws Exception {
        JobRecord queued = JobRecord.blocked("claim", job("a")).queue(job("a")).orElseThrow();
        ledger.jobs().put(queued.key(), queued);
        CountDownLatch go = new CountDownLatch(1);
        List<Future<Optional<JobRecord>>> claims = new ArrayList<>();
        try (ExecutorService threads = Executors.newFixedThreadPool(8)) {
            for (int i = 0; i < 8; i++) {
                String worker = "w" + i;
                claims.add(threads.submit(() -> {
                    go.await();
                    return ledger.jobs().update(queued.key(), r -> r.claim(worker));
                }));
            }
            go.countDown();
        }
        List<JobRecord> won = new ArrayList<>();
        for (Future<Optional<JobRecord>> claim : claims) {
            claim.get().ifPresent(won::add);
        }

        assertThat(won).hasSize(1);
        assertThat(ledger.jobs().get(queued.key())).contains(won.getFirst());
    }

    @Test
    void everyOneOfManyConcurrentChangesCounts() throws Exception {
        ledger.leases().put("contended", LeaseRecord.first("nobody"));
        try (ExecutorService threads = Executors.newFixedThreadPool(4)) {
            for (int i = 0; i < 4; i++) {
                String owner = "w" + i;
                var unused = threads.submit(() -> {
                    for (int n = 0; n < 25; n++) {
                        ledger.leases().update("contended", l -> Optional.of(l.takenBy(owner)));
                    }
                    return null;
                });
            }
        }

        assertThat(ledger.leases().get("contended").orElseThrow().epoch()).isEqualTo(101);
    }

    @Test
    void aChangeWaitsForAGridThatIsKilledAndStartedAgainAndFindsWhatWasWritten() throws Exception {
        JobRecord blocked = JobRecord.blocked("restart", job("a"));
        ledger.jobs().put(blocked.key(), blocked);
        real.stack().grid().kill();
        try (ExecutorService threads = Executors.newSingleThreadExecutor()) {
            Future<Optional<JobRecord>> queued =
                    threads.submit(() -> ledger.jobs().update(blocked.key(), r -> r.queue(job("a"))));
            real.stack().grid().restart();

            assertThat(queued.get()).isPresent();
        }
        assertThat(ledger.jobs().get(blocked.key()).orElseThrow().state()).isInstanceOf(JobState.Queued.class);
    }

    @Test
    void whatAnybodyChangesIsToldAlsoByAGridThatWasKilledAndStartedAgain() throws Exception {
        Set<String> told = ConcurrentHashMap.newKeySet();
        ledger.leases().watch(told::add);
        ledger.leases().put("mine", LeaseRecord.first("me"));
        assertThat(told).contains("mine");
        try (RemoteCacheManager another = real.another()) {
            Table<LeaseRecord> theirs =
                    Ledger.of(another, Duration.ofSeconds(60)).leases();
            theirs.put("theirs", LeaseRecord.first("them"));
            await().until(() -> told.contains("theirs"));

            real.stack().grid().kill();
            real.stack().grid().restart();
            told.clear();
            await().until(() -> {
                theirs.update("theirs", lease -> Optional.of(lease.renewed()));
                return told.contains("theirs");
            });
            told.clear();
            theirs.remove("theirs");
            await().until(() -> told.contains("theirs"));
        }
    }

    @Test
    void plansAndLeasesAreNotTakenForRuns() throws Exception {
        ledger.leases().put("coordinator", LeaseRecord.first("me"));

        assertThat(ledger.runs().all()).isEmpty();
        assertThat(ledger.leases().all()).containsKey("coordinator");
    }

    @Test
    void aGridThatIsNotThereIsSaidInOneLineAfterABoundedTime() throws Exception {
        try (RemoteCacheManager nowhere = RealGrid.client("127.0.0.1:1")) {
            Ledger lost = Ledger.of(nowhere, Duration.ofMillis(300));

            assertThatThrownBy(() -> lost.jobs().get("a/b"))
                    .isInstanceOf(LedgerException.class)
                    .hasMessageStartingWith("the grid does not answer")
                    .hasMessageNotContaining("\n");
        }
    }

    private static Job job(String id) {
        ImageRef target = ImageRef.parse("gold/a.qcow2");
        return new Job(
                id,
                JobKind.PULL,
                target,
                Optional.empty(),
                target,
                List.of(),
                Optional.empty(),
                List.of(),
                List.of(),
                List.of(),
                0,
                0);
    }
}
