package io.planish.remote;

import io.planish.ledger.Table;
import io.planish.run.AnswerPart;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.time.Duration;
import java.util.Arrays;
import java.util.Optional;

/**
 * What workers have found out, on its way through the grid in parts of bounded size. What nobody reads is forgotten after a while. Each attempt writes
 * under a name of its own, so that one that lost its lease spoils nothing. Thread-safe.
 */
public final class Answers {
    static final int PART_BYTES = 256 << 10;
    private static final Duration KEPT = Duration.ofMinutes(20);

    private final Table<AnswerPart> parts;

    public Answers(Table<AnswerPart> parts) {
        this.parts = parts;
    }

    /**
     * Where one piece of an attempt's answer stands.
     *
     * @param job the job's key
     * @param number of the piece, from 0
     */
    public record Place(String job, long epoch, int number) {
        private String part(int part) {
            return job + "/" + epoch + "/" + number + "/" + part;
        }
    }

    /** A stream into the grid; the answer is whole when it is closed. */
    public OutputStream write(Place place) {
        return new PartsOut(place);
    }

    /** The answer, which is gone when it has been read; one that is not there, or not any more, fails at once. */
    public InputStream take(Place place) {
        return new PartsIn(place, true);
    }

    /** The answer, which may be read again until it is forgotten. */
    InputStream read(Place place) {
        return new PartsIn(place, false);
    }

    /** What was asked for is not in the grid, or not any more. */
    static final class GoneException extends IOException {
        private static final long serialVersionUID = 1L;

        GoneException(String message) {
            super(message);
        }
    }

    private final class PartsOut extends OutputStream {
        private final Place place;
        private final byte[] buffer = new byte[PART_BYTES];
        private int filled;
        private int written;
        private boolean closed;

        PartsOut(Place place) {
            this.place = place;
        }

        @Override
        public void write(int b) throws IOException {
            write(new byte[] {(byte) b}, 0, 1);
        }

        @Override
        public void write(byte[] bytes, int from, int length) throws IOException {
            for (int at = from; at < from + length; ) {
                if (filled == buffer.length) {
                    put(false);
                }
                int some = Math.min(from + length - at, buffer.length - filled);
                System.arraycopy(bytes, at, buffer, filled, some);
                filled += some;
                at += some;
            }
        }

        private void put(boolean last) throws IOException {
            byte[] bytes = Arrays.copyOf(buffer, filled);
            parts.put(place.part(written), new AnswerPart(AnswerPart.VERSION, last, bytes), KEPT);
            written++;
            filled = 0;
        }

        @Override
        public void close() throws IOException {
            if (!closed) {
                closed = true;
                put(true);
            }
        }
    }

    private final class PartsIn extends InputStream {
        private final Place place;
        private final boolean takes;
        private AnswerPart part = new AnswerPart(AnswerPart.VERSION, false, new byte[0]);
        private int at;
        private int next;

        PartsIn(Place place, boolean takes) {
            this.place = place;
            this.takes = takes;
        }

        @Override
        public int read() throws IOException {
            byte[] one = new byte[1];
            return read(one, 0, 1) < 0 ? -1 : one[0] & 0xff;
        }

        @Override
        public int read(byte[] into, int from, int length) throws IOException {
            while (at == part.bytes().length) {
                if (part.last() || length == 0) {
                    return length == 0 ? 0 : -1;
                }
                fetch();
            }
            int some = Math.min(length, part.bytes().length - at);
            System.arraycopy(part.bytes(), at, into, from, some);
            at += some;
            return some;
        }

        private void fetch() throws IOException {
            Optional<AnswerPart> found = parts.get(place.part(next));
            if (found.isEmpty()) {
                throw new GoneException("part " + next + " of the answer of job " + place.job()
                        + " is not in the grid any more (ask again)");
            }
            if (takes) {
                parts.remove(place.part(next));
            }
            part = found.get();
            at = 0;
            next++;
        }
    }
}
