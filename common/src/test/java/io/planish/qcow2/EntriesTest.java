package io.planish.qcow2;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.planish.ImageException;
import java.nio.ByteBuffer;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class EntriesTest {
    private static final Geometry G16 = new Geometry(16, 16, 8);
    private static final long FILE = 100 << 16;

    @Test
    void theFiveKindsOfL2Entries() {
        assertThat(L2Entry.kind(0)).isEqualTo(L2Entry.Kind.UNALLOCATED);
        assertThat(L2Entry.kind(L2Entry.ZERO)).isEqualTo(L2Entry.Kind.ZERO_PLAIN);
        assertThat(L2Entry.kind(L2Entry.zeroAllocated(0x50000, true))).isEqualTo(L2Entry.Kind.ZERO_ALLOCATED);
        assertThat(L2Entry.kind(L2Entry.standard(0x50000, true))).isEqualTo(L2Entry.Kind.STANDARD);
        long compressed = L2Entry.compressed(CompressedDescriptor.of(0x50123, 700), G16);
        assertThat(L2Entry.kind(compressed)).isEqualTo(L2Entry.Kind.COMPRESSED);
        assertThat(L2Entry.hostOffset(L2Entry.standard(0x50000, true))).isEqualTo(0x50000);
    }

    @Test
    void malformedL2EntriesAreRejected() {
        assertMalformed(1L << 56, 3, "no reserved bits");
        assertMalformed(L2Entry.standard(0x50000, true) | 2, 3, "no reserved bits");
        assertMalformed(L2Entry.ZERO, 2, "no reserved bits");
        assertMalformed(L2Entry.COPIED, 3, "no reserved bits");
        assertMalformed(L2Entry.standard(0x50200, true), 3, "multiple of the cluster size");
        assertMalformed(L2Entry.standard(FILE, true), 3, "inside the file");
        assertMalformed(L2Entry.compressed(CompressedDescriptor.of(0x50000, 512), G16) | L2Entry.COPIED, 3, "COPIED");
        assertMalformed(L2Entry.compressed(CompressedDescriptor.of(0x8000, 512), G16), 3, "behind the header");
        assertMalformed(L2Entry.compressed(CompressedDescriptor.of(FILE - 512, 600), G16), 3, "inside the file");
    }

    private static void assertMalformed(long entry, int version, String message) {
        assertThatThrownBy(() -> L2Entry.checked(entry, 0x40008, version, G16, FILE))
                .isInstanceOf(ImageException.class)
                .hasMessageContaining("0x40008")
                .hasMessageContaining(message);
    }

    @Test
    void malformedL1AndRefcountTableEntriesAreRejected() {
        assertThatThrownBy(() -> L1Entry.checkedL2Offset(L1Entry.COPIED, 0x20000, G16, FILE))
                .isInstanceOf(ImageException.class);
        assertThatThrownBy(() -> L1Entry.checkedL2Offset(0x50001, 0x20000, G16, FILE))
                .hasMessageContaining("reserved");
        assertThatThrownBy(() -> L1Entry.checkedL2Offset(0x50200, 0x20000, G16, FILE))
                .hasMessageContaining("multiple");
        assertThatThrownBy(() -> L1Entry.checkedL2Offset(FILE, 0x20000, G16, FILE))
                .hasMessageContaining("less than");
        assertThatThrownBy(() -> RefcountTableEntry.checkedBlockOffset(0x50001, 0, G16, FILE))
                .hasMessageContaining("multiple");
        assertThatThrownBy(() -> RefcountTableEntry.checkedBlockOffset(-0x10000, 0, G16, FILE))
                .hasMessageContaining("less than");
    }

    @ParameterizedTest
    @ValueSource(ints = {9, 12, 16, 21})
    void compressedDescriptorsRoundTrip(int clusterBits) {
        Random random = new Random(clusterBits);
        for (int i = 0; i < 1000; i++) {
            long offset = random.nextLong(1L << Math.min(56, 70 - clusterBits));
            CompressedDescriptor descriptor = CompressedDescriptor.of(offset, 1 + random.nextInt(1 << clusterBits) / 2);
            assertThat(CompressedDescriptor.decode(descriptor.encode(clusterBits), clusterBits))
                    .isEqualTo(descriptor);
        }
    }

    @Test
    void aCompressedStreamEndsWithItsLastSector() {
        assertThat(CompressedDescriptor.of(0x50000, 512).maxLengthBytes()).isEqualTo(512);
        assertThat(CompressedDescriptor.of(0x50000, 513).maxLengthBytes()).isEqualTo(1024);
        assertThat(CompressedDescriptor.of(0x501ff, 2).maxLengthBytes()).isEqualTo(513);
        assertThat(CompressedDescriptor.of(0x501ff, 2).endOffset()).isEqualTo(0x50400);
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 2, 4, 8, 16, 32, 64})
    void refcountsOfEveryWidthRoundTripBesideTheirNeighbours(int width) {
        ByteBuffer block = ByteBuffer.allocate(512);
        int count = 512 * 8 / width;
        long[] expected = new long[count];
        Random random = new Random(width);
        for (int i = 0; i < 10_000; i++) {
            int index = random.nextInt(count);
            long value = random.nextLong() & Refcounts.max(width);
            Refcounts.set(block, index, width, value);
            expected[index] = value;
        }
        for (int i = 0; i < count; i++) {
            assertThat(Refcounts.get(block, i, width)).isEqualTo(expected[i]);
        }
    }

    @Test
    void narrowRefcountsStartAtTheLeastSignificantBit() {
        ByteBuffer block = ByteBuffer.allocate(512);
        Refcounts.set(block, 0, 1, 1);
        Refcounts.set(block, 9, 4, 15);

        assertThat(block.get(0)).isEqualTo((byte) 1);
        assertThat(block.get(4)).isEqualTo((byte) 0xf0);
        assertThatThrownBy(() -> Refcounts.set(block, 0, 4, 16)).hasMessageContaining("does not fit 4 bits");
    }

    @Test
    void geometryOfDefaultClusters() {
        assertThat(G16.bytesPerL2Table()).isEqualTo(512L << 20);
        assertThat(G16.l1Entries((512L << 20) + 1)).isEqualTo(2);
        assertThat(G16.l1Entries(Long.MAX_VALUE)).isEqualTo(1L << 34);
        assertThat(G16.l1Index(512L << 20)).isEqualTo(1);
        assertThat(G16.l2Index((512L << 20) + (3 << 16) + 5)).isEqualTo(3);
        assertThat(G16.refcountsPerBlock()).isEqualTo(32768);
        assertThat(new Geometry(9, 64, 8).refcountsPerBlock()).isEqualTo(64);
        assertThat(G16.clusters(65537)).isEqualTo(2);
        assertThat(G16.clusterStart(65537)).isEqualTo(65536);
    }
}
