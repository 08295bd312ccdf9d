package io.planish.image;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.airlift.compress.v3.zstd.ZstdJavaCompressor;
import io.planish.ErrorKind;
import io.planish.ImageException;
import io.planish.qcow2.Header;
import java.util.Arrays;
import java.util.Random;
import java.util.zip.Deflater;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class DecompressorTest {
    private static final int CLUSTER = 64 << 10;

    @ParameterizedTest
    @ValueSource(ints = {Header.DEFLATE, Header.ZSTD})
    void whatFollowsTheStreamIsPassedOver(int type) throws ImageException {
        Random random = new Random(type);
        for (int noise = 0; noise <= 100; noise += 10) {
            byte[] cluster = cluster(random, noise);
            byte[] stream = compressed(type, cluster);
            byte[] sectors = Arrays.copyOf(stream, stream.length + 511);
            Arrays.fill(sectors, stream.length, sectors.length, (byte) 0x28);

            assertThat(decompressed(type, sectors)).isEqualTo(cluster);
            try (Decompressor decompressor = Decompressor.of(type)) {
                assertThat(decompressor.streamBytes(sectors, sectors.length, new byte[CLUSTER]))
                        .isEqualTo(stream.length);
            }
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {Header.DEFLATE, Header.ZSTD})
    void aStreamThatGivesLessThanAClusterIsRefused(int type) {
        byte[] half = compressed(type, Arrays.copyOf(cluster(new Random(1), 10), CLUSTER / 2));

        assertThatThrownBy(() -> decompressed(type, half))
                .isInstanceOfSatisfying(
                        ImageException.class, e -> assertThat(e.kind()).isEqualTo(ErrorKind.MALFORMED_IMAGE));
    }

    @ParameterizedTest
    @ValueSource(ints = {Header.DEFLATE, Header.ZSTD})
    void damagedStreamsAreInflatedOrRefused(int type) {
        long seed = System.nanoTime();
        Random random = new Random(seed);
        byte[][] streams = new byte[10][];
        for (int i = 0; i < streams.length; i++) {
            streams[i] = compressed(type, cluster(random, i * i));
        }
        int refused = 0;
        for (int round = 0; round < 2000; round++) {
            byte[] stream = streams[round % streams.length].clone();
            for (int flips = random.nextInt(5); flips >= 0; flips--) {
                stream[random.nextInt(random.nextBoolean() ? Math.min(32, stream.length) : stream.length)] =
                        (byte) random.nextInt(256);
            }
            byte[] input = random.nextInt(4) == 0 ? Arrays.copyOf(stream, random.nextInt(stream.length)) : stream;
            try {
                decompressed(type, input);
            } catch (ImageException e) {
                refused++;
            } catch (RuntimeException | Error e) {
                throw new AssertionError("seed " + seed + " round " + round, e);
            }
        }
        assertThat(refused).as("seed %s", seed).isGreaterThan(500);
    }

    private static byte[] decompressed(int type, byte[] input) throws ImageException {
        byte[] cluster = new byte[CLUSTER];
        try (Decompressor decompressor = Decompressor.of(type)) {
            decompressor.decompress(input, input.length, cluster);
        }
        return cluster;
    }

    private static byte[] cluster(Random random, int noisePercent) {
        byte[] cluster = new byte[CLUSTER];
        for (int i = 0; i < CLUSTER; i++) {
            cluster[i] = (byte) (random.nextInt(100) < noisePercent ? random.nextInt(256) : i / 100);
        }
        return cluster;
    }

    private static byte[] compressed(int type, byte[] content) {
        if (type == Header.ZSTD) {
            ZstdJavaCompressor compressor = new ZstdJavaCompressor();
            byte[] output = new byte[compressor.maxCompressedLength(content.length)];
            return Arrays.copyOf(output, compressor.compress(content, 0, content.length, output, 0, output.length));
        }
        try (Deflater deflater = new Deflater(Deflater.DEFAULT_COMPRESSION, true)) {
            deflater.setInput(content);
            deflater.finish();
            byte[] output = new byte[2 * CLUSTER];
            return Arrays.copyOf(output, deflater.deflate(output));
        }
    }
}
