package io.planish.plan;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.roaringbitmap.ContainerPointer;
import org.roaringbitmap.RelativeRangeConsumer;

/**
 * How much of each layer of a run can be seen from each top above it that is of interest, counted in clusters; found in one pass over what the layers own, after
 * which what any group of the run would write is a subtraction away.
 *
 * <p>For each run of clusters the pass remembers which layer was the last to own it. A layer that owns it too hides that one from itself and all
 * tops above, so it is enough to count how often each layer hides each other first. One block of 65,536 clusters after the other, so that what is
 * remembered stays in the processor's cache, whatever the size of the disk; a layer takes steps by the runs it owns, not by their length.
 */
final class Visibility {
    private static final int BLOCK = 1 << 16;

    private final int lowestTop;
    /** {@code [layer][top - lowest top of interest above the layer, or the layer itself]}. */
    private final long[][] data;

    private final long[][] zero;
    /** Sums over the layers above, top included. */
    private final long[][] dataUpward;

    private final long[][] zeroUpward;

    private Visibility(int lowestTop, long[][] data, long[][] zero) {
        this.lowestTop = lowestTop;
        this.data = data;
        this.zero = zero;
        this.dataUpward = upward(data);
        this.zeroUpward = upward(zero);
    }

    /**
     * @param layers base first, counted in clusters of one size; data counts where one is both data and zero
     * @param lowestTop nobody asks for lower ones
     */
    static Visibility of(List<Owned> layers, int lowestTop) {
        return new Pass(layers, lowestTop).run();
    }

    private int at(int layer, int top) {
        return top - Math.max(layer, lowestTop);
    }

    /** Clusters of the layer's data that are to be seen from {@code top}, which is the layer or one above it. */
    long data(int layer, int top) {
        return data[layer][at(layer, top)];
    }

    /** Clusters whose content, seen from {@code top}, is data of {@code lo} or a layer above it. */
    long dataFrom(int lo, int top) {
        return dataUpward[lo][at(lo, top)];
    }

    /** Clusters that {@code lo}, or a layer above it, makes read as zeroes for {@code top}. */
    long zeroFrom(int lo, int top) {
        return zeroUpward[lo][at(lo, top)];
    }

    private long[][] upward(long[][] own) {
        int n = own.length;
        long[][] sums = new long[n][];
        for (int layer = n - 1; layer >= 0; layer--) {
            sums[layer] = own[layer].clone();
            for (int top = Math.max(layer + 1, lowestTop); top < n; top++) {
                sums[layer][at(layer, top)] += sums[layer + 1][at(layer + 1, top)];
            }
        }
        return sums;
    }

    private static final class Pass implements RelativeRangeConsumer {
        private final int count;
        private final int lowestTop;
        private final List<ContainerPointer> zeroes = new ArrayList<>();
        private final List<ContainerPointer> datas = new ArrayList<>();
        private final long[][] data;
        private final long[][] zero;
        /** By cluster of the block, a bit: something else begins here than right below. */
        private final long[] begins = new long[BLOCK / Long.SIZE];
        /** What begins there: 0 nobody's clusters, else twice the layer, plus 1 for zeroes and 2 for data. */
        private final int[] marks = new int[BLOCK];

        private int pendingFrom;
        private int pendingTo;

        /** By the layer that hides, all up to the lowest top being one, and by mark: how many clusters it hides of whom; 0: of nobody. */
        private final long[][] hides;

        private long[] hidden = {};
        private int mark;

        Pass(List<Owned> layers, int lowestTop) {
            this.lowestTop = lowestTop;
            count = layers.size();
            data = new long[count][];
            zero = new long[count][];
            hides = new long[count][];
            for (int i = 0; i < count; i++) {
                Owned own = layers.get(i);
                data[i] = new long[count - Math.max(i, lowestTop)];
                zero[i] = new long[count - Math.max(i, lowestTop)];
                hides[i] = i > 0 && i <= lowestTop ? hides[0] : new long[2 * Math.max(i, lowestTop) + 3];
                data[i][0] = own.data().getLongCardinality();
                zero[i][0] = own.zero().getLongCardinality();
                zeroes.add(own.zero().getContainerPointer());
                datas.add(own.data().getContainerPointer());
            }
        }

        Visibility run() {
            for (int key = nextKey(); key < BLOCK; key = nextKey()) {
                Arrays.fill(begins, 0);
                begins[0] = 1;
                marks[0] = 0;
                for (int layer = 0; layer < count; layer++) {
                    hidden = hides[layer];
                    mark = 2 * layer + 1;
                    take(zeroes.get(layer), key);
                    mark = 2 * layer + 2;
                    take(datas.get(layer), key);
                }
            }
            for (int i = 0; i < count; i++) {
                int first = Math.max(i, lowestTop);
                zero[i][0] -= hides[first][2 * i + 1];
                data[i][0] -= hides[first][2 * i + 2];
                for (int above = 1; above < count - first; above++) {
                    zero[i][above] = zero[i][above - 1] - hides[first + above][2 * i + 1];
                    data[i][above] = data[i][above - 1] - hides[first + above][2 * i + 2];
                }
            }
            return new Visibility(lowestTop, data, zero);
        }

        private int nextKey() {
            int next = BLOCK;
            for (int i = 0; i < count; i++) {
                next = Math.min(next, Math.min(key(zeroes.get(i)), key(datas.get(i))));
            }
            return next;
        }

        private static int key(ContainerPointer pointer) {
            return pointer.getContainer() == null ? BLOCK : pointer.key();
        }

        private void take(ContainerPointer pointer, int key) {
            if (key(pointer) == key) {
                pointer.getContainer().forAll(0, this);
                takePending();
                pointer.advance();
            }
        }

        @Override
        public void acceptPresent(int cluster) {
            if (cluster != pendingTo) {
                takePending();
                pendingFrom = cluster;
            }
            pendingTo = cluster + 1;
        }

        @Override
        public void acceptAllPresent(int from, int to) {
            takePending();
            take(from, to);
        }

        private void takePending() {
            if (pendingFrom < pendingTo) {
                take(pendingFrom, pendingTo);
            }
            pendingFrom = 0;
            pendingTo = 0;
        }

        /** Hides what was there from {@code from} on, up to and without {@code to}. */
        private void take(int from, int to) {
            int word = from >>> 6;
            int below = word;
            long upToFrom = begins[word] & -1L >>> ~from;
            while (upToFrom == 0) {
                upToFrom = begins[--below];
            }
            int was = marks[(below << 6) + 63 - Long.numberOfLeadingZeros(upToFrom)];
            int begin = from;
            int lastWord = to - 1 >>> 6;
            long inside = begins[word] & -2L << from;
            begins[word] = begins[word] & ~(-2L << from) | 1L << from;
            while (true) {
                if (word == lastWord) {
                    long beyond = -2L << to - 1;
                    begins[word] |= inside & beyond;
                    inside &= ~beyond;
                }
                for (; inside != 0; inside &= inside - 1) {
                    int next = (word << 6) + Long.numberOfTrailingZeros(inside);
                    hidden[was] += next - begin;
                    was = marks[next];
                    begin = next;
                }
                if (word == lastWord) {
                    break;
                }
                inside = begins[++word];
                begins[word] = 0;
            }
            hidden[was] += to - begin;
            marks[from] = mark;
            if (to < BLOCK && (begins[to >>> 6] & 1L << to) == 0) {
                begins[to >>> 6] |= 1L << to;
                marks[to] = was;
            }
        }

        @Override
        public void acceptAbsent(int cluster) {}

        @Override
        public void acceptAllAbsent(int from, int to) {}
    }
}
