package io.planish.plan;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.roaringbitmap.RoaringBitmap;

class VisibilityTest {
    private static final int CLUSTERS = 3 << 16;

    @ParameterizedTest(name = "seed {0}")
    @ValueSource(ints = {1, 2, 3, 4, 5, 6})
    void eachLayerShowsWhatNoneAboveItOwns(int seed) {
        Random random = new Random(seed);
        List<Owned> layers = new ArrayList<>();
        for (int i = 0; i < 9; i++) {
            layers.add(new Owned(65536, bitmap(random), bitmap(random)));
        }

        for (int lowestTop : new int[] {0, 1, 5, 8}) {
            assertShown(layers, lowestTop, Visibility.of(layers, lowestTop));
        }
    }

    private static void assertShown(List<Owned> layers, int lowestTop, Visibility visibility) {
        for (int top = lowestTop; top < layers.size(); top++) {
            RoaringBitmap seen = new RoaringBitmap();
            long data = 0;
            long zero = 0;
            for (int layer = top; layer >= 0; layer--) {
                Owned own = layers.get(layer);
                RoaringBitmap zeroes = RoaringBitmap.andNot(RoaringBitmap.andNot(own.zero(), own.data()), seen);
                RoaringBitmap visible = RoaringBitmap.andNot(own.data(), seen);
                data += visible.getCardinality();
                zero += zeroes.getCardinality();
                assertThat(visibility.data(layer, top)).isEqualTo(visible.getCardinality());
                assertThat(visibility.dataFrom(layer, top)).isEqualTo(data);
                assertThat(visibility.zeroFrom(layer, top)).isEqualTo(zero);
                seen.or(own.data());
                seen.or(own.zero());
            }
        }
    }

    /** Every kind of container: few numbers, many, runs, none, and the very last number. */
    private static RoaringBitmap bitmap(Random random) {
        RoaringBitmap bitmap = new RoaringBitmap();
        for (int block = 0; block < 3; block++) {
            int begin = block << 16;
            switch (random.nextInt(4)) {
                case 0 -> {}
                case 1 -> random.ints(50, begin, begin + (1 << 16)).forEach(bitmap::add);
                case 2 -> random.ints(20_000, begin, begin + (1 << 16)).forEach(bitmap::add);
                default -> {
                    for (int i = 0; i < 40; i++) {
                        int from = begin + random.nextInt(1 << 16);
                        bitmap.add((long) from, Math.min(CLUSTERS, from + random.nextInt(4000)));
                    }
                }
            }
        }
        bitmap.runOptimize();
        if (random.nextInt(3) == 0) {
            bitmap.add(-1);
        }
        return bitmap;
    }
}
