package io.planish.job;

import io.planish.chain.ImageRef;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * Which jobs of a plan must have ended before which may start: those it depends on, and those earlier in the plan that write what it touches
 * or touch what it writes. Jobs of which neither must wait for the other may run side by side. Immutable; its size grows with
 * the images the jobs touch, not with pairs of jobs.
 */
public final class JobOrder {
    private final Map<String, Set<String>> before = new LinkedHashMap<>();
    private final Map<String, List<String>> after = new HashMap<>();

    private JobOrder() {}

    /** @param jobs each after those it depends on */
    public static JobOrder of(List<Job> jobs) {
        JobOrder order = new JobOrder();
        Map<ImageRef, String> writer = new HashMap<>();
        Map<ImageRef, Set<String>> readers = new HashMap<>();
        for (Job job : jobs) {
            Footprint footprint = Footprint.of(job);
            Set<String> before = new LinkedHashSet<>(job.dependsOn());
            before.retainAll(order.before.keySet());
            for (ImageRef image : footprint.all()) {
                String last = writer.get(image);
                if (last != null) {
                    before.add(last);
                }
                if (footprint.writes().contains(image)) {
                    before.addAll(readers.getOrDefault(image, Set.of()));
                    readers.remove(image);
                    writer.put(image, job.id());
                } else {
                    readers.computeIfAbsent(image, absent -> new HashSet<>()).add(job.id());
                }
            }
            before.remove(job.id());
            order.before.put(job.id(), before);
            before.forEach(id ->
                    order.after.computeIfAbsent(id, absent -> new ArrayList<>()).add(job.id()));
        }
        return order;
    }

    /** The jobs that must have ended before this one, whatever became of them. */
    public Set<String> before(String job) {
        return Set.copyOf(before.getOrDefault(job, Set.of()));
    }

    /** The jobs that wait for this one, in the order of the plan. */
    public List<String> after(String job) {
        return List.copyOf(after.getOrDefault(job, List.of()));
    }
}
