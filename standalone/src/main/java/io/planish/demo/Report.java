package io.planish.demo;

import com.fasterxml.jackson.databind.JsonNode;
import io.planish.fleet.Table;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;

/** What the demo prints about plan and result. */
final class Report {
    private Report() {}

    /** The table of the chains and that of the pools, before and after. */
    static void fleet(
            Fleet fleet, JsonNode jobs, Optional<Watch.Kill> kill, Map<String, Long> before, Map<String, Long> after)
            throws IOException {
        List<List<String>> rows = new ArrayList<>();
        rows.add(List.of("chain", "layers", "after", "written", ""));
        for (Chain chain : fleet.chains()) {
            long written = elements(jobs)
                    .filter(j -> j.path("job").path("top").asText().equals(chain.image()))
                    .mapToLong(j ->
                            j.path("state").path("result").path("bytesCopied").asLong())
                    .sum();
            written += kill.filter(k -> k.image().equals(chain.image()))
                    .map(Watch.Kill::bytesCopied)
                    .orElse(0L);
            rows.add(List.of(
                    chain.image(),
                    Integer.toString(chain.layers()),
                    Integer.toString(Judge.layers(chain)),
                    Text.bytes(written),
                    chain.skip().map(reason -> "left alone, " + reason + ": ").orElse("") + chain.story()));
        }
        System.out.println();
        System.out.print(Table.of(rows));
        List<List<String>> pools = new ArrayList<>();
        pools.add(List.of("pool", "used", "after", "freed, net"));
        before.forEach((pool, used) -> pools.add(List.of(
                pool,
                Text.bytes(used),
                Text.bytes(after.getOrDefault(pool, 0L)),
                Text.bytes(used - after.getOrDefault(pool, 0L)))));
        pools.add(
                List.of("all", Text.bytes(sum(before)), Text.bytes(sum(after)), Text.bytes(sum(before) - sum(after))));
        System.out.println();
        System.out.print(Table.of(pools));
    }

    /** What the plan will do, and what it leaves alone and why. */
    static void plan(JsonNode plan) {
        long write = elements(plan.path("totals"))
                .mapToLong(t -> t.path("bytesToWrite").asLong())
                .sum();
        long free = elements(plan.path("totals"))
                .mapToLong(t -> t.path("bytesToFreeNow").asLong())
                .sum();
        say(plan.path("jobs").size() + " jobs, " + Text.bytes(write) + " to write, " + Text.bytes(free) + " to free");
        plan.path("skips")
                .forEach(s -> say("left alone: " + s.path("image").asText() + " "
                        + s.path("reason").asText() + ": " + s.path("sentence").asText()));
    }

    static Stream<JsonNode> elements(JsonNode array) {
        return array.valueStream();
    }

    static long sum(Map<String, Long> used) {
        return used.values().stream().mapToLong(Long::longValue).sum();
    }

    static void say(String what) {
        System.out.println("        " + what);
    }
}
