package io.planish.plan;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.planish.ErrorKind;
import io.planish.ImageException;
import io.planish.chain.Forest;
import io.planish.chain.ImageNode;
import io.planish.job.Job;
import io.planish.job.Json;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.Reader;
import java.io.Writer;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * A saved plan: JSON Lines, UTF-8. The first line is the header, each further line one thing, told apart by {@code type}:
 *
 * <pre>
 * {"type":"header","version":1,"snapshot":…,"policy":{…}}
 * {"type":"job",…} {"type":"leaf",…} {"type":"skip",…} {"type":"stays",…} {"type":"ends",…} {"type":"total",…}
 * </pre>
 *
 * <p>A reader passes over fields and types it does not know, and refuses a version or a key of the policy it does not know: that
 * may forbid something.
 */
public final class PlanFile {
    public static final int VERSION = 1;

    private PlanFile() {}

    /** Writes the plan; flushes and leaves {@code out} open. */
    public static void write(Plan plan, Writer out) throws IOException {
        ObjectNode header = Json.MAPPER.createObjectNode();
        header.put("type", "header").put("version", VERSION).put("snapshot", plan.snapshot());
        header.set("policy", Json.MAPPER.valueToTree(plan.policy()));
        line(out, header);
        lines(out, "job", plan.jobs());
        lines(out, "leaf", plan.leaves());
        lines(out, "skip", plan.skips());
        lines(out, "stays", plan.stays());
        lines(out, "ends", plan.ends());
        lines(out, "total", plan.totals());
        out.flush();
    }

    /**
     * Writes what space the plan needs as far as each of its jobs, one line a job:
     * {@code {"type":"prefix","job":…,"peakExtraBytes":{"<pool>":…}}}.
     *
     * @param forest the plan was made for
     */
    public static void writePrefixes(Plan plan, Forest forest, Writer out) throws IOException {
        for (Prefix prefix : Prefix.of(plan, forest)) {
            ObjectNode line =
                    Json.MAPPER.createObjectNode().put("type", "prefix").put("job", prefix.job());
            ObjectNode peak = line.putObject("peakExtraBytes");
            prefix.peakExtraBytes().forEach((pool, bytes) -> peak.put(pool.value(), bytes));
            line(out, line);
        }
        out.flush();
    }

    /**
     * Writes how each tree that changes looks before and after, one line a tree:
     * {@code {"type":"tree","jobs":[…],"before":[{"image":…,"backing":…,"allocatedBytes":…}…],"after":[…]}}.
     *
     * @param forest the plan was made for
     */
    public static void writeTrees(Plan plan, Forest forest, Writer out) throws IOException {
        for (TreeChange change : TreeChange.of(plan, forest)) {
            ObjectNode tree = Json.MAPPER.createObjectNode().put("type", "tree");
            change.jobs().forEach(job -> tree.withArray("jobs").add(job.id()));
            change.before()
                    .nodes()
                    .forEach(node -> image(tree.withArray("before").addObject(), node));
            change.after().nodes().forEach(node -> image(tree.withArray("after").addObject(), node));
            line(out, tree);
        }
        out.flush();
    }

    /**
     * Writes which chains are left alone because they are short enough, one line a chain:
     * {@code {"type":"short","image":…,"reason":"SHORT_ENOUGH","sentence":…}}.
     *
     * @param forest the plan was made for
     */
    public static void writeShort(Plan plan, Forest forest, Writer out) throws IOException {
        try (Stream<Plan.Skip> chains = ShortChains.of(plan, forest)) {
            for (Plan.Skip chain : (Iterable<Plan.Skip>) chains::iterator) {
                line(out, "short", chain);
            }
        }
        out.flush();
    }

    private static void image(ObjectNode line, ImageNode node) {
        line.put("image", node.ref().toString());
        node.backingImage().ifPresent(backing -> line.put("backing", backing.toString()));
        line.put("allocatedBytes", node.allocatedBytes());
    }

    /**
     * Reads a plan whose jobs are whole: each tells how every image was that it changes, and comes after those it depends on.
     *
     * @throws ImageException of kind {@code MALFORMED_IMAGE} naming the line, or {@code UNSUPPORTED_FEATURE} for another version
     */
    public static Plan read(Reader in) throws IOException {
        List<Job> jobs = new ArrayList<>();
        List<Plan.LeafDepth> leaves = new ArrayList<>();
        List<Plan.Skip> skips = new ArrayList<>();
        List<Plan.Skip> stays = new ArrayList<>();
        List<Plan.End> ends = new ArrayList<>();
        List<Plan.Total> totals = new ArrayList<>();
        BufferedReader lines = new BufferedReader(in);
        JsonNode header = header(lines.readLine());
        try {
            String snapshot = WholeJobs.run(header.path("snapshot").asText());
            Policy policy = policy(header.required("policy"));
            WholeJobs whole = new WholeJobs();
            int number = 2;
            for (String text = lines.readLine(); text != null; text = lines.readLine(), number++) {
                if (text.isBlank()) {
                    continue;
                }
                JsonNode line = parse(text, number);
                try {
                    switch (line.path("type").asText()) {
                        case "job" -> jobs.add(whole.next(Json.MAPPER.treeToValue(line, Job.class)));
                        case "leaf" -> leaves.add(Json.MAPPER.treeToValue(line, Plan.LeafDepth.class));
                        case "skip" -> skips.add(Json.MAPPER.treeToValue(line, Plan.Skip.class));
                        case "stays" -> stays.add(Json.MAPPER.treeToValue(line, Plan.Skip.class));
                        case "ends" -> ends.add(Json.MAPPER.treeToValue(line, Plan.End.class));
                        case "total" -> totals.add(Json.MAPPER.treeToValue(line, Plan.Total.class));
                        default -> {}
                    }
                } catch (JsonProcessingException | IllegalArgumentException e) {
                    throw malformed(number, e);
                }
            }
            return new Plan(snapshot, policy, jobs, leaves, skips, stays, ends, totals);
        } catch (JsonProcessingException | IllegalArgumentException e) {
            throw malformed(1, e);
        }
    }

    private static JsonNode header(@Nullable String text) throws ImageException {
        JsonNode header = text == null ? Json.MAPPER.createObjectNode() : parse(text, 1);
        if (!header.path("type").asText().equals("header")
                || !header.path("version").isInt()) {
            throw new ImageException(
                    ErrorKind.MALFORMED_IMAGE,
                    "this is not a saved plan: line 1 is no plan header",
                    "make one with plan -o FILE");
        }
        int version = header.path("version").asInt();
        if (version != VERSION) {
            throw new ImageException(
                    ErrorKind.UNSUPPORTED_FEATURE,
                    "the plan has version " + version + ", this program reads version " + VERSION,
                    "make the plan anew");
        }
        return header;
    }

    private static Policy policy(JsonNode written) throws JsonProcessingException {
        if (written instanceof ObjectNode keys) {
            // a key that is not known is named before one that is missing, which may be the same one, misspelt
            ObjectNode whole = Json.MAPPER.valueToTree(Policy.DEFAULT);
            Json.STRICT.treeToValue(whole.setAll(keys), Policy.class);
        }
        return Json.STRICT.treeToValue(written, Policy.class);
    }

    private static JsonNode parse(String text, int number) throws ImageException {
        try {
            return Json.MAPPER.readTree(text);
        } catch (JsonProcessingException e) {
            throw malformed(number, e);
        }
    }

    private static ImageException malformed(int number, Exception cause) {
        String message =
                cause instanceof JsonProcessingException json ? Json.message(json) : String.valueOf(cause.getMessage());
        return new ImageException(
                ErrorKind.MALFORMED_IMAGE,
                "line " + number + " of the plan cannot be read: "
                        + message.lines().findFirst().orElse(""),
                "make the plan anew");
    }

    private static void lines(Writer out, String type, List<? extends Record> things) throws IOException {
        for (Record thing : things) {
            line(out, type, thing);
        }
    }

    private static void line(Writer out, String type, Record thing) throws IOException {
        ObjectNode line = Json.MAPPER.createObjectNode().put("type", type);
        line.setAll((ObjectNode) Json.MAPPER.valueToTree(thing));
        line(out, line);
    }

    private static void line(Writer out, ObjectNode line) throws IOException {
        out.write(Json.MAPPER.writeValueAsString(line));
        out.write('\n');
    }
}
