package io.planish.demo;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/** How the demo puts things to a person. */
final class Text {
    private Text() {}

    static String bytes(long bytes) {
        // Rounded first: a few bytes less than before are no "-0.0".
        return Math.round(bytes / 104857.6) / 10.0 + " MiB";
    }

    /** One line about a job that is over. */
    static String ended(JsonNode record) {
        JsonNode job = record.path("job");
        JsonNode result = record.path("state").path("result");
        String replaces = job.path("replaces").asText();
        StringBuilder line = new StringBuilder(
                        result.path("outcome").path("outcome").asText())
                .append("  ")
                .append(job.path("kind").asText().toLowerCase(Locale.ROOT))
                .append(' ')
                .append(job.path("top").asText());
        if (!job.path("target").asText().equals(job.path("top").asText())) {
            line.append(" into ").append(job.path("target").asText());
        }
        if (!replaces.isEmpty()) {
            line.append(", which takes the name ").append(replaces);
        }
        line.append(": ").append(bytes(result.path("bytesCopied").asLong())).append(" written");
        if (result.path("bytesSkipped").asLong() > 0) {
            line.append(", went on at ")
                    .append(bytes(result.path("bytesSkipped").asLong()));
        }
        result.path("notes").forEach(note -> line.append("; ").append(note.asText()));
        String message = result.path("outcome").path("message").asText();
        return message.isEmpty() ? line.toString() : line + " (" + message + ")";
    }

    /** Columns as wide as their widest cell; all but the first and last to the right. */
    static String table(List<List<String>> rows) {
        int columns = rows.getFirst().size();
        List<Integer> widths = new ArrayList<>();
        for (int c = 0; c < columns; c++) {
            int column = c;
            widths.add(rows.stream().mapToInt(r -> r.get(column).length()).max().orElse(0));
        }
        StringBuilder text = new StringBuilder();
        for (List<String> row : rows) {
            StringBuilder line = new StringBuilder("  ");
            for (int c = 0; c < columns; c++) {
                String pad = " ".repeat(widths.get(c) - row.get(c).length());
                line.append(c == 0 || c == columns - 1 ? row.get(c) + pad : pad + row.get(c))
                        .append("  ");
            }
            text.append(line.toString().stripTrailing()).append('\n');
        }
        return text.toString();
    }
}
