package io.planish.job;

import io.planish.chain.ImageRef;
import java.util.Collections;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;

/**
 * The images a job touches. Two jobs whose footprints collide are never queued together.
 *
 * @param writes what it writes, relinks, replaces or retires
 * @param all these, and what it only reads
 */
public record Footprint(Set<ImageRef> writes, Set<ImageRef> all) {
    public Footprint {
        writes = Set.copyOf(writes);
        all = Set.copyOf(all);
    }

    public static Footprint of(Job job) {
        if (!job.kind().merges()) {
            // A look at a pool waits for nobody; it is purged by one at a time.
            Set<ImageRef> trash = job.kind() == JobKind.PURGE ? Set.of(job.target()) : Set.of();
            return new Footprint(trash, trash);
        }
        Set<ImageRef> writes = new TreeSet<>();
        writes.add(job.target());
        job.relinks().forEach(r -> writes.add(r.overlay()));
        job.replaces().ifPresent(writes::add);
        writes.addAll(job.retires());
        Set<ImageRef> all = new TreeSet<>(writes);
        all.add(job.top());
        job.base().ifPresent(all::add);
        job.relinks().forEach(r -> all.add(r.backing()));
        for (Expectation e : job.expects()) {
            all.add(e.image());
            e.backing().ifPresent(all::add);
        }
        return new Footprint(writes, all);
    }

    /** Whether one writes what the other reads or writes. */
    public boolean collidesWith(Footprint other) {
        return !Collections.disjoint(writes, other.all) || !Collections.disjoint(all, other.writes);
    }

    /** All images that any of the jobs touches. */
    public static Set<ImageRef> images(List<Job> jobs) {
        Set<ImageRef> all = new TreeSet<>();
        jobs.forEach(j -> all.addAll(of(j).all));
        return all;
    }
}
