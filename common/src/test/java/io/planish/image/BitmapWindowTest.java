package io.planish.image;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.ByteBuffer;
import java.util.BitSet;
import java.util.Random;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class BitmapWindowTest {
    private static final int BYTES = 64;
    private static final int BITS = BYTES * 8;

    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3, 4, 5})
    void setsOrsAndCutsTheBitsThatABitSetWould(long seed) {
        Random random = new Random(seed);
        BitmapWindow window = new BitmapWindow(BYTES);
        for (int round = 0; round < 200; round++) {
            long first = random.nextInt(1000) * (long) BITS;
            window.start(first);
            BitSet expected = new BitSet();
            for (int i = random.nextInt(6); i > 0; i--) {
                long from = first + random.nextInt(3 * BITS) - BITS;
                long end = from + random.nextInt(BITS);
                window.set(from, end);
                int low = (int) Math.max(0, from - first);
                expected.set(low, Math.max(low, (int) Math.min(BITS, end - first)));
            }
            byte[] stored = new byte[1 + random.nextInt(8)];
            random.nextBytes(stored);
            int at = random.nextInt(BYTES - stored.length);
            window.or(ByteBuffer.wrap(stored), first + at * 8L);
            BitSet more = BitSet.valueOf(stored);
            more.stream().forEach(bit -> expected.set(at * 8 + bit));
            long end = first + random.nextInt(2 * BITS);
            window.cut(end);
            expected.clear((int) Math.min(BITS, end - first), BITS);

            assertThat(BitSet.valueOf(window.toBuffer())).isEqualTo(expected);
            assertThat(window.isEmpty()).isEqualTo(expected.isEmpty());
            window.set(0, Long.MAX_VALUE);
            assertThat(window.isFull()).isTrue();
        }
    }
}
