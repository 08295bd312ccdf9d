package io.planish.demo;

import com.fasterxml.jackson.databind.JsonNode;
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
}
