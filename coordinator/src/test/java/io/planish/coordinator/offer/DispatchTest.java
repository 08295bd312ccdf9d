package io.planish.coordinator.offer;

import static org.assertj.core.api.Assertions.assertThat;

import io.planish.ErrorKind;
import io.planish.chain.FileFacts;
import io.planish.chain.ImageRef;
import io.planish.chain.PoolName;
import io.planish.job.Expectation;
import io.planish.job.Footprint;
import io.planish.job.Job;
import io.planish.job.JobKind;
import io.planish.job.JobRecord;
import io.planish.job.JobResult;
import io.planish.job.Outcome;
import io.planish.job.PoolJobs;
import io.planish.job.SkipReason;
import io.planish.plan.Policy;
import io.planish.run.RunLimits;
import io.planish.run.RunRecord;
import io.planish.run.RunRequest;
import io.planish.run.Window;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class DispatchTest {
    private static final Instant NOW = Instant.parse("2026-11-23T12:00:00Z");
    private static final FileFacts FACTS = new FileFacts("id", 1, 2, 3, 4, 5);

    @Test
    void aJobIsQueuedOnlyWhenAllItDependsOnIsDone() {
        JobRecord first = blocked("r", pull("a", "p/a", "p/base"));
        JobRecord second = blocked("r", pull("b", "p/b", "p/a", "a"));

        assertThat(next(run("r", first, second))).containsExactly(new Step.Queue(first, first.job()));
        assertThat(next(run("r", done(first, Map.of()), second)))
                .hasOnlyElementsOfType(Step.Queue.class)
                .hasSize(1);
    }

    @Test
    void whatADependencyWroteIsExpectedAsItWasRecorded() {
        JobRecord first = blocked("r", pull("a", "p/a", "p/base"));
        JobRecord second = blocked("r", pull("b", "p/b", "p/a", "a"));

        List<Step> steps = next(run("r", done(first, Map.of(ImageRef.parse("p/a"), FACTS)), second));

        assertThat(steps)
                .singleElement()
                .isInstanceOfSatisfying(
                        Step.Queue.class,
                        q -> assertThat(q.ready().expects().getFirst().unchanged())
                                .contains(FACTS));
    }

    @Test
    void aDependentOfWhatWasNotDoneIsSkipped() {
        JobRecord first = blocked("r", pull("a", "p/a", "p/base"));
        JobRecord second = blocked("r", pull("b", "p/b", "p/a", "a"));
        JobRecord failed = ended(first, new Outcome.Failed(ErrorKind.NO_SPACE, "full"));

        assertThat(next(run("r", failed, second)))
                .singleElement()
                .isInstanceOfSatisfying(
                        Step.Skip.class, s -> assertThat(s.why()).contains("job a", "FAILED"));
    }

    @Test
    void twoJobsThatTouchTheSameImageAreNeverQueuedTogetherEvenAcrossRuns() {
        JobRecord one = queued(blocked("r1", pull("a", "p/a", "p/base")));
        JobRecord other = blocked("r2", pull("x", "p/a", "p/root"));
        JobRecord apart = blocked("r2", pull("y", "p/y", "p/root"));

        assertThat(next(run("r1", one), run("r2", other, apart)))
                .containsExactly(new Step.Offer(one), new Step.Queue(apart, apart.job()));
    }

    @Test
    void twoJobsOfOneRunThatCollideAreQueuedOneAfterTheOther() {
        JobRecord one = blocked("r", pull("a", "p/a", "p/base"));
        JobRecord other = blocked("r", pull("b", "p/base", "p/root"));

        assertThat(next(run("r", one, other))).containsExactly(new Step.Queue(one, one.job()));
    }

    @Test
    void theImagesOfAJobOfUnknownOutcomeStayClosed() {
        JobRecord job = blocked("r2", pull("x", "p/a", "p/root"));

        assertThat(Dispatch.next(
                        List.of(run("r2", job)), List.of(Footprint.of(pull("a", "p/a", "p/base"))), p -> 9, NOW))
                .isEmpty();
    }

    @Test
    void aPoolHasNoMoreJobsQueuedThanSlots() {
        List<JobRecord> jobs = new ArrayList<>();
        for (String name : List.of("a", "b", "c", "d")) {
            jobs.add(blocked("r", pull(name, "p/" + name, "p/base")));
        }
        JobRecord elsewhere = blocked("r", pull("e", "q/e", "q/base"));
        jobs.add(elsewhere);

        assertThat(next(run("r", jobs.toArray(JobRecord[]::new))))
                .containsExactly(
                        new Step.Queue(jobs.get(0), jobs.get(0).job()),
                        new Step.Queue(jobs.get(1), jobs.get(1).job()),
                        new Step.Queue(elsewhere, elsewhere.job()));
    }

    @Test
    void aPausedRunIsLeftAloneButItsImagesStayTaken() {
        JobRecord one = queued(blocked("r1", pull("a", "p/a", "p/base")));
        RunView paused = view(run("r1", one).run().paused().orElseThrow(), one);

        assertThat(next(paused, run("r2", blocked("r2", pull("x", "p/a", "p/root")))))
                .isEmpty();
    }

    @Test
    void whatIsQueuedInAPausedRunTakesNoSlotAndIsOfferedWithinTheSlotsWhenTheRunGoesOn() {
        JobRecord a = queued(blocked("r1", pull("a", "p/a", "p/base")));
        JobRecord b = queued(blocked("r1", pull("b", "p/b", "p/base")));
        JobRecord c = blocked("r2", pull("c", "p/c", "p/base"));
        RunView run = run("r1", a, b);
        RunView paused = view(run.run().paused().orElseThrow(), a, b);

        assertThat(next(paused, run("r2", c))).containsExactly(new Step.Queue(c, c.job()));
        assertThat(next(run, run("r2", queued(c)))).containsExactly(new Step.Offer(a), new Step.Offer(b));
    }

    @Test
    void aRunTakesNoMoreSlotsThanItsLimitsSayAndLeavesTheOthersToOtherRuns() {
        JobRecord a = blocked("r1", pull("a", "p/a", "p/base"));
        JobRecord b = blocked("r1", pull("b", "p/b", "p/base"));
        JobRecord c = blocked("r2", pull("c", "p/c", "p/base"));
        RunLimits one = new RunLimits(
                Map.of(new PoolName("p"), new RunLimits.PoolLimit(Optional.of(1), Optional.empty())), Optional.empty());
        RunView gentle = view(run("r1", a, b).run().limited(one).orElseThrow(), a, b);

        assertThat(next(gentle, run("r2", c))).containsExactly(new Step.Queue(a, a.job()), new Step.Queue(c, c.job()));
    }

    @Test
    void aCanaryRunBeginsNoMoreJobsThanItSaysAndSkipsTheRest() {
        JobRecord a = blocked("r", pull("a", "p/a", "p/base"));
        JobRecord b = blocked("r", pull("b", "q/b", "q/base"));
        RunRecord canary = run("r", a, b).run().limited(canary(1)).orElseThrow();

        assertThat(next(view(canary, a, b)))
                .containsExactly(new Step.Queue(a, a.job()), new Step.Skip(b, "this canary run is of 1 jobs"));
        JobRecord done = done(a, Map.of());
        assertThat(next(view(canary, done, b))).containsExactly(new Step.Skip(b, "this canary run is of 1 jobs"));
    }

    @Test
    void aPoolStopsAtItsFirstFailureInACanaryRunAndOtherPoolsGoOn() {
        JobRecord failed = ended(blocked("r", pull("a", "p/a", "p/base")), new Outcome.Failed(ErrorKind.NO_SPACE, "x"));
        JobRecord same = blocked("r", pull("b", "p/b", "p/base"));
        JobRecord other = blocked("r", pull("c", "q/c", "q/base"));
        RunView run = run("r", failed, same, other);

        assertThat(next(view(run.run().limited(canary(9)).orElseThrow(), failed, same, other)))
                .containsExactly(
                        new Step.Skip(same, "a job of pool p failed in this canary run"),
                        new Step.Queue(other, other.job()));
        assertThat(next(run)).containsExactly(new Step.Queue(same, same.job()), new Step.Queue(other, other.job()));
    }

    @Test
    void aCanaryRunTriesAgainWhatItHasBegun() {
        JobRecord again = ended(blocked("r", commit("a", "p/a", "p/top")), new Outcome.Failed(ErrorKind.NO_SPACE, "x"))
                .retry()
                .orElseThrow();
        JobRecord failed = ended(blocked("r", pull("b", "p/b", "p/base")), new Outcome.Failed(ErrorKind.NO_SPACE, "x"));
        RunRecord run = run("r", again, failed).run().limited(canary(1)).orElseThrow();

        assertThat(next(view(run, again, failed))).containsExactly(new Step.Queue(again, again.job()));
    }

    private static RunLimits canary(int jobs) {
        return new RunLimits(Map.of(), Optional.empty(), Optional.of(jobs));
    }

    @Test
    void outsideItsWindowNothingOfARunIsOfferedButWhatHasEndedEndsIt() {
        JobRecord a = queued(blocked("r", pull("a", "p/a", "p/base")));
        JobRecord over = done(blocked("r", pull("b", "p/b", "p/base")), Map.of());
        RunLimits night = new RunLimits(Map.of(), Optional.of(new Window("22:00-06:00", "UTC")));

        assertThat(next(view(run("r", a).run().limited(night).orElseThrow(), a)))
                .isEmpty();
        assertThat(next(view(run("r", over).run().limited(night).orElseThrow(), over)))
                .hasOnlyElementsOfType(Step.Finish.class);
        assertThat(next(view(
                        run("r", a)
                                .run()
                                .limited(night)
                                .flatMap(RunRecord::cancelling)
                                .orElseThrow(),
                        a)))
                .containsExactly(new Step.Cancel(a));
    }

    @Test
    void aCommitThatIsTriedAgainIsQueuedAlsoWhileItsRunIsCancelled() {
        JobRecord commit = queued(blocked("r", commit("c", "p/c", "p/d")))
                .claim("w")
                .flatMap(r -> r.ended("w", 1, result(new Outcome.Failed(ErrorKind.NO_SPACE, "full"))))
                .flatMap(JobRecord::retry)
                .orElseThrow();

        assertThat(next(view(run("r", commit).run().cancelling().orElseThrow(), commit)))
                .containsExactly(new Step.Queue(commit, commit.job()));
    }

    @Test
    void aRetryTakesAlongWhatWasSkippedBecauseOfTheJobButNothingElse() {
        JobRecord failed = ended(blocked("r", pull("a", "p/a", "p/base")), new Outcome.Failed(ErrorKind.NO_SPACE, "x"));
        JobRecord second = skipped(blocked("r", pull("b", "p/b", "p/a", "a")), SkipReason.DEPENDENCY);
        JobRecord third = skipped(blocked("r", pull("c", "p/c", "p/b", "b")), SkipReason.DEPENDENCY);
        JobRecord used = skipped(blocked("r", pull("d", "p/d", "p/a", "a")), SkipReason.IN_USE);
        JobRecord done = done(blocked("r", pull("e", "p/e", "p/base")), Map.of());
        RunView view = run("r", failed, second, third, used, done);

        assertThat(Retries.withDependents(
                        view.run(), view.jobs(), j -> j.outcome().orElseThrow() instanceof Outcome.Failed))
                .containsExactly("a", "b", "c");
        assertThat(Retries.withDependents(
                        view.run(), view.jobs(), j -> j.job().id().equals("e")))
                .isEmpty();
    }

    @Test
    void aRunIsNotOverWhileAJobIsToBeTriedAgain() {
        JobRecord failed = ended(blocked("r", pull("a", "p/a", "p/base")), new Outcome.Failed(ErrorKind.NO_SPACE, "x"))
                .announced()
                .orElseThrow();

        assertThat(next(view(run("r", failed).run().retrying(List.of("a")).orElseThrow(), failed)))
                .isEmpty();
    }

    @Test
    void aCancelledRunEndsWhatHasNotBegunAndFinishesCommitsThatHave() {
        JobRecord waiting = blocked("r", pull("a", "p/a", "p/base"));
        JobRecord begun = queued(blocked("r", commit("c", "p/c", "p/d")))
                .claim("w")
                .flatMap(r -> r.expire(1, 0))
                .orElseThrow();
        RunView view = view(run("r", waiting, begun).run().cancelling().orElseThrow(), waiting, begun);

        assertThat(next(view)).containsExactly(new Step.Cancel(waiting), new Step.Offer(begun));
    }

    @Test
    void aRunEndsWhenAllOutcomesAreAnnouncedAndStaleTreesArePlannedOnceMoreBefore() {
        JobRecord stale = ended(blocked("r", pull("a", "p/a", "p/base")), new Outcome.Stale("new overlay"));
        JobRecord told = stale.announced().orElseThrow();
        RunRecord again = run("r", told).run().replan().orElseThrow();

        assertThat(next(run("r", stale))).isEmpty();
        assertThat(next(run("r", told))).singleElement().isInstanceOf(Step.Replan.class);
        assertThat(next(view(
                        again.ready("p2", Policy.DEFAULT, List.of(), List.of()).orElseThrow(), told)))
                .singleElement()
                .isInstanceOf(Step.Finish.class);
    }

    @Test
    void aRunWithoutJobsIsFinished() {
        assertThat(next(run("r"))).singleElement().isInstanceOf(Step.Finish.class);
    }

    @Test
    void aLookAtAPoolWaitsForNoSlotAndForNoMergeAndAPurgeForThatOfAnotherRun() {
        PoolName pool = new PoolName("p");
        JobRecord one = queued(blocked("r", pull("a", "p/a", "p/base")));
        JobRecord two = queued(blocked("r", pull("b", "p/b", "p/base")));
        JobRecord scan = blocked("s", PoolJobs.scan(pool));
        JobRecord read = blocked("s", PoolJobs.read(pool, one.job().expects()));
        JobRecord purging = queued(blocked("t", PoolJobs.purge(pool)));
        JobRecord purge = blocked("u", PoolJobs.purge(pool));

        List<Step> steps = next(run("r", one, two), run("s", scan, read), run("t", purging), run("u", purge));

        assertThat(steps)
                .filteredOn(Step.Queue.class::isInstance)
                .extracting(step -> ((Step.Queue) step).job())
                .containsExactly(scan, read);
    }

    private static List<Step> next(RunView... runs) {
        return Dispatch.next(Arrays.asList(runs), List.of(), p -> p.equals(new PoolName("p")) ? 2 : 1, NOW);
    }

    private static RunView run(String id, JobRecord... jobs) {
        RunRequest request = RunRequest.of(id, RunRequest.Origin.API, List.of(new PoolName("p")), "default");
        List<String> ids = Arrays.stream(jobs).map(j -> j.job().id()).toList();
        return view(
                RunRecord.asked(request, "me", 1)
                        .ready("plan", Policy.DEFAULT, List.of(), ids)
                        .orElseThrow(),
                jobs);
    }

    private static RunView view(RunRecord run, JobRecord... jobs) {
        Map<String, JobRecord> byId = new HashMap<>();
        for (JobRecord job : jobs) {
            byId.put(job.job().id(), job);
        }
        return new RunView(run, byId);
    }

    private static JobRecord blocked(String run, Job job) {
        return JobRecord.blocked(run, job);
    }

    private static JobRecord queued(JobRecord job) {
        return job.queue(job.job()).orElseThrow();
    }

    private static JobRecord done(JobRecord job, Map<ImageRef, FileFacts> facts) {
        return finished(job, new JobResult(new Outcome.Done(), facts, List.of(), 0, 0, List.of()))
                .announced()
                .orElseThrow();
    }

    private static JobRecord skipped(JobRecord job, SkipReason reason) {
        return job.skip(reason, "").orElseThrow();
    }

    private static JobResult result(Outcome outcome) {
        return new JobResult(outcome, Map.of(), List.of(), 0, 0, List.of());
    }

    private static JobRecord ended(JobRecord job, Outcome outcome) {
        return finished(job, new JobResult(outcome, Map.of(), List.of(), 0, 0, List.of()));
    }

    private static JobRecord finished(JobRecord job, JobResult result) {
        return queued(job).claim("w").flatMap(r -> r.ended("w", 1, result)).orElseThrow();
    }

    private static Job pull(String id, String target, String base, String... dependsOn) {
        return job(id, JobKind.PULL, target, base, List.of(), dependsOn);
    }

    private static Job commit(String id, String target, String top) {
        return job(id, JobKind.COMMIT, target, target, List.of(ImageRef.parse(top)));
    }

    private static Job job(
            String id, JobKind kind, String target, String base, List<ImageRef> retires, String... dependsOn) {
        return new Job(
                id,
                kind,
                ImageRef.parse(target),
                Optional.empty(),
                ImageRef.parse(target),
                List.of(),
                Optional.empty(),
                retires,
                List.of(dependsOn),
                List.of(new Expectation(ImageRef.parse(base), Optional.empty(), Optional.empty())),
                0,
                0);
    }
}
