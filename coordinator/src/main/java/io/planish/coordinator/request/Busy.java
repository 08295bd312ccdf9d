package io.planish.coordinator.request;

import io.planish.chain.ImageRef;
import io.planish.job.Footprint;
import io.planish.job.Job;
import java.util.Collection;
import java.util.HashMap;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * The images that jobs are about to change. A plan that touches one of them was made from what will not be so much longer: its jobs would wait for
 * those, only to find everything changed. Not thread-safe.
 */
public final class Busy {
    /** So many images are enough to wait for. */
    private static final int MOST = 64;

    /** With the highest priority of a run whose jobs write, or touch, each. */
    private final Map<ImageRef, Integer> writes = new HashMap<>();

    private final Map<ImageRef, Integer> all = new HashMap<>();

    /** This job has not ended; runs with a higher priority do not wait for it. */
    public void add(Job job, int priority) {
        Footprint footprint = Footprint.of(job);
        footprint.writes().forEach(image -> writes.merge(image, priority, Math::max));
        footprint.all().forEach(image -> all.merge(image, priority, Math::max));
    }

    /** Some of the images for which a plan of these jobs has to wait in a run with this priority; none: it need not. */
    Set<ImageRef> collisions(Collection<Job> jobs, int priority) {
        return jobs.stream()
                .map(Footprint::of)
                .flatMap(footprint -> Stream.concat(
                        footprint.writes().stream().filter(image -> goesFirst(all, image, priority)),
                        footprint.all().stream().filter(image -> goesFirst(writes, image, priority))))
                .distinct()
                .limit(MOST)
                .collect(Collectors.toSet());
    }

    /** Whether a job that is to go before those of a run with this priority touches one of the images. */
    boolean touchesAny(Collection<ImageRef> images, int priority) {
        return images.stream().anyMatch(image -> goesFirst(all, image, priority));
    }

    private static boolean goesFirst(Map<ImageRef, Integer> busy, ImageRef image, int priority) {
        return busy.getOrDefault(image, Integer.MIN_VALUE) >= priority;
    }
}
