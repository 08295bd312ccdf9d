package io.planish.qcow2;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.planish.ErrorKind;
import io.planish.ImageException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class HeaderEditTest {
    private static final int SECTOR = 512;

    @Test
    void aNewBackingFileIsWrittenWithItsFormat() throws ImageException {
        HeaderBytes bytes = HeaderBytes.v3(16).featureNames(7);

        Header after = decode(bytes, finished(bytes, edit(bytes).backing(new Backing("../b.qcow2", "qcow2"))));

        assertThat(after.backing()).contains(new Backing("../b.qcow2", "qcow2"));
        assertThat(after.extension(Extension.FEATURE_NAMES))
                .isEqualTo(bytes.decode().extension(Extension.FEATURE_NAMES));
    }

    @Test
    void theNameMovesAgainAndAgain() throws ImageException {
        HeaderBytes bytes = HeaderBytes.v3(16).format("raw").featureNames(7).name("first");
        for (int i = 0; i < 20; i++) {
            Backing wanted = new Backing("x".repeat(1 + i * 50), i % 2 == 0 ? "qcow2" : "raw");
            byte[] result = everyCrashIsOldOrNew(bytes, edit(bytes).backing(wanted));
            bytes.bytes.put(0, result);
            assertThat(bytes.decode().backing()).contains(wanted);
        }
    }

    @Test
    void aBackingFileIsRemovedWithItsFormat() throws ImageException {
        HeaderBytes bytes = HeaderBytes.v3(16).format("raw").featureNames(7).name("first");

        Header after = decode(bytes, everyCrashIsOldOrNew(bytes, edit(bytes).noBacking()));

        assertThat(after.backing()).isEmpty();
        assertThat(after.backingNameOffset()).isZero();
        assertThat(after.extension(Extension.BACKING_FORMAT)).isEmpty();
    }

    @Test
    void aStaleFormatStaysWhereExtensionsCannotMove() throws ImageException {
        HeaderBytes bytes =
                HeaderBytes.v3(16).format("raw").extension(77, noise(2000)).name("first");

        Header after = decode(bytes, everyCrashIsOldOrNew(bytes, edit(bytes).noBacking()));

        assertThat(after.backing()).isEmpty();
        assertThat(after.extension(77)).isEqualTo(bytes.decode().extension(77));
    }

    @Test
    void extensionsThatCannotMoveSafelyAreRefused() {
        HeaderBytes bytes = HeaderBytes.v3(16).extension(77, noise(2000));

        assertThatThrownBy(() -> edit(bytes).backing(new Backing("b", "raw")).writes())
                .isInstanceOfSatisfying(
                        ImageException.class, e -> assertThat(e.kind()).isEqualTo(ErrorKind.UNSUPPORTED_FEATURE));
    }

    @Test
    void theFeatureNameTableGoesWhereNothingElseFits() throws ImageException {
        HeaderBytes bytes = HeaderBytes.v3(9).format("qcow2").featureNames(7).name("b");
        Backing wanted = new Backing("n".repeat(300), "qcow2");

        Header after = decode(bytes, everyCrashIsOldOrNew(bytes, edit(bytes).backing(wanted)));

        assertThat(after.backing()).contains(wanted);
        assertThat(after.extension(Extension.FEATURE_NAMES)).isEmpty();
    }

    @Test
    void aNameThatDoesNotFitIsRefused() {
        assertThatThrownBy(() -> edit(HeaderBytes.v3(9))
                        .backing(new Backing("n".repeat(400), "raw"))
                        .writes())
                .hasMessageContaining("no place in the first cluster");
        assertThatThrownBy(() -> edit(HeaderBytes.v3(16))
                        .backing(new Backing("ü".repeat(512), "raw"))
                        .writes())
                .hasMessageContaining("1024 bytes");
    }

    @ParameterizedTest
    @ValueSource(ints = {2, 3})
    void theHalfMergedMarkGoesOnAndOff(int version) throws ImageException {
        HeaderBytes bytes = version == 2 ? HeaderBytes.v2(16) : HeaderBytes.v3(16);
        bytes.format("raw").name("b");
        byte[] before = bytes.bytes.array().clone();

        byte[] marked = everyCrashIsOldOrNew(bytes, edit(bytes).halfMerged(true));
        assertThat(Marks.isHalfMerged(decode(bytes, marked))).isTrue();
        assertThat(decode(bytes, marked).backing()).contains(new Backing("b", "raw"));

        bytes.bytes.put(0, marked);
        byte[] unmarked = everyCrashIsOldOrNew(bytes, edit(bytes).halfMerged(false));
        assertThat(Marks.isHalfMerged(decode(bytes, unmarked))).isFalse();
        assertThat(decode(bytes, unmarked).backing())
                .isEqualTo(decode(bytes, before).backing());
    }

    @ParameterizedTest
    @ValueSource(ints = {2, 3})
    void aPoisonedImageIsRefused(int version) throws ImageException {
        HeaderBytes bytes = version == 2 ? HeaderBytes.v2(16) : HeaderBytes.v3(16);
        assertThat(Marks.isPoisoned(bytes.bytes)).isFalse();

        byte[] poisoned = finished(bytes, edit(bytes).poison());

        assertThat(Marks.isPoisoned(ByteBuffer.wrap(poisoned))).isTrue();
        assertThatThrownBy(() -> decode(bytes, poisoned).requireSupported())
                .hasMessageContaining("left over from a finished commit");
    }

    @Test
    void fieldsOfSectorZeroSwitchTogether() throws ImageException {
        HeaderBytes bytes = HeaderBytes.v3(16).putLong(88, 0xf0).putLong(72, 1);

        byte[] result = everyCrashIsOldOrNew(
                bytes,
                edit(bytes)
                        .virtualSize(2 << 20)
                        .l1Table(0x30000, 2)
                        .refcountTable(0x20000, 1)
                        .dirty(false));

        Header after = decode(bytes, result);
        assertThat(after.virtualSizeBytes()).isEqualTo(2 << 20);
        assertThat(after.l1Offset()).isEqualTo(0x30000);
        assertThat(after.l1Entries()).isEqualTo(2);
        assertThat(after.refcountTableOffset()).isEqualTo(0x20000);
        assertThat(after.autoclearFeatures()).isZero();
        assertThat(after.isDirty()).isFalse();
    }

    @Test
    void nothingIsWrittenWhereNothingChanges() throws ImageException {
        HeaderBytes bytes = HeaderBytes.v3(16).format("raw").featureNames(7).name("a".repeat(100));

        assertThat(edit(bytes).halfMerged(false).writes()).isEmpty();
        assertThat(edit(bytes).backing(new Backing("a".repeat(100), "raw")).writes())
                .isEmpty();
    }

    @Test
    void randomHeadersSurviveEveryCrash() throws ImageException {
        long seed = System.nanoTime();
        Random random = new Random(seed);
        int done = 0;
        for (int round = 0; round < 2000; round++) {
            HeaderBytes bytes = randomHeader(random);
            HeaderEdit edit = edit(bytes);
            if (random.nextInt(4) > 0) {
                edit.backing(new Backing(
                        "n".repeat(1 + random.nextInt(1023)), random.nextBoolean() ? "qcow2" : "host_device"));
            } else {
                edit.noBacking();
            }
            try {
                edit.writes();
            } catch (ImageException refused) {
                continue;
            }
            try {
                everyCrashIsOldOrNew(bytes, edit);
            } catch (Throwable e) {
                throw new AssertionError("seed " + seed + " round " + round, e);
            }
            done++;
        }
        assertThat(done).as("seed %s: edits that were not refused", seed).isGreaterThan(500);
    }

    private static HeaderBytes randomHeader(Random random) {
        int bits = 9 + random.nextInt(4);
        HeaderBytes bytes = random.nextBoolean() ? HeaderBytes.v2(bits) : HeaderBytes.v3(bits);
        int room = bytes.bytes.capacity() - 112 - 8 - 40;
        if (random.nextBoolean()) {
            bytes.format(random.nextBoolean() ? "raw" : "host_device");
        }
        if (random.nextBoolean() && room > 400) {
            int entries = random.nextInt(6);
            bytes.featureNames(entries);
            room -= entries * 48 + 8;
        }
        if (random.nextInt(3) == 0) {
            int length = random.nextInt(Math.max(1, Math.min(600, room - 100)));
            bytes.extension(0x11111111, noise(length));
            room -= length + 16;
        }
        if (random.nextBoolean()) {
            bytes.name("o".repeat(Math.min(1023, random.nextInt(Math.max(1, room - 20)))));
        }
        return bytes;
    }

    private static byte[] noise(int length) {
        byte[] bytes = new byte[length];
        new Random(length).nextBytes(bytes);
        return bytes;
    }

    private static HeaderEdit edit(HeaderBytes bytes) {
        try {
            return HeaderEdit.of(bytes.bytes.slice(), bytes.decode());
        } catch (ImageException e) {
            throw new AssertionError(e);
        }
    }

    private static Header decode(HeaderBytes like, byte[] cluster) throws ImageException {
        return Header.decode(ByteBuffer.wrap(cluster), 4L * like.bytes.capacity());
    }

    private static byte[] finished(HeaderBytes bytes, HeaderEdit edit) throws ImageException {
        byte[] cluster = bytes.bytes.array().clone();
        for (HeaderWrite write : edit.writes()) {
            apply(cluster, write, -1);
        }
        return cluster;
    }

    /**
     * Applies every prefix of the writes, the last one with every subset of its sectors (a sample where they are many);
     * each must decode to the old header or to the new one. Returns the cluster when all is written.
     */
    private static byte[] everyCrashIsOldOrNew(HeaderBytes bytes, HeaderEdit edit) throws ImageException {
        List<HeaderWrite> writes = edit.writes();
        byte[] old = bytes.bytes.array().clone();
        byte[] done = old.clone();
        for (HeaderWrite write : writes) {
            apply(done, write, -1);
        }
        assertThat(writes.size()).isLessThanOrEqualTo(2);
        if (!writes.isEmpty() && writes.getLast().offset() == 0) {
            assertThat(writes.getLast().bytes().remaining()).isEqualTo(SECTOR);
        }
        List<Object> expected = List.of(meaning(bytes, old), meaning(bytes, done));
        byte[] durable = old.clone();
        for (HeaderWrite write : writes) {
            for (int subset : subsets(write)) {
                byte[] torn = durable.clone();
                apply(torn, write, subset);
                assertThat(meaning(bytes, torn)).isIn(expected);
            }
            apply(durable, write, -1);
        }
        return done;
    }

    private static List<Integer> subsets(HeaderWrite write) {
        long first = write.offset() / SECTOR;
        long last = (write.offset() + write.bytes().remaining() - 1) / SECTOR;
        int sectors = (int) (last - first + 1);
        List<Integer> subsets = new ArrayList<>();
        for (int i = 0; i < 1 << Math.min(sectors, 6); i++) {
            subsets.add(i);
        }
        return subsets;
    }

    /** Writes those sectors whose bit is set. */
    private static void apply(byte[] cluster, HeaderWrite write, int sectors) {
        ByteBuffer from = write.bytes();
        int first = (int) (write.offset() / SECTOR);
        for (int at = (int) write.offset(); from.hasRemaining(); at++) {
            byte value = from.get();
            if ((sectors >> Math.min(31, at / SECTOR - first) & 1) != 0) {
                cluster[at] = value;
            }
        }
    }

    /** All that a header says, with extensions by content. */
    private static List<Object> meaning(HeaderBytes like, byte[] cluster) throws ImageException {
        Header header = decode(like, cluster);
        List<Object> all = new ArrayList<>(List.of(header, header.backing()));
        all.addAll(Arrays.asList(header.extensions().toArray()));
        return all;
    }
}
