package io.planish.plan;

import static org.assertj.core.api.Assertions.assertThat;

import io.planish.chain.Chains;
import io.planish.chain.Forest;
import io.planish.chain.ImageFormat;
import io.planish.chain.ImageNode;
import io.planish.chain.ImageRef;
import io.planish.chain.Trait;
import io.planish.merge.ChainView;
import io.planish.merge.Group;
import io.planish.merge.MergeSteps;
import io.planish.merge.Piece;
import io.planish.merge.Piece.Source;
import io.planish.merge.Step;
import java.io.IOException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.roaringbitmap.RoaringBitmap;

/** Holds predicted costs against the steps that the engine would take, for each group and target of random chains of all kinds of layers. */
class CostsTest {
    private static final int CASES = Boolean.getBoolean("planish.test.all") ? 50_000 : 500;
    private static final int UNIT = 4096;
    private static final int UNITS = 96;

    private final long firstSeed = Long.getLong("planish.test.seed", System.nanoTime());

    /** @param kinds by 4 KiB of the disk */
    private record Layer(ImageNode node, Owned owned, Source[] kinds) {
        static Layer random(Random random, int index, boolean even, boolean allVersion3, boolean sameSize) {
            boolean raw = index == 0 && random.nextInt(4) == 0;
            boolean version3 = raw || allVersion3 || random.nextInt(3) > 0;
            int clusterUnits = raw ? 1 : even ? 4 : 1 << random.nextInt(5);
            int units = sameSize ? UNITS : UNITS - 3 * random.nextInt(3);
            boolean compresses = !even && !raw && random.nextInt(3) == 0;
            Source[] kinds = new Source[units];
            RoaringBitmap data = new RoaringBitmap();
            RoaringBitmap zero = new RoaringBitmap();
            RoaringBitmap streams = new RoaringBitmap();
            List<Integer> lengths = new ArrayList<>();
            for (int cluster = 0; cluster * clusterUnits < units; cluster++) {
                Source kind = raw
                        ? random.nextBoolean() ? Source.DATA : Source.ZERO
                        : switch (random.nextInt(6)) {
                            case 0, 1 -> Source.DATA;
                            case 2 -> version3 ? Source.ZERO : Source.NOTHING;
                            case 3 -> compresses ? Source.COMPRESSED : Source.DATA;
                            default -> Source.NOTHING;
                        };
                int end = Math.min(units, (cluster + 1) * clusterUnits);
                Arrays.fill(kinds, cluster * clusterUnits, end, kind);
                switch (kind) {
                    case DATA -> data.add(cluster);
                    case ZERO -> zero.add(cluster);
                    case COMPRESSED -> {
                        data.add(cluster);
                        streams.add(cluster);
                        lengths.add(100 + 7 * cluster + index);
                    }
                    case NOTHING, PAST_END -> {}
                }
            }
            int clusterBytes = clusterUnits * UNIT;
            ImageNode plain = Chains.node("l" + index, Optional.empty());
            ImageNode node = new ImageNode(
                    plain.ref(),
                    List.of(),
                    plain.facts(),
                    raw ? ImageFormat.RAW : ImageFormat.QCOW2,
                    (long) units * UNIT,
                    raw ? 512 : clusterBytes,
                    0,
                    0,
                    plain.use(),
                    plain.backing(),
                    version3 && !raw ? Set.of(Trait.ZERO_CLUSTERS) : Set.of(),
                    List.of());
            String form = raw ? "" : "zlib/" + clusterBytes;
            Owned.Streams all = new Owned.Streams(
                    form, streams, lengths.stream().mapToInt(Integer::intValue).toArray());
            return new Layer(node, new Owned(clusterBytes, data, zero, all), kinds);
        }

        int streamBytes(long offset) {
            int cluster = (int) (offset / owned.clusterBytes());
            return owned.streams().lengthBytes()[owned.streams().clusters().rank(cluster) - 1];
        }
    }

    /** The layers as the engine looks at them. */
    private record View(List<Layer> layers) implements ChainView {
        @Override
        public Piece resolve(int top, int bottom, long offset, long maxLengthBytes) {
            Piece first = unit(top, bottom, offset);
            long end = Math.min(offset + maxLengthBytes, offset - offset % UNIT + UNIT);
            while (end < offset + maxLengthBytes && continues(first, unit(top, bottom, end), end)) {
                end = Math.min(offset + maxLengthBytes, end + UNIT);
            }
            return new Piece(offset, end - offset, first.source(), first.layer(), first.hostOffset());
        }

        private boolean continues(Piece first, Piece next, long at) {
            boolean sameCluster = first.source() != Source.COMPRESSED
                    || at % layers.get(first.layer()).owned().clusterBytes() != 0;
            return first.source() == next.source() && first.layer() == next.layer() && sameCluster;
        }

        private Piece unit(int top, int bottom, long offset) {
            for (int i = top; i >= bottom; i--) {
                int unit = (int) (offset / UNIT);
                Source[] kinds = layers.get(i).kinds();
                Source kind = unit < kinds.length ? kinds[unit] : Source.PAST_END;
                if (kind != Source.NOTHING) {
                    return new Piece(offset, UNIT, kind, i, offset);
                }
            }
            return new Piece(offset, UNIT, Source.NOTHING, Piece.NOBODY, -1);
        }

        @Override
        public long virtualSizeBytes(int layer) {
            return layers.get(layer).node().virtualSizeBytes();
        }

        @Override
        public boolean isCompressedCluster(Piece piece, int layer) {
            Owned from = layers.get(piece.layer()).owned();
            return piece.lengthBytes() == from.clusterBytes()
                    && from.streams().fit(layers.get(layer).owned().streams());
        }
    }

    @Test
    void costsOfEvenLayersAreThoseOfTheStepsThatFollow() throws IOException {
        compare(true, true, true);
    }

    @Test
    void costsOfMixedLayersOfOneSizeAreThoseOfTheStepsThatFollow() throws IOException {
        compare(false, true, true);
    }

    @Test
    void costsOfMixedLayersOfAnySizeAreThoseOfTheStepsThatFollow() throws IOException {
        compare(false, true, false);
    }

    @Test
    void costsAreNeverTooLowWhereVersion2TakesPart() throws IOException {
        compare(true, false, false);
        compare(false, false, false);
    }

    @Test
    void whatIsClonedIsTheRestOfWhatWouldBeWrittenAndNeverTooMuch() throws IOException {
        cloned(true, true);
        cloned(false, true);
        cloned(false, false);
    }

    private void cloned(boolean even, boolean sameSize) throws IOException {
        for (long seed = firstSeed; seed < firstSeed + CASES; seed++) {
            Random random = new Random(seed);
            List<Layer> layers = new ArrayList<>();
            for (int i = 0; i < 2 + seed % 3; i++) {
                layers.add(Layer.random(random, i, even, true, sameSize));
            }
            List<ImageNode> nodes = layers.stream().map(Layer::node).toList();
            Costs written = costs(nodes, layers, false);
            Costs cloned = costs(nodes, layers, true);
            for (int top = 0; top < nodes.size(); top++) {
                written.top(top);
                cloned.top(top);
                for (int lo = top; lo >= 0; lo--) {
                    written.include(lo);
                    cloned.include(lo);
                    for (int target = lo; lo < top && target <= top; target++) {
                        String what = "-Dplanish.test.seed=%d: %d..%d into %d".formatted(seed, lo, top, target);
                        assertThat(cloned.bytes(target) + cloned.clonedBytes(target))
                                .as(what)
                                .isEqualTo(written.bytes(target));
                        assertThat(written.clonedBytes(target)).as(what).isZero();
                        boolean raw = nodes.get(target).format() == ImageFormat.RAW;
                        int clusterBytes =
                                raw ? 512 : layers.get(target).owned().clusterBytes();
                        Group group = new Group(lo, top, target, clusterBytes, true);
                        assertThat(cloned.bytes(target))
                                .as(what)
                                .isGreaterThanOrEqualTo(uncloned(new View(layers), group));
                    }
                }
            }
        }
    }

    private static Costs costs(List<ImageNode> nodes, List<Layer> layers, boolean clones) throws IOException {
        Snapshot snapshot = new Snapshot(
                "s",
                Instant.EPOCH,
                List.of(new PoolState(nodes.getFirst().ref().pool(), "id", true, 0, 0, clones)),
                Forest.of(nodes),
                image -> owned(layers, image),
                Set.of(),
                List.of());
        return new CostModel(snapshot, snapshot.ownership()).of(nodes, 0, List.of());
    }

    /** Bytes that the engine can bring into the target only by writing them, whatever the filesystem. */
    private static long uncloned(View view, Group group) throws IOException {
        MergeSteps steps = new MergeSteps(view, group, view.virtualSizeBytes(group.hi()), false);
        long bytes = 0;
        for (long at = 0; at < steps.endOffset(); ) {
            Step step = steps.at(at, 1 << 20);
            if (step instanceof Step.Write write && !isTheTargetsOwn(write, group)) {
                bytes += write.pieces().stream()
                        .filter(piece -> piece.source() != Source.DATA)
                        .mapToLong(Piece::lengthBytes)
                        .sum();
            } else if (step instanceof Step.CopyCompressed copy) {
                bytes += view.layers()
                        .get(copy.piece().layer())
                        .streamBytes(copy.piece().guestOffset());
            }
            at += step.lengthBytes();
        }
        return bytes;
    }

    private void compare(boolean even, boolean version3, boolean sameSize) throws IOException {
        for (long seed = firstSeed; seed < firstSeed + CASES; seed++) {
            Random random = new Random(seed);
            List<Layer> layers = new ArrayList<>();
            int count = 2 + random.nextInt(4);
            for (int i = 0; i < count; i++) {
                layers.add(Layer.random(random, i, even, version3, sameSize));
            }
            int own = random.nextInt(Math.min(3, count - 1));
            List<ImageNode> nodes = layers.stream().map(Layer::node).toList();
            Snapshot snapshot = new Snapshot(
                    "s",
                    Instant.EPOCH,
                    List.of(),
                    Forest.of(nodes),
                    image -> owned(layers, image),
                    Set.of(),
                    List.of());
            Costs costs = new CostModel(snapshot, snapshot.ownership())
                    .of(nodes.subList(own, count), 0, nodes.subList(0, own));
            for (int top = own; top < count; top++) {
                costs.top(top - own);
                for (int lo = top; lo >= own; lo--) {
                    costs.include(lo - own);
                    for (int target = lo; lo < top && target <= top; target++) {
                        boolean raw = nodes.get(target).format() == ImageFormat.RAW;
                        int clusterBytes =
                                raw ? 512 : layers.get(target).owned().clusterBytes();
                        boolean saysZero = EvenCosts.saysZero(nodes.get(target));
                        long written = written(new View(layers), new Group(lo, top, target, clusterBytes, saysZero));
                        long predicted = costs.bytes(target - own);
                        String what = "-Dplanish.test.seed=%d %s: %d..%d into %d"
                                .formatted(
                                        seed,
                                        layers.stream()
                                                .map(l -> Arrays.toString(l.kinds()))
                                                .toList(),
                                        lo,
                                        top,
                                        target);
                        if (version3) {
                            assertThat(predicted).as(what).isEqualTo(written);
                        } else {
                            assertThat(predicted).as(what).isGreaterThanOrEqualTo(written);
                        }
                    }
                }
            }
        }
    }

    private static Owned owned(List<Layer> layers, ImageRef image) {
        return layers.stream()
                .filter(layer -> layer.node().ref().equals(image))
                .findFirst()
                .orElseThrow()
                .owned();
    }

    /** Only what follows the disk's new end in its last cluster is written then. */
    private static boolean isTheTargetsOwn(Step.Write write, Group group) {
        return write.pieces().stream()
                .allMatch(piece -> piece.layer() == group.target()
                        && (piece.source() == Source.DATA || piece.source() == Source.COMPRESSED));
    }

    private static long written(View view, Group group) throws IOException {
        MergeSteps steps = new MergeSteps(view, group, view.virtualSizeBytes(group.hi()), false);
        long bytes = 0;
        for (long at = 0; at < steps.endOffset(); ) {
            Step step = steps.at(at, 1 << 20);
            bytes += switch (step) {
                case Step.Skip skip -> 0;
                case Step.Zero zero -> 0;
                case Step.CopyCompressed copy ->
                    view.layers()
                            .get(copy.piece().layer())
                            .streamBytes(copy.piece().guestOffset());
                case Step.Write write when isTheTargetsOwn(write, group) -> 0;
                case Step.Write write ->
                    Math.ceilDiv(write.lengthBytes(), (long) group.granularityBytes()) * group.granularityBytes();
            };
            at += step.lengthBytes();
        }
        return bytes;
    }
}
