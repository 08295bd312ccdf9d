package io.planish.coordinator.request;

import io.planish.chain.ImageRef;
import io.planish.chain.PoolName;
import io.planish.plan.Tightening;
import io.planish.run.RunLimits;
import io.planish.run.RunRequest;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * A request as it comes from outside, by topic or REST: absent fields are null.
 *
 * @param id chosen by who asks: the same id twice is one request; from the topic it must be there
 * @param pool the pool to look at
 * @param image path in the pool: only what makes this image's chain shorter
 * @param policy the name of a configured policy; absent: {@code default}
 * @param keep globs, beside the policy's
 * @param protect globs, beside the policy's
 * @param tighten values in place of the policy's, which may only allow less
 * @param limits how hard and when it may work
 * @param priority 0 to 9: those with a higher one go first; absent: 0
 */
public record RequestBody(
        @Nullable Integer version,
        @Nullable String id,
        @Nullable String pool,
        @Nullable String image,
        @Nullable String policy,
        @Nullable List<String> keep,
        @Nullable List<String> protect,
        @Nullable Tightening tighten,
        @Nullable RunLimits limits,
        @Nullable Integer priority) {

    public RequestBody {
        if (id != null && id.isBlank()) {
            throw new IllegalArgumentException("'id' is empty");
        }
        keep = keep == null ? null : List.copyOf(keep);
        protect = protect == null ? null : List.copyOf(protect);
    }

    /** @throws IllegalArgumentException naming the field that is missing or wrong */
    public RunRequest toRun(String runId) {
        if (pool == null) {
            throw new IllegalArgumentException("'pool' is missing");
        }
        PoolName name = new PoolName(pool);
        return new RunRequest(
                version == null ? RunRequest.VERSION : version,
                runId,
                RunRequest.Origin.REQUEST,
                List.of(name),
                Optional.ofNullable(image).map(path -> new ImageRef(name, path)),
                policy == null ? "default" : policy,
                keep == null ? List.of() : keep,
                protect == null ? List.of() : protect,
                Optional.ofNullable(tighten),
                Optional.empty(),
                Optional.ofNullable(limits),
                priority == null ? 0 : priority);
    }

    /** The run that a request from REST or the common topic leads to; no request can take a schedule's id. */
    public static String runId(String request) {
        return "request-" + request;
    }
}
