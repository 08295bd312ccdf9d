package io.planish.plan;

import io.planish.chain.ImageNode;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;
import org.roaringbitmap.RoaringBitmap;

/**
 * Which layers answer for the clusters of a target, seen from each top of a chain: bytes of clusters by the highest layer that answers for any part
 * of one, and by the two highest. Found in one pass over what the layers own, one block of parts after the other; kept as what each
 * layer changes for the tops from itself on.
 *
 * <p>Beyond its end a layer answers too, with zeroes, but not from its tables: there it counts as one more layer right below itself.
 */
final class Answers {
    private static final int BLOCK = 1 << 16;

    private final long[][] first;
    private final long[][] zero;
    private final Map<Long, Long>[] second;

    @SuppressWarnings({"unchecked", "rawtypes"})
    private Answers(int layers) {
        first = new long[layers][];
        zero = new long[layers][];
        second = new Map[layers];
        for (int i = 0; i < layers; i++) {
            first[i] = new long[i + 1];
            zero[i] = new long[i + 1];
            second[i] = new HashMap<>();
        }
    }

    /**
     * @param partBytes the size of parts
     * @param clusterBytes the size of the target's clusters
     * @param form whose compressed clusters the target can take over, see {@link Owned.Streams}
     * @param clones whether what a layer holds can be cloned into the target
     */
    static Answers of(
            List<ImageNode> chain,
            List<Owned> owned,
            int partBytes,
            int clusterBytes,
            String form,
            Predicate<ImageNode> clones) {
        Answers answers = new Answers(chain.size());
        answers.new Pass(chain, owned, partBytes, clusterBytes, form, clones).run();
        return answers;
    }

    int layers() {
        return first.length;
    }

    /** Turns sums for the top below {@code layer} into those for {@code layer}. */
    void apply(int layer, long[] firstSums, long[] zeroSums, long[] @Nullable [] secondSums) {
        for (int i = 0; i <= layer; i++) {
            firstSums[i] += first[layer][i];
            zeroSums[i] += zero[layer][i];
        }
        second[layer].forEach((pair, bytes) -> {
            int lower = (int) (pair >>> 32);
            long[] row = secondSums[lower];
            if (row == null) {
                row = new long[first.length];
                secondSums[lower] = row;
            }
            row[pair.intValue()] += bytes;
        });
    }

    private final class Pass {
        private final List<ImageNode> chain;
        private final int clusterBytes;
        private final int partBytes;
        private final int perCluster;
        private final int blockParts;
        private final long allParts;
        private final List<Layer> layers;
        /** By part of the block: 0 nobody, else twice the layer plus 1 beyond its end, plus 2 from its tables. */
        private final int[] owner;

        private final boolean[] data;
        /** By cluster of the block: the two highest of its owners, and what it costs; negative: as zeroes. */
        private final int[] highest;

        private final int[] next;
        private final long[] price;
        private int at;
        /** Where the layer ends, in parts; a cluster in which the top ends is looked at no further than that. */
        private long end;

        Pass(
                List<ImageNode> chain,
                List<Owned> owned,
                int partBytes,
                int clusterBytes,
                String form,
                Predicate<ImageNode> clones) {
            this.chain = chain;
            this.partBytes = partBytes;
            this.clusterBytes = clusterBytes;
            this.perCluster = Math.max(1, clusterBytes / partBytes);
            this.blockParts = Math.max(BLOCK, perCluster);
            this.owner = new int[blockParts];
            this.data = new boolean[blockParts];
            this.highest = new int[blockParts / perCluster];
            this.next = new int[highest.length];
            this.price = new long[highest.length];
            this.allParts = Math.ceilDiv(
                    chain.stream().mapToLong(ImageNode::virtualSizeBytes).max().orElse(0), (long) partBytes);
            this.layers = java.util.stream.IntStream.range(0, chain.size())
                    .mapToObj(i -> new Layer(owned.get(i), partBytes, clusterBytes, form, clones.test(chain.get(i))))
                    .toList();
        }

        void run() {
            for (long block = nextBlock(); block >= 0; block = nextBlock()) {
                Arrays.fill(owner, 0);
                Arrays.fill(data, false);
                Arrays.fill(highest, 0);
                Arrays.fill(next, 0);
                Arrays.fill(price, 0);
                long from = block * blockParts;
                long to = Math.min(from + blockParts, allParts);
                for (at = 0; at < layers.size(); at++) {
                    Layer layer = layers.get(at);
                    long endBelow = end;
                    end = Math.ceilDiv(chain.get(at).virtualSizeBytes(), (long) partBytes);
                    if (at > 0) {
                        beyondEnd(endBelow, Math.min(to, clusterEnd(endBelow)), from, 2 * at - 1, layer);
                    }
                    take(layer.zero, from, to, false, layer);
                    take(layer.data, from, to, true, layer);
                    take(layer.streams, from, to, true, layer);
                    beyondEnd(clusterEnd(end), to, from, 2 * at + 1, layer);
                    if (end >= from && end < to && end < clusterEnd(end)) {
                        settle((int) (end - from) / perCluster, from, layer, null);
                    }
                }
            }
        }

        private long clusterEnd(long part) {
            return Math.ceilDiv(part, (long) perCluster) * perCluster;
        }

        private void beyondEnd(long start, long limit, long from, int code, Layer layer) {
            if (start < limit && limit > from) {
                own(Math.max(start, from), limit, from, code, false, layer, null);
            }
        }

        /** The first block for which any layer still has something; -1: none. */
        private long nextBlock() {
            long next = Long.MAX_VALUE;
            for (Layer layer : layers) {
                next = Math.min(next, Math.min(layer.zero.start, layer.data.start));
            }
            return next >= allParts ? -1 : next / blockParts;
        }

        private void take(Runs runs, long from, long to, boolean isData, Layer layer) {
            while (runs.start < from + blockParts) {
                long start = Math.max(runs.start, from);
                long end = Math.min(runs.end, to);
                if (start < end) {
                    own(start, end, from, 2 * at + 2, isData, layer, runs == layer.streams ? runs : null);
                }
                if (runs.end > from + blockParts) {
                    break;
                }
                runs.next();
            }
        }

        private void own(
                long start, long end, long from, int code, boolean isData, Layer layer, @Nullable Runs streams) {
            int first = (int) (start - from);
            int last = (int) (end - from);
            Arrays.fill(owner, first, last, code);
            Arrays.fill(data, first, last, isData);
            for (int cluster = first / perCluster; cluster <= (last - 1) / perCluster; cluster++) {
                settle(cluster, from, layer, streams);
            }
        }

        /** Counts a cluster anew, for the tops from this layer on. */
        private void settle(int cluster, long from, Layer layer, @Nullable Runs streams) {
            count(cluster, -1);
            int first = cluster * perCluster;
            long within = Math.min(perCluster, allParts - from - first);
            if (end - from > first) {
                within = Math.min(within, end - from - first);
            }
            int one = 0;
            int two = 0;
            boolean anyData = false;
            boolean allData = true;
            boolean whole = true;
            for (int part = first; part < first + within; part++) {
                int code = owner[part];
                whole &= code == owner[first];
                anyData |= data[part];
                allData &= data[part];
                if (code > one) {
                    two = one;
                    one = code;
                } else if (code > two && code < one) {
                    two = code;
                }
            }
            highest[cluster] = one;
            next[cluster] = two;
            boolean fromTables = (one & 1) == 0;
            if (!anyData) {
                price[cluster] = -clusterBytes;
            } else if (whole && fromTables && one >> 1 == at + 1 && streams != null && isWhole(from + first)) {
                price[cluster] = Math.min(clusterBytes, streams.length(from / perCluster + cluster));
            } else if (whole && allData && fromTables && layers.get((one >> 1) - 1).clones && isWhole(from + first)) {
                price[cluster] = 0;
            } else {
                price[cluster] = clusterBytes;
            }
            count(cluster, 1);
        }

        /** Whether the cluster that begins with this part is not cut off by the end of the disk. */
        private boolean isWhole(long part) {
            return (part + perCluster) * partBytes <= chain.get(at).virtualSizeBytes();
        }

        private void count(int cluster, int sign) {
            int code = highest[cluster];
            if (code == 0) {
                return;
            }
            int one = code - 1 >> 1;
            long bytes = price[cluster];
            if (bytes < 0) {
                zero[at][one] -= sign * bytes;
                return;
            }
            first[at][one] += sign * bytes;
            boolean beyondEnd = (code & 1) == 1;
            if (beyondEnd || next[cluster] != 0) {
                int two = beyondEnd ? one : next[cluster] - 1 >> 1;
                second[at].merge((long) two << 32 | one, sign * bytes, Long::sum);
            }
        }
    }

    /** One layer's runs, in parts. */
    private static final class Layer {
        private final Runs zero;
        private final Runs data;
        private final Runs streams;
        private final boolean clones;

        Layer(Owned owned, int partBytes, int clusterBytes, String form, boolean clones) {
            int factor = Math.max(1, owned.clusterBytes() / partBytes);
            boolean fit = owned.clusterBytes() == clusterBytes
                    && !form.isEmpty()
                    && form.equals(owned.streams().form());
            this.zero = new Runs(owned.zero(), factor, new int[0]);
            this.data = new Runs(owned.data(), factor, new int[0]);
            this.streams = fit
                    ? new Runs(
                            owned.streams().clusters(), factor, owned.streams().lengthBytes())
                    : new Runs(new RoaringBitmap(), factor, new int[0]);
            this.clones = clones
                    && Math.min(clusterBytes, owned.clusterBytes()) >= CostModel.BLOCK_BYTES
                    && owned.streams().clusters().isEmpty();
        }
    }

    /** Goes through the runs of a set of clusters, counted in parts of which each cluster has {@code factor}. */
    private static final class Runs {
        private final RoaringBitmap clusters;
        private final int factor;
        private final int[] lengthBytes;
        private long start;
        private long end;
        private int passed;

        Runs(RoaringBitmap clusters, int factor, int[] lengthBytes) {
            this.clusters = clusters;
            this.factor = factor;
            this.lengthBytes = lengthBytes;
            next();
        }

        void next() {
            passed += (int) ((end - start) / factor);
            long cluster = end / factor > 0xffffffffL ? -1 : clusters.nextValue((int) (end / factor));
            if (cluster < 0) {
                start = Long.MAX_VALUE;
                end = Long.MAX_VALUE;
            } else {
                start = cluster * factor;
                end = clusters.nextAbsentValue((int) cluster) * factor;
            }
        }

        /** How long the stream of a cluster of this run is. */
        int length(long cluster) {
            return lengthBytes[passed + (int) (cluster - start / factor)];
        }
    }
}
