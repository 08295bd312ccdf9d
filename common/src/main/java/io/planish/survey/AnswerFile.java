package io.planish.survey;

import com.fasterxml.jackson.core.JacksonException;
import io.planish.chain.ImageNode;
import io.planish.chain.ImageRef;
import io.planish.chain.PoolName;
import io.planish.job.Json;
import io.planish.plan.Finding;
import io.planish.plan.PoolState;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.zip.GZIPInputStream;
import java.util.zip.GZIPOutputStream;

/** An answer as gzipped JSON Lines: a head that says how many images follow, then one line for each of them. */
public final class AnswerFile {
    private AnswerFile() {}

    /** The first line. */
    record Head(
            int version,
            PoolName pool,
            Instant takenAt,
            List<PoolState> pools,
            Set<ImageRef> referenced,
            List<Finding> findings,
            int images) {
        static final int VERSION = 1;
    }

    /** Writes the answer and closes the stream. */
    public static void write(PoolAnswer answer, OutputStream to) throws IOException {
        try (OutputStream out = new GZIPOutputStream(to, 1 << 16)) {
            Head head = new Head(
                    Head.VERSION,
                    answer.pool(),
                    answer.takenAt(),
                    answer.pools(),
                    answer.referenced(),
                    answer.findings(),
                    answer.nodes().size());
            line(head, out);
            for (ImageNode node : answer.nodes()) {
                line(node, out);
            }
        }
    }

    private static void line(Object value, OutputStream out) throws IOException {
        out.write(Json.MAPPER.writeValueAsBytes(value));
        out.write('\n');
    }

    /**
     * Reads an answer and closes the stream.
     *
     * @throws IOException if it is not whole, or of another version
     */
    public static PoolAnswer read(InputStream from) throws IOException {
        try (BufferedReader in =
                new BufferedReader(new InputStreamReader(new GZIPInputStream(from, 1 << 16), StandardCharsets.UTF_8))) {
            Head head = next(in, Head.class);
            if (head.version() != Head.VERSION) {
                throw new IOException("the answer is of version " + head.version() + ", and only " + Head.VERSION
                        + " is understood (run the same version everywhere)");
            }
            List<ImageNode> nodes = new ArrayList<>();
            for (int i = 0; i < head.images(); i++) {
                nodes.add(next(in, ImageNode.class));
            }
            return new PoolAnswer(head.pool(), head.takenAt(), head.pools(), head.referenced(), head.findings(), nodes);
        }
    }

    private static <T> T next(BufferedReader in, Class<T> type) throws IOException {
        String line = in.readLine();
        if (line == null) {
            throw new IOException("the answer ends too early");
        }
        try {
            return Json.MAPPER.readValue(line, type);
        } catch (JacksonException | NullPointerException e) {
            throw new IOException(
                    "the answer cannot be read: "
                            + String.valueOf(e.getMessage()).lines().findFirst().orElse(""),
                    e);
        }
    }
}
