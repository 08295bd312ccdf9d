package io.planish.cli;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.planish.chain.ImageRef;
import io.planish.job.Footprint;
import io.planish.job.Job;
import io.planish.job.JobResult;
import io.planish.job.Json;
import io.planish.job.Outcome;
import io.planish.job.Outcomes;
import io.planish.plan.Bytes;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * What became of the jobs of a plan.
 *
 * @param jobs those that were to be done
 * @param results of those that were come to
 * @param before ids of those that an earlier run had done
 * @param stopped whether somebody asked to stop
 * @param canary whether no more than some jobs were to be done
 */
record RunSummary(
        String run,
        List<Job> jobs,
        Map<String, JobResult> results,
        Set<String> before,
        boolean stopped,
        boolean canary) {
    private static final int VERSION = 1;

    int exitCode() {
        long done = count(Outcome.Done.class);
        long skipped = count(Outcome.Skipped.class);
        boolean allWell = done + skipped == results.size();
        if (!allWell || (jobs.size() > results.size() && !isCutShort())) {
            return ExitCode.FAILED;
        }
        return done == 0 && skipped > 0 ? ExitCode.ALL_SKIPPED : ExitCode.DONE;
    }

    /** Whether jobs are left because no more were asked for. */
    boolean isCutShort() {
        return canary && !stopped && results.size() < jobs.size();
    }

    /** What this run wrote; what earlier ones wrote is not counted again. */
    long bytesWritten() {
        return results.entrySet().stream()
                .filter(result -> !before.contains(result.getKey()))
                .mapToLong(result -> result.getValue().bytesCopied())
                .sum();
    }

    /** What the stale jobs would have written: of these the trees are to be planned again. */
    Set<ImageRef> staleImages() {
        Set<ImageRef> images = new HashSet<>();
        for (Job job : jobs) {
            JobResult result = results.get(job.id());
            if (result != null && result.outcome() instanceof Outcome.Stale) {
                images.addAll(Footprint.of(job).writes());
            }
        }
        return images;
    }

    /** The same without the jobs whose trees are planned again. */
    RunSummary withoutStale() {
        Map<String, JobResult> rest = new LinkedHashMap<>(results);
        rest.values().removeIf(result -> result.outcome() instanceof Outcome.Stale);
        List<Job> settled = jobs.stream()
                .filter(job -> !(results.get(job.id()) instanceof JobResult result)
                        || !(result.outcome() instanceof Outcome.Stale))
                .toList();
        return new RunSummary(run, settled, rest, before, stopped, canary);
    }

    String text() {
        if (jobs.isEmpty()) {
            return "The plan has no jobs, nothing to do";
        }
        if (before.size() == jobs.size()) {
            return "All " + jobs.size() + " jobs were done before, nothing was written";
        }
        return count(Outcome.Done.class) + " of " + jobs.size() + " jobs done"
                + (before.isEmpty() ? "" : ", " + before.size() + " of them by an earlier run") + ", "
                + Bytes.text(bytesWritten()) + " written";
    }

    ObjectNode json() {
        ObjectNode json = Json.MAPPER.createObjectNode().put("version", VERSION).put("run", run);
        json.put("jobs", jobs.size())
                .put("done", count(Outcome.Done.class))
                .put("doneBefore", before.size())
                .put("skipped", count(Outcome.Skipped.class))
                .put("stale", count(Outcome.Stale.class))
                .put("failed", count(Outcome.Failed.class) + count(Outcome.Unknown.class))
                .put("open", jobs.size() - results.size() + count(Outcome.Cancelled.class))
                .put("bytesWritten", bytesWritten());
        ArrayNode results = json.putArray("results");
        for (Job job : jobs) {
            JobResult result = this.results.get(job.id());
            if (result != null) {
                results.add(json(job, result));
            }
        }
        return json;
    }

    private ObjectNode json(Job job, JobResult result) {
        boolean earlier = before.contains(job.id());
        ObjectNode json = Json.MAPPER
                .createObjectNode()
                .put("job", job.id())
                .put("kind", job.kind().name());
        json.put("target", job.target().toString()).put("outcome", Outcomes.name(result.outcome()));
        Outcomes.code(result.outcome()).ifPresent(code -> json.put("code", code));
        json.put("message", Outcomes.message(result.outcome()));
        json.put("bytesWritten", earlier ? 0 : result.bytesCopied()).put("doneBefore", earlier);
        json.set("retired", Json.MAPPER.valueToTree(result.retired()));
        json.set("notes", Json.MAPPER.valueToTree(result.notes()));
        return json;
    }

    private long count(Class<? extends Outcome> kind) {
        return results.values().stream()
                .filter(result -> kind.isInstance(result.outcome()))
                .count();
    }
}
