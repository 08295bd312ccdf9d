package io.planish.platform;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.planish.chain.ImageRef;
import io.planish.job.Footprint;
import io.planish.job.Job;
import io.planish.job.JobResult;
import io.planish.job.Json;
import io.planish.job.Outcome;
import io.planish.job.SkipReason;
import io.planish.storage.PathGate;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Supplier;

/**
 * Programs that a platform wants run around each job, such as to lock a VM and to update its records. Each reads one JSON object, in one line:
 *
 * <pre>
 * {"version":1,"event":"before","run":…,"job":{…},"paths":{"pool/path":"as hypervisors see it",…}}
 * {"version":1,"event":"after","run":…,"job":{…},"paths":{…},"result":{"outcome":{…},…}}
 * </pre>
 *
 * <p>Where {@code before} fails, by its exit code or in any other way, the job is skipped and {@code after} is not run. Where
 * {@code after} fails, the job's outcome stands and a note is added. An attempt that was killed has no {@code after}; the next attempt at
 * the same job runs both again. Thread-safe.
 */
public record Hooks(Optional<Program> before, Optional<Program> after) {
    public static final Hooks NONE = new Hooks(Optional.empty(), Optional.empty());

    private static final int VERSION = 1;
    private static final long MOST_BYTES = 1 << 20;

    /** Makes the attempt, with the hooks around it. */
    public JobResult around(String run, Job job, PathGate gate, Supplier<JobResult> attempt) {
        if (before.isPresent()) {
            Optional<String> refusal = refusal(before.get(), message("before", run, job, gate));
            if (refusal.isPresent()) {
                return new JobResult(
                        new Outcome.Skipped(SkipReason.HOOK, refusal.get()), Map.of(), List.of(), 0, 0, List.of());
            }
        }
        JobResult result = attempt.get();
        if (after.isEmpty()) {
            return result;
        }
        ObjectNode message = message("after", run, job, gate);
        message.set("result", Json.MAPPER.valueToTree(result));
        return refusal(after.get(), message)
                .map(problem -> noted(result, problem))
                .orElse(result);
    }

    private static ObjectNode message(String event, String run, Job job, PathGate gate) {
        ObjectNode message = Json.MAPPER.createObjectNode().put("version", VERSION);
        message.put("event", event).put("run", run).set("job", Json.MAPPER.valueToTree(job));
        ObjectNode paths = message.putObject("paths");
        for (ImageRef image : Footprint.of(job).all()) {
            paths.put(image.toString(), gate.underHostPath(image));
        }
        return message;
    }

    /** Why the hook does not agree, if so. */
    private static Optional<String> refusal(Program hook, ObjectNode message) {
        try {
            byte[] line = (Json.MAPPER.writeValueAsString(message) + "\n").getBytes(StandardCharsets.UTF_8);
            Program.Answer answer = hook.run(line, MOST_BYTES);
            return answer.exit() == 0
                    ? Optional.empty()
                    : Optional.of("hook '" + String.join(" ", hook.argv()) + "' exits with " + answer.exit()
                            + (answer.message().isEmpty() ? "" : ": " + answer.message()));
        } catch (IOException e) {
            return Optional.of(String.valueOf(e.getMessage()));
        }
    }

    private static JobResult noted(JobResult result, String note) {
        List<String> notes = new ArrayList<>(result.notes());
        notes.add("after the job: " + note);
        return new JobResult(
                result.outcome(), result.facts(), result.retired(), result.bytesCopied(), result.bytesSkipped(), notes);
    }
}
