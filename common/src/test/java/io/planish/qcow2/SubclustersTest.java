package io.planish.qcow2;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.planish.ImageException;
import io.planish.qcow2.L2Entry.Kind;
import java.util.Random;
import org.junit.jupiter.api.Test;

class SubclustersTest {
    private static final long HOST = L2Entry.standard(0x50000, true);
    private static final Geometry EXTENDED = new Geometry(16, 16, Geometry.EXTENDED_L2_ENTRY_BYTES);

    @Test
    void bitsAreThoseOfTheFormat() {
        assertThat(Subclusters.allocated(0, 1)).isEqualTo(1);
        assertThat(Subclusters.allocated(31, 32)).isEqualTo(1L << 31);
        assertThat(Subclusters.allocated(0, 32)).isEqualTo(0xffff_ffffL);
        assertThat(Subclusters.allocated(5, 5)).isZero();
        assertThat(Subclusters.zero(0, 1)).isEqualTo(1L << 32);
        assertThat(Subclusters.zero(31, 32)).isEqualTo(1L << 63);
        assertThat(Subclusters.without(-1L, 4, 32)).isEqualTo(0x0000_000f_0000_000fL);
        assertThat(Subclusters.anyAllocated(Subclusters.zero(0, 32))).isFalse();
        assertThat(Subclusters.anyAllocated(Subclusters.allocated(31, 32))).isTrue();
    }

    @Test
    void kindOfASubclusterDependsOnItsBitsAndTheHostCluster() {
        long bitmap = Subclusters.allocated(0, 2) | Subclusters.zero(2, 4);
        assertThat(Subclusters.kind(HOST, bitmap, 1)).isEqualTo(Kind.STANDARD);
        assertThat(Subclusters.kind(HOST, bitmap, 2)).isEqualTo(Kind.ZERO_ALLOCATED);
        assertThat(Subclusters.kind(HOST, bitmap, 4)).isEqualTo(Kind.UNALLOCATED);
        assertThat(Subclusters.kind(0, Subclusters.zero(31, 32), 31)).isEqualTo(Kind.ZERO_PLAIN);
        assertThat(Subclusters.kind(0, Subclusters.NONE, 31)).isEqualTo(Kind.UNALLOCATED);
        assertThat(Subclusters.kind(1L << 62 | 0x50000, Subclusters.NONE, 7)).isEqualTo(Kind.COMPRESSED);
    }

    @Test
    void runsOfLikeSubclustersEndWhereAnyBitChanges() {
        long seed = System.nanoTime();
        Random random = new Random(seed);
        for (int round = 0; round < 10_000; round++) {
            long bitmap = random.nextInt(3) == 0 ? random.nextLong() : sparse(random);
            int first = random.nextInt(Subclusters.COUNT);
            int alike = 1;
            while (first + alike < Subclusters.COUNT && bits(bitmap, first + alike) == bits(bitmap, first)) {
                alike++;
            }
            assertThat(Subclusters.alike(bitmap, first)).as("seed %s", seed).isEqualTo(alike);
        }
    }

    @Test
    void contradictionsAreMalformed() throws ImageException {
        Subclusters.check(Kind.STANDARD, Subclusters.NONE, 0);
        Subclusters.check(Kind.STANDARD, Subclusters.allocated(0, 16) | Subclusters.zero(16, 32), 0);
        Subclusters.check(Kind.UNALLOCATED, Subclusters.zero(0, 32), 0);
        assertMalformed(Kind.STANDARD, Subclusters.allocated(3, 5) | Subclusters.zero(4, 6), "both allocated and zero");
        assertMalformed(Kind.STANDARD, -1L, "both allocated and zero");
        assertMalformed(Kind.COMPRESSED, Subclusters.zero(0, 1), "0 for a compressed cluster");
        assertMalformed(Kind.UNALLOCATED, Subclusters.allocated(0, 1), "without a host cluster");
    }

    @Test
    void theZeroFlagIsReservedInAnExtendedEntry() {
        assertThatThrownBy(() -> L2Entry.checked(HOST | L2Entry.ZERO, 0x40000, 3, EXTENDED, 1 << 20))
                .hasMessageContaining("no reserved bits");
        assertThatThrownBy(() -> L2Entry.checked(L2Entry.ZERO, 0x40000, 3, EXTENDED, 1 << 20))
                .hasMessageContaining("no reserved bits");
    }

    private static void assertMalformed(Kind kind, long bitmap, String message) {
        assertThatThrownBy(() -> Subclusters.check(kind, bitmap, 0x40010))
                .hasMessageContaining("subcluster bitmap at offset 0x40018 is")
                .hasMessageContaining(message);
    }

    private static long bits(long bitmap, int subcluster) {
        return bitmap >>> subcluster & 0x1_0000_0001L;
    }

    private static long sparse(Random random) {
        int from = random.nextInt(Subclusters.COUNT);
        return Subclusters.allocated(0, from) | Subclusters.zero(from, random.nextInt(from, Subclusters.COUNT + 1));
    }
}
