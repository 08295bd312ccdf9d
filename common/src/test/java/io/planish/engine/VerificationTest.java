package io.planish.engine;

import static org.assertj.core.api.Assertions.assertThat;

import io.planish.chain.ImageRef;
import io.planish.image.HeaderFile;
import io.planish.job.Job;
import io.planish.job.JobKind;
import io.planish.job.JobResult;
import io.planish.job.Outcome;
import io.planish.job.Verify;
import io.planish.qcow2.Header;
import io.planish.qcow2.L1Entry;
import io.planish.storage.ImageFile;
import io.planish.storage.SimulatedStorage;
import io.planish.storage.Storage.OpenMode;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Whatever goes wrong with a cluster on its way into the target is noticed by full verification, before any link changes. */
class VerificationTest {
    private static final ImageRef TARGET = Simulated.ref("active");

    @TempDir
    private Path folder;

    private Simulated pool;
    private Job job;
    private Job commit;

    /** What is done wrong, once. */
    enum Accident {
        WRONG_SOURCE_OFFSET {
            @Override
            void prepare(SimulatedStorage storage, AtomicBoolean happened) {
                storage.onCopy((right, source, sourceOffset) -> {
                    if (!happened.getAndSet(true)) {
                        source.read(right, sourceOffset + 512);
                    }
                });
            }
        },
        FLIPPED_BYTE {
            @Override
            void prepare(SimulatedStorage storage, AtomicBoolean happened) {
                storage.onCopy((right, source, sourceOffset) -> {
                    if (!happened.getAndSet(true)) {
                        right.put(right.limit() / 2, (byte) ~right.get(right.limit() / 2));
                    }
                });
            }
        },
        WRONG_CLONE_OFFSET {
            @Override
            void prepare(SimulatedStorage storage, AtomicBoolean happened) {
                storage.makeClones();
                storage.onCopy(new SimulatedStorage.Copying() {
                    @Override
                    public void arrive(ByteBuffer right, ImageFile source, long sourceOffset) {}

                    @Override
                    public long cloned(long sourceOffset) {
                        return happened.getAndSet(true) ? sourceOffset : sourceOffset + 4096;
                    }
                });
            }
        },
        SWAPPED_ENTRIES {
            @Override
            void prepare(SimulatedStorage storage, AtomicBoolean happened) {
                storage.onStep(step -> {
                    if (step.equals("sync /pool/active") && !happened.get()) {
                        happened.set(true);
                        happened.set(swapped(storage, "active", 0, 1));
                    }
                });
            }
        };

        abstract void prepare(SimulatedStorage storage, AtomicBoolean happened);
    }

    /** Exchanges two L2 entries of an image, if both are there. */
    private static boolean swapped(SimulatedStorage storage, String image, int one, int other) {
        try (ImageFile file = storage.open(Simulated.ROOT.resolve(image), OpenMode.READ_WRITE)) {
            Header header = HeaderFile.read(file);
            long table = L1Entry.l2Offset(word(file, header.l1Offset()));
            long first = table == 0 ? 0 : word(file, table + one * 8L);
            long second = table == 0 ? 0 : word(file, table + other * 8L);
            if (first == 0 || second == 0) {
                return false;
            }
            file.write(ByteBuffer.allocate(8).putLong(second).flip(), table + one * 8L);
            file.write(ByteBuffer.allocate(8).putLong(first).flip(), table + other * 8L);
            return true;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Exchanges the first two entries of a table that nothing refers to yet, as soon as one is durable. */
    private static boolean swappedAside(SimulatedStorage storage, Path path) {
        try (ImageFile file = storage.open(path, OpenMode.READ_WRITE)) {
            Header header = HeaderFile.read(file);
            for (long table = 4096; table < file.sizeBytes(); table += 4096) {
                long first = word(file, table);
                long second = word(file, table + 8);
                if (table != header.l1Offset() && first < 0 && second < 0) {
                    file.write(
                            ByteBuffer.allocate(16)
                                    .putLong(second)
                                    .putLong(first)
                                    .flip(),
                            table);
                    return true;
                }
            }
            return false;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static long word(ImageFile file, long offset) throws IOException {
        ByteBuffer word = ByteBuffer.allocate(8);
        file.read(word, offset);
        return word.getLong(0);
    }

    @BeforeEach
    void makeChain() throws IOException {
        Images images = new Images(folder);
        images.make(
                "base",
                "",
                "128k",
                "cluster_size=4k",
                "write -P 1 0 3k",
                "write -P 2 3k 3k",
                "write -P 3 6k 10k",
                "write -P 4 90k 4k");
        images.make("active", "base", "128k", "cluster_size=4k", "write -P 9 64k 4k");
        pool = Simulated.load(images, folder);
        job = pool.job(JobKind.PULL, "active", Optional.empty(), "active", List.of(), false, List.of("base"));
        commit = pool.job(JobKind.COMMIT, "base", Optional.empty(), "active", List.of(), true, List.of());
    }

    @ParameterizedTest
    @EnumSource
    void fullVerificationNoticesItBeforeALinkChanges(Accident accident) throws IOException {
        AtomicBoolean happened = new AtomicBoolean();
        accident.prepare(pool.storage, happened);

        JobResult result = pool.run(job, Verify.FULL);

        assertThat(happened).isTrue();
        assertNoticed(result, "verification");
        assertThat(pool.backing(TARGET)).contains(Simulated.ref("base"));
        assertThat(pool.storage.exists(pool.path(Simulated.ref("base")))).isTrue();
    }

    @ParameterizedTest
    @EnumSource(names = "SWAPPED_ENTRIES", mode = EnumSource.Mode.EXCLUDE)
    void aCommitThatWentWrongIsNoticedBeforeTheTopGoesAndIsDoneRightlyThen(Accident accident) throws IOException {
        byte[] content = pool.content(TARGET);
        AtomicBoolean happened = new AtomicBoolean();
        accident.prepare(pool.storage, happened);

        JobResult result = pool.run(commit, Verify.FULL);

        assertThat(happened).isTrue();
        assertNoticed(result, "verification");
        assertThat(pool.content(TARGET)).isEqualTo(content);
        assertThat(pool.run(commit, Verify.FULL).outcome()).isEqualTo(new Outcome.Done());
        assertThat(pool.content(TARGET)).isEqualTo(content);
    }

    @Test
    void anEntryOfACommitsTargetThatWasSwappedWithAnotherIsNoticed() {
        AtomicBoolean happened = new AtomicBoolean();
        pool.storage.onStep(step -> {
            if (step.equals("sync /pool/base") && !happened.get()) {
                happened.set(true);
                happened.set(swapped(pool.storage, "base", 16, 22));
            }
        });

        JobResult result = pool.run(commit, Verify.FULL);

        assertThat(happened).isTrue();
        assertNoticed(result, "verification");
    }

    @Test
    void aNewTableThatIsNotWhatWasWrittenIsNoticedBeforeAnythingRefersToIt() throws IOException {
        Images images = new Images(folder);
        images.make("empty", "base", "128k", "cluster_size=4k");
        pool.storage.load(folder.resolve("empty"), Simulated.ROOT.resolve("empty"));
        ImageRef empty = Simulated.ref("empty");
        byte[] content = pool.content(empty);
        Job pull = pool.job(JobKind.PULL, "empty", Optional.empty(), "empty", List.of(), false, List.of());
        AtomicBoolean happened = new AtomicBoolean();
        pool.storage.onStep(step -> {
            if (step.equals("sync /pool/empty") && !happened.get()) {
                happened.set(true);
                happened.set(swappedAside(pool.storage, pool.path(empty)));
            }
        });

        JobResult result = pool.run(pull, Verify.FULL);

        assertThat(happened).isTrue();
        assertNoticed(result, "verification", "new L2 table");
        assertThat(pool.content(empty)).isEqualTo(content);
        assertThat(pool.run(pull, Verify.FULL).outcome()).isEqualTo(new Outcome.Done());
        assertThat(pool.content(empty)).isEqualTo(content);
    }

    /** Else it stayed: a later attempt passes over what the target owns. */
    @ParameterizedTest
    @EnumSource(names = {"WRONG_SOURCE_OFFSET", "FLIPPED_BYTE", "WRONG_CLONE_OFFSET"})
    void noGuestSeesWhatAPullCopiedWronglyAndTheNextAttemptCopiesItRightly(Accident accident) throws IOException {
        byte[] content = pool.content(TARGET);
        accident.prepare(pool.storage, new AtomicBoolean());

        assertThat(pool.run(job, Verify.FULL).outcome()).isInstanceOf(Outcome.Failed.class);
        byte[] meanwhile = pool.content(TARGET);
        JobResult next = pool.run(job, Verify.FULL);

        assertThat(meanwhile).isEqualTo(content);
        assertThat(next.outcome()).isEqualTo(new Outcome.Done());
        assertThat(pool.content(TARGET)).isEqualTo(content);
    }

    /** Tables that are sound may still say something wrong: that is what full verification is for. */
    @ParameterizedTest
    @EnumSource
    void verificationOfTablesAloneCannotNoticeIt(Accident accident) {
        AtomicBoolean happened = new AtomicBoolean();
        accident.prepare(pool.storage, happened);

        JobResult result = pool.run(job, Verify.METADATA);

        assertThat(happened).isTrue();
        assertThat(result.outcome()).isEqualTo(new Outcome.Done());
    }

    private static void assertNoticed(JobResult result, String... says) {
        assertThat(result.outcome())
                .isInstanceOfSatisfying(
                        Outcome.Failed.class,
                        failed -> assertThat(failed.message()).contains(says));
    }

    @Test
    void nothingIsNoticedWhereAllIsRight() throws IOException {
        byte[] content = pool.content(TARGET);

        assertThat(pool.run(job, Verify.FULL).outcome()).isEqualTo(new Outcome.Done());
        assertThat(pool.content(TARGET)).isEqualTo(content);
    }
}
