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
        SWAPPED_ENTRIES {
            @Override
            void prepare(SimulatedStorage storage, AtomicBoolean happened) {
                storage.onStep(step -> {
                    if (step.equals("sync /pool/active") && !happened.get()) {
                        happened.set(swapped(storage, happened));
                    }
                });
            }
        };

        abstract void prepare(SimulatedStorage storage, AtomicBoolean happened);
    }

    /** Exchanges two L2 entries of the target, as soon as there are two. */
    private static boolean swapped(SimulatedStorage storage, AtomicBoolean happened) {
        happened.set(true);
        try (ImageFile file = storage.open(Simulated.ROOT.resolve("active"), OpenMode.READ_WRITE)) {
            Header header = HeaderFile.read(file);
            long table = L1Entry.l2Offset(word(file, header.l1Offset()));
            long first = table == 0 ? 0 : word(file, table);
            long second = table == 0 ? 0 : word(file, table + 8);
            if (first == 0 || second == 0) {
                return false;
            }
            file.write(ByteBuffer.allocate(16).putLong(second).putLong(first).flip(), table);
            return true;
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
    }

    @ParameterizedTest
    @EnumSource
    void fullVerificationNoticesItBeforeALinkChanges(Accident accident) throws IOException {
        AtomicBoolean happened = new AtomicBoolean();
        accident.prepare(pool.storage, happened);

        JobResult result = pool.run(job, Verify.FULL);

        assertThat(happened).isTrue();
        assertThat(result.outcome())
                .isInstanceOfSatisfying(
                        Outcome.Failed.class,
                        failed -> assertThat(failed.message()).contains("verification"));
        assertThat(pool.backing(TARGET)).contains(Simulated.ref("base"));
        assertThat(pool.storage.exists(pool.path(Simulated.ref("base")))).isTrue();
    }

    /** Else it stayed: a later attempt passes over what the target owns. */
    @ParameterizedTest
    @EnumSource(names = {"WRONG_SOURCE_OFFSET", "FLIPPED_BYTE"})
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

    @Test
    void nothingIsNoticedWhereAllIsRight() throws IOException {
        byte[] content = pool.content(TARGET);

        assertThat(pool.run(job, Verify.FULL).outcome()).isEqualTo(new Outcome.Done());
        assertThat(pool.content(TARGET)).isEqualTo(content);
    }
}
