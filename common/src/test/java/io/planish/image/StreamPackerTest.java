package io.planish.image;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.api.Test;

class StreamPackerTest {
    private static final int CLUSTER = 4096;

    /** Clusters from 1 on, taken in order; some belong to others from the start. */
    private static final class Counts implements StreamPacker.Clusters {
        private final Map<Long, Long> counts = new HashMap<>();
        private final Set<Long> others = new HashSet<>();
        private final long max;

        Counts(long max) {
            this.max = max;
            counts.put(0L, 1L);
        }

        @Override
        public long take() {
            for (long cluster = 1; ; cluster++) {
                if (take(cluster)) {
                    return cluster;
                }
            }
        }

        @Override
        public boolean take(long cluster) {
            return !others.contains(cluster) && counts.putIfAbsent(cluster, 1L) == null;
        }

        @Override
        public boolean isFull(long cluster) {
            return counts.getOrDefault(cluster, 0L) == max;
        }

        @Override
        public void raise(long cluster) {
            counts.merge(cluster, 1L, Long::sum);
        }
    }

    @Test
    void streamsLieOneRightBehindTheOther() throws IOException {
        assertThat(places(new Counts(65535), 1000, 1000, 5)).containsExactly(4096L, 5096L, 6096L);
    }

    @Test
    void aStreamRunsOverIntoTheNextClusterIfThatIsFree() throws IOException {
        Counts counts = new Counts(65535);
        assertThat(places(counts, 3000, 3000, 100)).containsExactly(4096L, 7096L, 10096L);
        assertThat(counts.counts).containsEntry(1L, 2L).containsEntry(2L, 2L);
    }

    @Test
    void aStreamBeginsAClusterOfItsOwnIfTheNextOneIsTaken() throws IOException {
        Counts counts = new Counts(65535);
        counts.others.add(2L);
        assertThat(places(counts, 3000, 3000, 100)).containsExactly(4096L, 12288L, 15288L);
        assertThat(counts.counts).containsEntry(1L, 1L).containsEntry(3L, 2L).doesNotContainKey(2L);
    }

    @Test
    void aClusterTakesNoMoreStreamsThanItsRefcountCanCount() throws IOException {
        assertThat(places(new Counts(1), 10, 10, 10)).containsExactly(4096L, 8192L, 12288L);
        assertThat(places(new Counts(3), 10, 10, 10, 10)).containsExactly(4096L, 4106L, 4116L, 8192L);
    }

    @Test
    void aFullClusterIsLeftWithoutTakingTheOneBehindIt() throws IOException {
        Counts counts = new Counts(1);
        assertThat(places(counts, 3000, 3000)).containsExactly(4096L, 8192L);
        assertThat(counts.counts).hasSize(3);
    }

    @Test
    void aStreamThatEndsWithItsClusterLeavesTheNextOneAlone() throws IOException {
        Counts counts = new Counts(65535);
        assertThat(places(counts, 4096, 4096, 1)).containsExactly(4096L, 8192L, 12288L);
        assertThat(counts.counts.values()).containsOnly(1L);
    }

    @Test
    void nothingIsAddedToAClusterOnceItWasLeft() throws IOException {
        StreamPacker packer = new StreamPacker(new Counts(65535), CLUSTER);
        assertThat(packer.place(100)).isEqualTo(4096);
        packer.leaveCluster();
        assertThat(packer.place(100)).isEqualTo(8192);
    }

    @Test
    void streamsNeverOverlapAndAreAllCounted() throws IOException {
        for (int width : new int[] {1, 2, 4, 16}) {
            Random random = new Random(width);
            Counts counts = new Counts((1L << width) - 1);
            for (int i = 0; i < 200; i++) {
                counts.others.add(1L + random.nextInt(2000));
            }
            StreamPacker packer = new StreamPacker(counts, CLUSTER);
            Map<Long, Long> references = new HashMap<>(Map.of(0L, 1L));
            Set<Long> used = new HashSet<>();
            for (int i = 0; i < 3000; i++) {
                int length = 1 + random.nextInt(random.nextBoolean() ? 100 : CLUSTER);
                long place = packer.place(length);
                for (long at = place; at < place + length; at++) {
                    assertThat(used.add(at)).isTrue();
                }
                for (long cluster = place / CLUSTER; cluster <= (place + length - 1) / CLUSTER; cluster++) {
                    references.merge(cluster, 1L, Long::sum);
                    assertThat(counts.others).doesNotContain(cluster);
                }
                if (random.nextInt(50) == 0) {
                    packer.leaveCluster();
                }
            }
            assertThat(counts.counts).isEqualTo(references);
        }
    }

    @Test
    void streamsOfWholeSectorsThatFollowEachOtherInAFileDoSoHereToo() throws IOException {
        StreamPacker packer = new StreamPacker(new Counts(65535), CLUSTER);
        assertThat(packer.place(100, 924, 700)).isEqualTo(4096 + 100);
        assertThat(packer.place(288, 736, 500)).isEqualTo(4096 + 800);
        assertThat(packer.place(276, 3308, 3308)).isEqualTo(4096 + 1300);
    }

    @Test
    void aStreamFromElsewhereKeepsItsPlaceInItsSector() throws IOException {
        StreamPacker packer = new StreamPacker(new Counts(65535), CLUSTER);
        assertThat(packer.place(100, 412, 412)).isEqualTo(4096 + 100);
        assertThat(packer.place(7, 505, 505)).isEqualTo(4096 + 512 + 7);
    }

    @Test
    void sectorsOfStreamsAreCountedInEveryClusterTheyTouch() throws IOException {
        for (int width : new int[] {1, 2, 16}) {
            Random random = new Random(width);
            Counts counts = new Counts((1L << width) - 1);
            for (int i = 0; i < 200; i++) {
                counts.others.add(1L + random.nextInt(2000));
            }
            StreamPacker packer = new StreamPacker(counts, CLUSTER);
            Map<Long, Long> references = new HashMap<>(Map.of(0L, 1L));
            long end = 0;
            int inSector = 0;
            for (int i = 0; i < 3000; i++) {
                int sectors = 1 + random.nextInt(8);
                int length = sectors * 512 - inSector;
                int advance = random.nextBoolean() ? length : Math.max(1, length - random.nextInt(511));
                long place = packer.place(inSector, length, advance);
                assertThat(place).isGreaterThanOrEqualTo(place / CLUSTER == end / CLUSTER ? end : 0);
                long last = (place + length - 1) / 512 * 512 + 511;
                for (long cluster = place / CLUSTER; cluster <= last / CLUSTER; cluster++) {
                    references.merge(cluster, 1L, Long::sum);
                    assertThat(counts.others).doesNotContain(cluster);
                }
                end = place + advance;
                inSector = (inSector + advance) % 512;
            }
            assertThat(counts.counts).isEqualTo(references);
        }
    }

    private static List<Long> places(Counts counts, int... lengths) throws IOException {
        StreamPacker packer = new StreamPacker(counts, CLUSTER);
        List<Long> places = new ArrayList<>();
        for (int length : lengths) {
            places.add(packer.place(length));
        }
        return places;
    }
}
