package io.planish.qcow2;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.planish.ErrorKind;
import io.planish.ImageException;
import java.nio.ByteBuffer;
import java.util.Optional;
import java.util.Random;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

class HeaderTest {
    @Test
    void aPlainHeaderDecodes() throws ImageException {
        Header header = HeaderBytes.v3(16).decode();

        assertThat(header.version()).isEqualTo(3);
        assertThat(header.geometry()).isEqualTo(new Geometry(16, 16, 8));
        assertThat(header.virtualSizeBytes()).isEqualTo(1 << 20);
        assertThat(header.l1Offset()).isEqualTo(0x20000);
        assertThat(header.refcountTableOffset()).isEqualTo(0x10000);
        assertThat(header.backing()).isEmpty();
        assertThat(header.unsupported()).isEmpty();
    }

    @Test
    void backingNameAndFormatAreRead() throws ImageException {
        Header header = HeaderBytes.v3(16)
                .format("qcow2")
                .featureNames(7)
                .name("base.qcow2")
                .decode();

        assertThat(header.backing()).contains(new Backing("base.qcow2", "qcow2"));
    }

    @Test
    void aBackingFileWithoutFormatIsNotGuessed() throws ImageException {
        Header header = HeaderBytes.v2(16).name("base").decode();

        assertThat(header.backing()).contains(new Backing("base", Optional.empty()));
        assertThat(header.geometry().refcountBits()).isEqualTo(16);
    }

    @Test
    void unknownExtensionsAreKeptByteForByte() throws ImageException {
        Header header = HeaderBytes.v3(16)
                .extension(0x12345678, (byte) 1, (byte) 2, (byte) 3)
                .decode();

        assertThat(header.extension(0x12345678).orElseThrow().data()).isEqualTo(ByteBuffer.wrap(new byte[] {1, 2, 3}));
    }

    @Test
    void bitmapsMeanNothingWithoutTheirAutoclearBit() throws ImageException {
        byte[] garbage = new byte[24];
        garbage[0] = 0x7f;

        assertThat(HeaderBytes.v3(16)
                        .extension(Extension.BITMAPS, garbage)
                        .decode()
                        .bitmaps())
                .isEmpty();
    }

    @Test
    void bitmapsAreReadWithTheirAutoclearBit() throws ImageException {
        ByteBuffer data = ByteBuffer.allocate(24).putInt(0, 1).putLong(8, 32).putLong(16, 0x30000);

        Header header = HeaderBytes.v3(16)
                .putLong(88, 1)
                .extension(Extension.BITMAPS, data.array())
                .decode();

        assertThat(header.bitmaps()).contains(new BitmapsExtension(1, 0x30000, 32));
    }

    static Stream<Arguments> malformedFields() {
        return Stream.of(
                bad("magic", h -> h.putInt(0, 0x514649fc), "not a QCOW2 file"),
                bad("cluster bits 8", h -> h.putInt(20, 8), "cluster bits at offset 0x14 is 8"),
                bad("cluster bits 22", h -> h.putInt(20, 22), "expected 9 to 21"),
                bad("cluster bits huge", h -> h.putInt(20, -1), "4294967295"),
                bad("virtual size negative", h -> h.putLong(24, -512), "virtual size at offset 0x18"),
                bad("virtual size beyond L1", h -> h.putLong(24, 1L << 40), "expected at least 2048"),
                bad("encryption 3", h -> h.putInt(32, 3), "encryption method at offset 0x20 is 3"),
                bad("L1 entries huge", h -> h.putInt(36, -1), "L1 table's entry count"),
                bad("L1 entries beyond the file", h -> h.putInt(36, 100_000), "ends beyond the file"),
                bad("L1 unaligned", h -> h.putLong(40, 0x20008), "L1 table's offset is 0x20008"),
                bad("L1 in the header", h -> h.putLong(40, 0), "L1 table's offset is 0x0"),
                bad("L1 beyond the file", h -> h.putLong(40, 0x40000), "L1 table at 0x40000"),
                bad("L1 offset negative", h -> h.putLong(40, -0x10000), "L1 table's offset"),
                bad("L1 over the refcount table", h -> h.putLong(40, 0x10000), "overlaps the L1 table"),
                bad("refcount table unaligned", h -> h.putLong(48, 0x10200), "refcount table's offset is 0x10200"),
                bad("refcount table beyond", h -> h.putLong(48, 1L << 50), "refcount table at 0x4000000000000"),
                bad("refcount table none", h -> h.putInt(56, 0), "refcount table's cluster count"),
                bad("refcount table huge", h -> h.putInt(56, Integer.MAX_VALUE), "expected 1 to 128"),
                bad("refcount table longer than the file", h -> h.putInt(56, 100), "ends beyond the file"),
                bad("snapshots huge", h -> h.putInt(60, -1), "internal snapshot count"),
                bad("snapshot table unaligned", h -> h.putInt(60, 1).putLong(64, 0x30001), "snapshot table's offset"),
                bad("snapshot table over L1", h -> h.putInt(60, 1).putLong(64, 0x20000), "overlaps the L1 table"),
                bad("snapshot table beyond", h -> h.putInt(60, 1).putLong(64, 0x40000), "snapshot table at 0x40000"),
                bad("compression type unannounced", h -> h.bytes.put(104, (byte) 1), "compression type at offset 0x68"),
                bad("compression type missing", h -> h.putLong(72, 8), "by its incompatible bit"),
                bad("refcount order 7", h -> h.putInt(96, 7), "refcount order at offset 0x60 is 7"),
                bad("header length 96", h -> h.putInt(100, 96), "header length at offset 0x64 is 96"),
                bad("header length 105", h -> h.putInt(100, 105), "header length"),
                bad("header length beyond the cluster", h -> h.putInt(100, 0x10008), "header length"),
                bad("name in the header", h -> h.putLong(8, 80), "backing name's offset at offset 0x8 is 0x50"),
                bad("name beyond the cluster", h -> h.putLong(8, 0x10001), "backing name's offset"),
                bad("name offset negative", h -> h.putLong(8, -1), "backing name's offset"),
                bad("name of 1024 bytes", h -> h.putLong(8, 200).putInt(16, 1024), "backing name's length"),
                bad("name over the cluster's end", h -> h.putLong(8, 0xfff0).putInt(16, 17), "backing name's length"),
                bad("name with NUL", h -> h.name("a\0b"), "control character"),
                bad("name not UTF-8", h -> h.name("ab").bytes.put(120, (byte) 0xff), "not UTF-8"),
                bad("format too long", h -> h.format("a-format-of-16-b").name("b"), "backing format has 16 bytes"),
                bad("extension too long", h -> h.putInt(112, 1).putInt(116, 0x10000), "length of header extension"),
                bad("extension length negative", h -> h.putInt(112, 1).putInt(116, -1), "length of header extension"),
                bad("extension over the name", h -> h.name("b").putInt(112, 1).putInt(116, 64), "at most 0"),
                bad("extension twice", h -> h.extension(7).extension(7), "each type once"),
                bad("bitmaps bit alone", h -> h.putLong(88, 1), "bitmaps bit"),
                bad("bitmaps length", h -> h.putLong(88, 1).extension(Extension.BITMAPS), "bitmaps extension has 0"),
                bad("bitmaps none", h -> bitmaps(h, 0, 32, 0x30000), "counts 0 bitmaps"),
                bad("bitmaps directory size", h -> bitmaps(h, 1, 8, 0x30000), "bitmap directory has 8 bytes"),
                bad("bitmaps directory beyond", h -> bitmaps(h, 1, 32, 0x50000), "bitmap directory at 0x50000"),
                bad("bitmaps directory unaligned", h -> bitmaps(h, 1, 32, 0x30008), "bitmap directory's offset"),
                bad("extended L2 in 4 KiB clusters", h -> h.putInt(20, 12).putLong(72, 16), "with extended L2"));
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("malformedFields")
    void aMalformedFieldIsRejected(String field, Consumer<HeaderBytes> damage, String message) {
        HeaderBytes header = HeaderBytes.v3(16);
        damage.accept(header);

        assertThatThrownBy(header::decode)
                .isInstanceOfSatisfying(
                        ImageException.class, e -> assertThat(e.kind()).isEqualTo(ErrorKind.MALFORMED_IMAGE))
                .hasMessageContaining(message);
    }

    @Test
    void aTruncatedHeaderIsRejected() {
        for (int length = 0; length < 104; length++) {
            ByteBuffer file = HeaderBytes.v3(16).bytes.slice(0, length);
            assertThatThrownBy(() -> Header.decode(file, file.limit()))
                    .as("%s bytes", length)
                    .isInstanceOf(ImageException.class);
        }
    }

    static Stream<Arguments> unsupportedFeatures() {
        return Stream.of(
                bad("AES", h -> h.putInt(32, 1), "encrypted (AES)"),
                bad("LUKS", h -> h.putInt(32, 2), "encrypted (LUKS)"),
                bad("corrupt", h -> h.putLong(72, 2), "marked corrupt"),
                bad("data file", h -> h.putLong(72, 4), "external data file"),
                bad("named", h -> h.putLong(72, 1L << 41).featureNames(3), "'feature 1' (incompatible bit 41)"),
                bad("unnamed", h -> h.putLong(72, 1L << 50), "incompatible bit 50"),
                bad("poisoned", h -> h.putLong(72, 1L << 63), "left over from a finished commit"),
                bad("compression", h -> h.putLong(72, 8).bytes.put(104, (byte) 2), "compression type 2"));
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("unsupportedFeatures")
    void anUnsupportedFeatureIsRefusedByNameButDescribed(String feature, Consumer<HeaderBytes> change, String message)
            throws ImageException {
        HeaderBytes bytes = HeaderBytes.v3(16);
        change.accept(bytes);
        Header header = bytes.decode();

        assertThat(String.join("; ", header.unsupported())).contains(message);
        assertThatThrownBy(header::requireSupported)
                .isInstanceOfSatisfying(
                        ImageException.class, e -> assertThat(e.kind()).isEqualTo(ErrorKind.UNSUPPORTED_FEATURE))
                .hasMessageContaining(message);
    }

    @Test
    void extendedL2EntriesAreSupported() throws ImageException {
        Header header = HeaderBytes.v3(16).putLong(72, 16).decode();

        assertThat(header.unsupported()).isEmpty();
        assertThat(header.geometry().granularityBytes()).isEqualTo(2048);
        assertThat(header.geometry().bytesPerL2Table()).isEqualTo(256L << 20);
    }

    @Test
    void aDiskEndsWithItsLastWholeSectorAsWithQemu() throws ImageException {
        assertThat(HeaderBytes.v3(16).putLong(24, 1535).decode().virtualSizeBytes())
                .isEqualTo(1024);
        assertThat(HeaderBytes.v3(16).putLong(24, 511).decode().virtualSizeBytes())
                .isZero();
    }

    @Test
    void damagedHeadersDecodeOrAreRefused() {
        long seed = System.nanoTime();
        Random random = new Random(seed);
        int decoded = 0;
        int refused = 0;
        ByteBuffer file = ByteBuffer.allocate(1 << Geometry.MAX_CLUSTER_BITS);
        for (int round = 0; round < 100_000; round++) {
            HeaderBytes bytes = (random.nextBoolean() ? HeaderBytes.v3(9 + random.nextInt(3)) : HeaderBytes.v2(10))
                    .format("raw")
                    .extension(77, (byte) 1)
                    .name("b");
            for (int flips = random.nextInt(4); flips >= 0; flips--) {
                int at = random.nextInt(160);
                bytes.bytes.put(at, (byte) (bytes.bytes.get(at) ^ 1 << random.nextInt(8)));
            }
            long fileSize = random.nextInt(10) == 0 ? random.nextLong(Long.MAX_VALUE) : 8192;
            file.put(0, new byte[2048]).put(0, bytes.bytes, 0, bytes.bytes.capacity());
            try {
                Header.decode(file, fileSize).unsupported();
                decoded++;
            } catch (ImageException e) {
                refused++;
            } catch (RuntimeException e) {
                throw new AssertionError("seed " + seed + " round " + round, e);
            }
        }
        assertThat(decoded).as("seed %s", seed).isGreaterThan(1000);
        assertThat(refused).as("seed %s", seed).isGreaterThan(1000);
    }

    @Test
    void anotherVersionIsUnsupported() {
        assertThatThrownBy(() -> HeaderBytes.v3(16).putInt(4, 1).decode()).hasMessageContaining("QCOW version 1");
    }

    private static void bitmaps(HeaderBytes header, int count, long size, long offset) {
        ByteBuffer data =
                ByteBuffer.allocate(24).putInt(0, count).putLong(8, size).putLong(16, offset);
        header.putLong(88, 1).extension(Extension.BITMAPS, data.array());
    }

    private static Arguments bad(String field, Consumer<HeaderBytes> damage, String message) {
        return Arguments.of(field, damage, message);
    }
}
