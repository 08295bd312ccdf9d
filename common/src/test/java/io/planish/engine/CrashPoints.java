package io.planish.engine;

import static org.assertj.core.api.Assertions.assertThat;

import io.planish.chain.ImageRef;
import io.planish.job.Job;
import io.planish.job.JobResult;
import io.planish.job.Outcome;
import io.planish.storage.SimulatedStorage;
import io.planish.storage.SimulatedStorage.Failure;
import io.planish.storage.SimulatedStorage.PowerLost;
import java.io.IOException;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import java.util.Objects;
import java.util.Random;

/**
 * One job in all the ways in which it can be interrupted. At each of them every image that somebody may read shows what it always showed and
 * no table is corrupt; afterwards the job can be done, and leaks nothing.
 */
final class CrashPoints {
    /** Up to so many undurable steps every subset of them survives once. */
    private static final int EXHAUSTIVE = Boolean.getBoolean("planish.test.all") ? 8 : 3;

    private final CrashTest.Scenario scenario;
    private final boolean delete;
    private final Simulated before;
    private final Job job;
    private final Map<ImageRef, byte[]> contents = new HashMap<>();
    private final QemuJudge judge;
    private final long steps;
    private long points;

    CrashPoints(CrashTest.Scenario scenario, Path folder, boolean delete) throws IOException {
        this.scenario = scenario;
        this.delete = delete;
        Images images = new Images(folder);
        scenario.setup().make(images);
        before = Simulated.load(images, folder);
        if (scenario.clones()) {
            before.storage.makeClones();
        }
        job = scenario.plan().job(before);
        for (String kept : scenario.kept()) {
            contents.put(Simulated.ref(kept), before.content(Simulated.ref(kept)));
        }
        steps = stepsOfAll();
        judge = new QemuJudge(folder.resolveSibling(folder.getFileName() + "-judged"));
    }

    void requireDoneWithoutAccident() throws IOException {
        requireDone(before.storage.fork(), "no crash");
    }

    void loseThePowerAfterEveryStep() throws IOException {
        for (long step = 1; step <= steps; step++) {
            losePowerAfter(step);
        }
        report("crash points");
        judge.judge(contents);
    }

    /** As {@link #loseThePowerAfterEveryStep}, from the first step on that concerns leftovers. */
    void loseThePowerAfterSomeSteps() throws IOException {
        SimulatedStorage whole = before.storage.fork();
        boolean[] removes = new boolean[1];
        whole.onStep(step -> removes[0] |= step.startsWith("unlink") && !step.contains("/.planish"));
        attempt(whole);
        if (!removes[0]) {
            return;
        }
        for (long step = whole.steps() * 2 / 3; step <= whole.steps(); step++) {
            losePowerAfter(step);
        }
        report("crash points when leftovers are removed");
    }

    private void losePowerAfter(long step) throws IOException {
        SimulatedStorage stopped = stoppedAfter(step);
        for (SimulatedStorage found : stopped.afterPowerLosses(EXHAUSTIVE, step)) {
            String where = scenario + ", power lost after step " + step + ", point " + points;
            requireSound(found, where);
            judge.offer(found, points);
            resume(found, where, points++);
        }
    }

    /** In turn: to the end; without the checkpoint; with another power loss on the way; with a kill and then a power loss. */
    private void resume(SimulatedStorage found, String where, long number) throws IOException {
        Random random = new Random(number);
        switch ((int) (number % 4)) {
            case 0 -> requireDone(found, where);
            case 1 -> {
                new Simulated(found).forgetCheckpoint(job);
                requireDone(found, where + ", checkpoint lost");
            }
            case 2 -> {
                SimulatedStorage again = stopped(found, 1 + random.nextInt(40));
                loseAgain(again, where + ", again", random.nextLong());
            }
            default -> {
                SimulatedStorage killed = stopped(found, 1 + random.nextInt(40)).fork();
                SimulatedStorage again = stopped(killed, 1 + random.nextInt(12));
                loseAgain(again, where + ", killed, again", random.nextLong());
            }
        }
    }

    private void loseAgain(SimulatedStorage stopped, String where, long seed) throws IOException {
        SimulatedStorage found = stopped.afterPowerLoss(seed);
        requireSound(found, where);
        requireDone(found, where);
    }

    void killAfterEveryStep() throws IOException {
        for (long step = 1; step <= steps; step++) {
            SimulatedStorage killed = stoppedAfter(step).fork();
            Random random = new Random(step);
            for (int i = 0; i < (EXHAUSTIVE > 3 ? 24 : 2); i++) {
                long second = 1 + random.nextInt(i % 2 == 1 ? 40 : 8);
                SimulatedStorage stopped = stopped(killed.fork(), second);
                for (SimulatedStorage found : stopped.afterPowerLosses(2, step + i)) {
                    String where = scenario + ", killed after step " + step + ", power lost after step " + second
                            + " of the next attempt, point " + points++;
                    requireSound(found, where);
                    requireDone(found, where);
                }
            }
        }
        report("points of a kill followed by a power loss");
    }

    void failEveryStep() throws IOException {
        for (long step = 1; step <= steps; step++) {
            for (Failure failure : Failure.values()) {
                String where = scenario + ", step " + step + " fails with " + failure;
                SimulatedStorage storage = before.storage.fork();
                storage.failStep(step, failure);
                JobResult result = attempt(storage);
                assertThat(result.outcome()).as(where).isNotInstanceOf(Outcome.Stale.class);
                storage = storage.fork();
                requireSound(storage, where);
                for (SimulatedStorage found : storage.afterPowerLosses(1, step)) {
                    requireSound(found, where + ", power lost then");
                }
                requireDone(storage, where);
                points++;
            }
        }
        report("failed steps");
    }

    void letAGuestWriteAfterEveryStep() throws IOException {
        ImageRef guest = Simulated.ref(scenario.kept().getFirst());
        for (long step = 1; step <= steps; step++) {
            SimulatedStorage stopped = stoppedAfter(step);
            for (long seed : new long[] {0, 1, 7}) {
                String where = scenario + ", power lost after step " + step + ", seed " + seed;
                Simulated found = new Simulated(stopped.afterPowerLoss(seed));
                byte[] expected = found.guestWrites(guest, Objects.requireNonNull(contents.get(guest)));

                JobResult result = found.run(job);

                assertThat(result.outcome()).as(where).isInstanceOfAny(Outcome.Done.class, Outcome.Stale.class);
                assertThat(found.content(guest)).as(where).isEqualTo(expected);
            }
        }
    }

    private long stepsOfAll() throws IOException {
        SimulatedStorage whole = before.storage.fork();
        attempt(whole);
        return whole.steps();
    }

    private SimulatedStorage stoppedAfter(long step) throws IOException {
        return stopped(before.storage.fork(), step);
    }

    /** The storage with an attempt on it that the power did not let go beyond a step; it may have been done before. */
    private SimulatedStorage stopped(SimulatedStorage storage, long step) throws IOException {
        storage.losePowerAfter(step);
        try {
            attempt(storage);
        } catch (PowerLost expected) {
            // the point of the exercise
        }
        return storage;
    }

    private JobResult attempt(SimulatedStorage storage) throws IOException {
        return new Simulated(storage, delete).run(job);
    }

    /** The job can be done from here on, and what it then says is durable is. */
    private void requireDone(SimulatedStorage storage, String where) throws IOException {
        SimulatedStorage last = storage;
        JobResult result = attempt(last);
        if (result.outcome() instanceof Outcome.Stale) {
            // a finished job whose answer was lost, and that leaves no trace in links, is simply planned and done again
            assertThat(job.relinks()).as(where + ": " + result.outcome()).isEmpty();
            assertThat(job.replaces()).as(where + ": " + result.outcome()).isEmpty();
            last = last.fork();
            Simulated again = new Simulated(last, delete);
            result = again.run(scenario.plan().job(again));
        }
        assertThat(result.outcome()).as(where).isEqualTo(new Outcome.Done());
        requireFinished(new Simulated(last), where);
        if (points % 4 == 0) {
            requireFinished(new Simulated(last.afterPowerLoss(0)), where + ", power lost when all was done");
        }
    }

    /** Every kept image shows what it showed, and no table that can be read is corrupt. */
    private void requireSound(SimulatedStorage storage, String where) throws IOException {
        Simulated pool = new Simulated(storage);
        requireContents(pool, where);
        for (ImageRef image : pool.images()) {
            if (!Simulated.isRaw(image)) {
                var check = pool.check(image);
                assertThat(check.corruptions() - check.missingFlags())
                        .as(where + ": " + image + " " + check.messages())
                        .isZero();
            }
        }
    }

    private void requireContents(Simulated pool, String where) throws IOException {
        for (Map.Entry<ImageRef, byte[]> kept : contents.entrySet()) {
            assertThat(pool.content(kept.getKey()))
                    .as(where + ": " + kept.getKey())
                    .isEqualTo(kept.getValue());
        }
    }

    private void requireFinished(Simulated pool, String where) throws IOException {
        requireContents(pool, where);
        ImageRef target = job.replaces().orElse(job.target());
        assertThat(pool.backing(target)).as(where).isEqualTo(job.base());
        for (ImageRef image : contents.keySet()) {
            var check = pool.check(image);
            assertThat(check.corruptions()).as(where + ": " + image).isZero();
            assertThat(check.leaks()).as(where + ": " + image).isZero();
        }
        for (ImageRef retired : job.retires()) {
            assertThat(pool.storage.exists(pool.path(retired)))
                    .as(where + ": " + retired)
                    .isFalse();
        }
    }

    private void report(String what) {
        System.out.println(what + " of '" + scenario + "': " + points);
    }
}
