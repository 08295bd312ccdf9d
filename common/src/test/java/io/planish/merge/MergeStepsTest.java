package io.planish.merge;

import static org.assertj.core.api.Assertions.assertThat;

import io.planish.merge.ModelChain.Compression;
import io.planish.merge.ModelChain.ModelLayer;
import io.planish.merge.Piece.Source;
import java.io.IOException;
import java.util.Arrays;
import java.util.Random;
import java.util.stream.LongStream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class MergeStepsTest {
    private static final int UNITS = 96;

    static LongStream seeds() {
        return LongStream.range(0, 4000);
    }

    @ParameterizedTest(name = "seed {0}")
    @MethodSource("seeds")
    void afterEveryStepAndAtTheEndTheTopShowsWhatItShowed(long seed) throws IOException {
        Random random = new Random(seed);
        ModelChain chain = ModelChain.random(random, 1 + random.nextInt(5), UNITS);
        int hi = random.nextInt(chain.layers.size());
        int lo = random.nextInt(hi + 1);
        int target = lo + random.nextInt(hi - lo + 1);
        boolean zeroes = random.nextBoolean();
        int[] before = chain.view(hi);
        int[] belowBefore = target == 0 ? new int[0] : chain.view(target - 1);
        ModelLayer written = chain.layers.get(target);
        int[] ownBefore = chain.view(target);
        int finalSize = random.nextBoolean() ? Math.max(before.length, ownBefore.length) : before.length;
        MergeSteps steps = new MergeSteps(
                chain, new Group(lo, hi, target, written.cluster, zeroes), finalSize, random.nextBoolean());

        for (long at = 0; at < steps.endOffset(); ) {
            Step step = steps.at(at, Math.max(written.cluster, 1 + random.nextInt(UNITS)));
            assertThat(step.guestOffset()).isEqualTo(at);
            assertThat(step.lengthBytes()).isPositive();
            at += step.lengthBytes();
            assertThat(at % written.cluster == 0 || at == steps.endOffset()).isTrue();
            apply(chain, written, step, zeroes);
            assertThat(chain.view(hi)).as("top while merging").isEqualTo(before);
        }

        ModelChain merged = new ModelChain();
        merged.layers.addAll(chain.layers.subList(0, lo));
        int[] expected = Arrays.copyOf(before, finalSize);
        if (finalSize > before.length) {
            System.arraycopy(ownBefore, before.length, expected, before.length, finalSize - before.length);
        }
        written.size = finalSize;
        merged.layers.add(written);
        if (finalSize == before.length || lo == target) {
            assertThat(merged.view(lo)).as("target over its new backing file").isEqualTo(expected);
        }
        int lastCluster = Math.ceilDiv(finalSize, written.cluster) * written.cluster;
        if (finalSize < ownBefore.length) {
            assertThat(Arrays.stream(written.units, finalSize, lastCluster))
                    .as("what shows if the disk grows")
                    .allMatch(unit -> unit <= 0);
        }
        if (target > 0) {
            assertThat(chain.view(target - 1)).isEqualTo(belowBefore);
        }
    }

    @ParameterizedTest(name = "seed {0}")
    @MethodSource("seeds")
    void aRebasedOverlayShowsTheSameOverItsNewBackingFile(long seed) throws IOException {
        Random random = new Random(seed);
        ModelChain old = ModelChain.random(random, 1 + random.nextInt(4), UNITS);
        ModelChain fresh = ModelChain.random(random, random.nextInt(4), UNITS);
        int overlay = old.layers.size() - 1;
        ModelLayer written = old.layers.get(overlay);
        boolean zeroes = random.nextBoolean();
        int[] before = old.view(overlay);
        int newTop = fresh.layers.size() - 1;
        RebaseSteps steps =
                new RebaseSteps(old, overlay, fresh, newTop, written.cluster, zeroes, new RebaseSteps.Comparison() {
                    @Override
                    public boolean samePlace(Piece left, Piece right) {
                        return false;
                    }

                    @Override
                    public boolean sameBytes(long offset, long lengthBytes) {
                        for (int unit = (int) offset; unit < offset + lengthBytes; unit++) {
                            if (old.view(overlay - 1, unit) != fresh.view(newTop, unit)) {
                                return false;
                            }
                        }
                        return true;
                    }
                });

        for (long at = 0; at < steps.endOffset(); ) {
            Step step = steps.at(at, Math.max(written.cluster, 1 + random.nextInt(UNITS)));
            apply(old, written, step, zeroes);
            at += step.lengthBytes();
            assertThat(old.view(overlay)).isEqualTo(before);
        }

        fresh.layers.add(written);
        assertThat(fresh.view(newTop + 1)).isEqualTo(before);
    }

    private static void apply(ModelChain chain, ModelLayer written, Step step, boolean zeroes) {
        int from = (int) step.guestOffset();
        int to = (int) (from + step.lengthBytes());
        switch (step) {
            case Step.Skip skip -> {}
            case Step.Zero zero -> {
                assertThat(zeroes).as("the format has zero clusters").isTrue();
                Arrays.fill(written.units, from, roundUp(to, written.cluster), 0);
            }
            case Step.CopyCompressed copy -> {
                ModelLayer source = chain.layers.get(copy.piece().layer());
                assertThat(source.cluster).isEqualTo(written.cluster).isEqualTo(to - from);
                assertThat(source.compression).isEqualTo(written.compression).isNotEqualTo(Compression.NONE);
                System.arraycopy(source.units, from, written.units, from, to - from);
            }
            case Step.Write write -> {
                assertNotWorthACompressedCopy(chain, written, write);
                int[] content = new int[to - from];
                int at = from;
                for (Piece piece : write.pieces()) {
                    assertThat(piece.guestOffset()).isEqualTo(at);
                    for (; at < piece.endOffset(); at++) {
                        content[at - from] = chain.value(piece, at);
                    }
                }
                assertThat(at).isEqualTo(to);
                Arrays.fill(written.units, from, roundUp(to, written.cluster), 0);
                System.arraycopy(content, 0, written.units, from, content.length);
            }
        }
    }

    private static void assertNotWorthACompressedCopy(ModelChain chain, ModelLayer written, Step.Write write) {
        for (Piece piece : write.pieces()) {
            if (piece.source() == Source.COMPRESSED && piece.lengthBytes() == written.cluster) {
                ModelLayer source = chain.layers.get(piece.layer());
                assertThat(source.cluster == written.cluster && source.compression == written.compression)
                        .as(piece + " is inflated")
                        .isFalse();
            }
        }
    }

    private static int roundUp(int units, int cluster) {
        return (units + cluster - 1) / cluster * cluster;
    }
}
