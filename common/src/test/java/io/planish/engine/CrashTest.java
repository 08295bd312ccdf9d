package io.planish.engine;

import io.planish.job.Job;
import io.planish.job.JobKind;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * The machine loses power around every single step of every kind of job; what was not durable survives or not by seed; then the job
 * is taken up again. At each of these points every image that somebody may read shows what it always showed.
 */
class CrashTest {
    @TempDir
    private Path folder;

    /** Images, the job on them, and the images whose content must never change, with their names before and after. */
    record Scenario(String name, Setup setup, Plan plan, List<String> kept, boolean clones) {
        Scenario(String name, Setup setup, Plan plan, List<String> kept) {
            this(name, setup, plan, kept, false);
        }

        /** The same on a filesystem where copies of whole blocks are clones. */
        Scenario byClones() {
            return new Scenario(name + ", by clones", setup, plan, kept, true);
        }

        @Override
        public String toString() {
            return name;
        }
    }

    interface Setup {
        void make(Images images) throws IOException;
    }

    interface Plan {
        Job job(Simulated pool) throws IOException;
    }

    static Stream<Scenario> scenarios() {
        Set<String> cloned = Set.of("pull all, other cluster size", "commit into the middle, growing");
        return copying().flatMap(one -> cloned.contains(one.name()) ? Stream.of(one, one.byClones()) : Stream.of(one));
    }

    private static Stream<Scenario> copying() {
        return Stream.of(
                new Scenario(
                        "pull to base",
                        CrashTest::chainOfFour,
                        pool -> pool.job(
                                JobKind.PULL,
                                "active",
                                Optional.of("base"),
                                "active",
                                List.of(),
                                false,
                                List.of("s1", "s2")),
                        List.of("active", "base")),
                new Scenario(
                        "pull all, other cluster size",
                        images -> {
                            images.make("base", "", "192k", "cluster_size=4k", "write -P 1 0 100k");
                            images.make(
                                    "s1", "base", "256k", "cluster_size=512", "write -P 2 50k 3k", "write -z 8k 4k");
                            images.make("active", "s1", "256k", "cluster_size=8k", "write -P 3 64k 1k");
                        },
                        pool -> pool.job(
                                JobKind.PULL,
                                "active",
                                Optional.empty(),
                                "active",
                                List.of(),
                                false,
                                List.of("base", "s1")),
                        List.of("active")),
                new Scenario(
                        "pull from shared",
                        images -> {
                            images.make("base", "", "128k", "cluster_size=4k", "write -P 1 0 100k");
                            images.make("s1", "base", "128k", "cluster_size=4k", "write -P 2 50k 30k");
                            images.make("active", "s1", "128k", "cluster_size=4k", "write -P 3 64k 1k");
                            images.make("other", "s1", "128k", "cluster_size=4k", "write -P 4 4k 9k");
                        },
                        pool -> pool.job(
                                JobKind.PULL, "active", Optional.of("base"), "active", List.of(), false, List.of()),
                        List.of("active", "other", "s1", "base")),
                new Scenario(
                        "commit middle layers",
                        CrashTest::chainOfFour,
                        pool -> pool.job(
                                JobKind.COMMIT,
                                "base",
                                Optional.empty(),
                                "s2",
                                List.of("active"),
                                false,
                                List.of("s1", "s2")),
                        List.of("active")),
                new Scenario(
                        "commit under the leaf's name",
                        CrashTest::chainOfFour,
                        pool -> pool.job(
                                JobKind.COMMIT, "s1", Optional.of("base"), "active", List.of(), true, List.of("s2")),
                        List.of("active", "base")),
                new Scenario(
                        "commit under the name of a leaf in another folder",
                        images -> {
                            images.make("gold/base", "", "128k", "cluster_size=4k", "write -P 1 0 120k");
                            images.make("gold/s1", "base", "128k", "cluster_size=4k", "write -P 2 50k 30k");
                            images.make("mid/s2", "../gold/s1", "128k", "cluster_size=4k", "write -P 3 90k 9k");
                            images.make("vms/active", "../mid/s2", "128k", "cluster_size=4k", "write -P 4 4k 9k");
                        },
                        pool -> pool.job(
                                JobKind.COMMIT,
                                "gold/s1",
                                Optional.of("gold/base"),
                                "vms/active",
                                List.of(),
                                true,
                                List.of("mid/s2")),
                        List.of("vms/active", "gold/base")),
                new Scenario(
                        "commit into the middle, growing",
                        images -> {
                            images.make("base", "", "256k", "cluster_size=4k", "write -P 1 0 200k");
                            images.make("s1", "base", "96k", "cluster_size=4k", "write -P 2 30k 9k");
                            images.make("s2", "s1", "64k", "compat=0.10,cluster_size=4k", "write -P 3 0 50k");
                            images.make("active", "s2", "256k", "cluster_size=512", "write -P 4 40k 3k");
                        },
                        pool -> pool.job(
                                JobKind.COMMIT, "s2", Optional.of("base"), "active", List.of(), true, List.of("s1")),
                        List.of("active", "base")),
                new Scenario(
                        "commit under a fork, top shorter",
                        images -> {
                            images.make("base", "", "192k", "cluster_size=4k", "write -P 1 0 192k");
                            images.make("s1", "base", "192k", "cluster_size=4k", "write -P 2 8k 9k");
                            images.make("s2", "s1", "128k", "cluster_size=4k", "write -P 3 24k 20k", "write -z 60k 8k");
                            images.make("a", "s2", "192k", "cluster_size=4k", "write -P 4 40k 3k");
                            images.make("sub", "s2", "128k", "cluster_size=4k", "write -P 5 0 3k");
                        },
                        pool -> pool.job(
                                JobKind.COMMIT,
                                "base",
                                Optional.empty(),
                                "s2",
                                List.of("a", "sub"),
                                false,
                                List.of("s1", "s2")),
                        List.of("a", "sub")),
                new Scenario(
                        "commit as qemu-img does, longer base",
                        images -> {
                            images.make("base", "", "192k", "compat=0.10,cluster_size=4k", "write -P 1 0 192k");
                            images.make("s1", "base", "128k", "cluster_size=4k", "write -P 2 8k 9k");
                            images.make(
                                    "active", "s1", "128k", "cluster_size=8k", "write -z 24k 30k", "write -P 7 1k 1k");
                        },
                        pool -> pool.job(
                                JobKind.COMMIT, "base", Optional.empty(), "active", List.of(), false, List.of()),
                        List.of("active")),
                new Scenario(
                        "commit into a raw base, growing",
                        images -> {
                            images.makeRaw("base.raw", 100_000, "write -P 1 0 60k");
                            images.make(
                                    "s1",
                                    "base.raw",
                                    "160k",
                                    "cluster_size=4k",
                                    "write -P 2 50k 30k",
                                    "write -z 8k 8k");
                            images.make("s2", "s1", "160k", "cluster_size=8k", "write -P 3 90k 50k", "write -z 4k 8k");
                            images.make("active", "s2", "160k", "cluster_size=4k", "write -P 4 4k 9k");
                        },
                        pool -> pool.job(
                                JobKind.COMMIT,
                                "base.raw",
                                Optional.empty(),
                                "s2",
                                List.of("active"),
                                false,
                                List.of("s1", "s2")),
                        List.of("active")),
                new Scenario(
                        "commit into a raw base that is too long",
                        images -> {
                            images.makeRaw("base.raw", 200_000, "write -P 1 0 190k");
                            images.make("s1", "base.raw", "96k", "cluster_size=4k", "write -P 2 50k 30k");
                            images.make("active", "s1", "160k", "cluster_size=4k", "write -P 4 4k 9k");
                        },
                        pool -> pool.job(
                                JobKind.COMMIT,
                                "base.raw",
                                Optional.empty(),
                                "s1",
                                List.of("active"),
                                false,
                                List.of("s1")),
                        List.of("active")),
                new Scenario(
                        "commit into a raw base as qemu-img does",
                        images -> {
                            images.makeRaw("base.raw", 200_000, "write -P 1 0 190k");
                            images.make("s1", "base.raw", "96k", "cluster_size=4k", "write -P 2 50k 30k");
                            images.make(
                                    "active", "s1", "96k", "cluster_size=4k", "write -P 4 4k 9k", "write -z 20k 9k");
                        },
                        pool -> pool.job(
                                JobKind.COMMIT, "base.raw", Optional.empty(), "active", List.of(), false, List.of()),
                        List.of("active")),
                new Scenario(
                        "pull all from a raw base",
                        images -> {
                            images.makeRaw("base.raw", 100_000, "write -P 1 0 60k");
                            images.make("active", "base.raw", "160k", "cluster_size=4k", "write -P 4 4k 9k");
                        },
                        pool -> pool.job(
                                JobKind.PULL,
                                "active",
                                Optional.empty(),
                                "active",
                                List.of(),
                                false,
                                List.of("base.raw")),
                        List.of("active")),
                new Scenario(
                        "pull of compressed layers",
                        CrashTest::compressedChain,
                        pool -> pool.job(
                                JobKind.PULL,
                                "active",
                                Optional.empty(),
                                "active",
                                List.of(),
                                false,
                                List.of("base", "s1")),
                        List.of("active")),
                new Scenario(
                        "commit of compressed layers",
                        CrashTest::compressedChain,
                        pool -> pool.job(
                                JobKind.COMMIT, "base", Optional.empty(), "active", List.of(), true, List.of("s1")),
                        List.of("active")),
                new Scenario(
                        "commit into subclusters",
                        images -> {
                            Path base = images.make(
                                    "base",
                                    "",
                                    "144k",
                                    "extended_l2=on,cluster_size=16k",
                                    "write -P 1 0 5k",
                                    "write -c -P 9 16k 16k",
                                    "write -P 7 96k 16k");
                            Images.run(List.of("qemu-img", "snapshot", "-c", "shares clusters", base.toString()));
                            images.write("base", "write -P 1 33k 1k", "write -z 64k 16k", "write -P 8 100k 1k");
                            images.make(
                                    "s1", "base", "144k", "cluster_size=4k", "write -P 2 20k 3k", "write -z 96k 16k");
                            images.make(
                                    "active",
                                    "s1",
                                    "144k",
                                    "extended_l2=on,cluster_size=16k",
                                    "write -P 3 6k 1k",
                                    "write -P 4 36k 50k",
                                    "write -z 2k 1k");
                        },
                        pool -> pool.job(
                                JobKind.COMMIT, "base", Optional.empty(), "active", List.of(), true, List.of("s1")),
                        List.of("active")),
                new Scenario(
                        "pull into subclusters",
                        images -> {
                            images.make("base", "", "144k", "cluster_size=4k", "write -P 1 0 120k");
                            images.make(
                                    "s1", "base", "144k", "cluster_size=512", "write -P 2 20k 3k", "write -z 96k 17k");
                            images.make(
                                    "active",
                                    "s1",
                                    "144k",
                                    "extended_l2=on,cluster_size=16k",
                                    "write -P 3 1k 1k",
                                    "write -P 4 21k 512",
                                    "write -z 33k 14k");
                        },
                        pool -> pool.job(
                                JobKind.PULL, "active", Optional.of("base"), "active", List.of(), false, List.of()),
                        List.of("active", "s1", "base")),
                new Scenario(
                        "rebase onto an unrelated image",
                        images -> {
                            images.make("base", "", "192k", "cluster_size=4k", "write -P 1 0 100k");
                            images.make("active", "base", "192k", "cluster_size=8k", "write -P 3 64k 1k");
                            images.make("n0", "", "128k", "cluster_size=4k", "write -P 1 0 50k", "write -P 9 90k 30k");
                            images.make(
                                    "n1", "n0", "224k", "cluster_size=512", "write -P 8 4k 1k", "write -P 8 200k 1k");
                        },
                        pool -> pool.job(
                                JobKind.REBASE, "active", Optional.of("n1"), "active", List.of(), false, List.of()),
                        List.of("active", "base", "n0", "n1")),
                new Scenario(
                        "rebase to stand alone, version 2",
                        images -> {
                            images.make("base", "", "160k", "cluster_size=4k", "write -P 1 0 100k");
                            images.make("active", "base", "192k", "compat=0.10,cluster_size=16k", "write -P 3 64k 1k");
                        },
                        pool -> pool.job(
                                JobKind.REBASE, "active", Optional.empty(), "active", List.of(), false, List.of()),
                        List.of("active", "base")));
    }

    private static void chainOfFour(Images images) throws IOException {
        images.make("base", "", "160k", "cluster_size=4k", "write -P 1 0 120k");
        images.make("s1", "base", "160k", "cluster_size=4k", "write -P 2 50k 30k", "write -z 100k 8k");
        images.make("s2", "s1", "160k", "cluster_size=4k", "write -P 3 64k 1k", "write -P 6 120k 30k");
        images.make("active", "s2", "160k", "cluster_size=4k", "write -P 4 4k 9k", "write -z 64k 4k");
    }

    /** Streams that share sectors, fill refcounts of two bits, and replace each other and plain clusters. */
    private static void compressedChain(Images images) throws IOException {
        String some = images.text();
        images.make("base", "", "160k", "cluster_size=4k,refcount_bits=2", "write -c -s " + some + " 0 100k");
        images.make(
                "s1",
                "base",
                "160k",
                "cluster_size=4k",
                "write -c -s " + some + " 24k 32k",
                "write -P 2 40k 3k",
                "write -c -P 3 100k 20k");
        images.make(
                "active",
                "s1",
                "158k",
                "cluster_size=4k,refcount_bits=2",
                "write -c -P 4 8k 4k",
                "write -P 5 80k 9k",
                "write -z 32k 8k");
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("scenarios")
    void everyStepMayBeTheLastOneBeforeThePowerIsGone(Scenario scenario) throws IOException {
        CrashPoints points = new CrashPoints(scenario, folder, false);
        points.requireDoneWithoutAccident();
        points.loseThePowerAfterEveryStep();
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("scenarios")
    void everyStepMayBeTheLastOneOfAJobThatRemovesWhatIsLeftOver(Scenario scenario) throws IOException {
        CrashPoints points = new CrashPoints(scenario, folder, true);
        points.requireDoneWithoutAccident();
        points.loseThePowerAfterSomeSteps();
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("scenarios")
    void whatAKilledProcessLeftUnsyncedMayBeGoneWhenTheNextOneLosesThePower(Scenario scenario) throws IOException {
        new CrashPoints(scenario, folder, false).killAfterEveryStep();
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("scenarios")
    void everyStepMayFailAndTheNextAttemptGoesOn(Scenario scenario) throws IOException {
        new CrashPoints(scenario, folder, false).failEveryStep();
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("scenarios")
    void aGuestMayWriteBetweenAnyCrashAndTheNextAttempt(Scenario scenario) throws IOException {
        new CrashPoints(scenario, folder, false).letAGuestWriteAfterEveryStep();
    }
}
