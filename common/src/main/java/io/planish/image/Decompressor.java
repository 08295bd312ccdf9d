package io.planish.image;

import io.airlift.compress.v3.MalformedInputException;
import io.airlift.compress.v3.zstd.ZstdJavaDecompressor;
import io.planish.ImageException;
import io.planish.qcow2.Header;
import io.planish.qcow2.Malformed;
import java.util.zip.DataFormatException;
import java.util.zip.Inflater;

/** Turns one compressed stream into exactly one cluster. Not thread-safe. */
sealed interface Decompressor extends AutoCloseable {
    /**
     * Fills {@code cluster} from the stream that starts {@code input}; what follows the stream is passed over.
     *
     * @return how many bytes the stream has; {@code length} if its end cannot be told
     * @throws ImageException {@code MALFORMED_IMAGE} if the stream is damaged or gives less than a cluster
     */
    int decompress(byte[] input, int length, byte[] cluster) throws ImageException;

    /**
     * How many bytes the stream that starts {@code input} has; {@code length} if its end cannot be told. Deflate's end is found only by
     * inflating, zstd's frames say theirs.
     *
     * @param scratch one cluster, whose content is lost
     * @throws ImageException as {@link #decompress}, as far as that is noticed
     */
    int streamBytes(byte[] input, int length, byte[] scratch) throws ImageException;

    @Override
    void close();

    /** For a header's compression type, which must be a supported one. */
    static Decompressor of(int compressionType) {
        return compressionType == Header.ZSTD ? new Zstd() : new Deflate();
    }

    /** Deflate without a zlib header. */
    final class Deflate implements Decompressor {
        private final Inflater inflater = new Inflater(true);
        private final byte[] beyond = new byte[1];

        @Override
        public int decompress(byte[] input, int length, byte[] cluster) throws ImageException {
            inflater.reset();
            inflater.setInput(input, 0, length);
            int done = 0;
            try {
                while (done < cluster.length) {
                    int step = inflater.inflate(cluster, done, cluster.length - done);
                    if (step == 0) {
                        throw tooShort(done, cluster.length);
                    }
                    done += step;
                }
                // a full cluster can be had before the mark that ends the stream was read
                inflater.inflate(beyond);
                return inflater.finished() ? Math.toIntExact(inflater.getBytesRead()) : length;
            } catch (DataFormatException e) {
                throw damaged(e);
            }
        }

        @Override
        public int streamBytes(byte[] input, int length, byte[] scratch) throws ImageException {
            return decompress(input, length, scratch);
        }

        @Override
        public void close() {
            inflater.end();
        }
    }

    /** One or more zstd frames. */
    final class Zstd implements Decompressor {
        private final ZstdJavaDecompressor frames = new ZstdJavaDecompressor();

        @Override
        public int decompress(byte[] input, int length, byte[] cluster) throws ImageException {
            int at = 0;
            int done = 0;
            try {
                while (done < cluster.length) {
                    int frame = ZstdFrame.lengthBytes(input, at, length);
                    done += frames.decompress(input, at, frame, cluster, done, cluster.length - done);
                    at += frame;
                }
                return at;
            } catch (MalformedInputException | IndexOutOfBoundsException | IllegalArgumentException e) {
                throw damaged(e);
            }
        }

        @Override
        public int streamBytes(byte[] input, int length, byte[] scratch) throws ImageException {
            int at = 0;
            for (long content = 0; content < scratch.length; ) {
                int frame = ZstdFrame.lengthBytes(input, at, length);
                long inFrame = ZstdFrame.contentBytes(input, at);
                if (inFrame <= 0) {
                    return decompress(input, length, scratch);
                }
                content = Math.addExact(content, inFrame);
                at += frame;
            }
            return at;
        }

        @Override
        public void close() {}
    }

    private static ImageException damaged(Exception cause) {
        return Malformed.file("compressed cluster is damaged: " + cause.getMessage());
    }

    private static ImageException tooShort(int found, int expected) {
        return Malformed.file("compressed cluster holds " + found + " bytes, expected " + expected);
    }
}
