package io.planish.plan;

import io.planish.chain.Forest;
import io.planish.chain.ImageNode;
import io.planish.chain.PoolName;
import io.planish.chain.Problem;
import io.planish.job.Job;
import io.planish.job.SkipReason;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * What may still be written: to each filesystem, and to each pool by the policy's budget.
 *
 * <p>Leftovers in the trash free nothing. Where they are removed at once, what jobs free is counted only when somebody needs it, who then has to wait
 * for those jobs; so the room suffices in whatever order and however much side by side the jobs run.
 */
final class Space {
    private final Policy policy;
    private final Forest forest;
    private final Map<Integer, Long> leftByFilesystem = new HashMap<>();
    private final Map<PoolName, Long> leftByPool = new HashMap<>();
    private final Map<PoolName, Long> usedByPool = new HashMap<>();
    private final Map<PoolName, Long> peakByPool = new HashMap<>();
    private final Map<Integer, Deque<Freed>> freed = new HashMap<>();
    private final Map<Integer, Long> freedBytes = new HashMap<>();
    /** The job whose room was counted last: all that is left may be its. */
    private final Map<Integer, String> lastCounted = new HashMap<>();

    private final Deque<Freed> counted = new ArrayDeque<>();
    private List<String> waits = List.of();

    private record Freed(String job, PoolName pool, int filesystem, long bytes) {}

    /** All that changes, but for what jobs free. */
    record Room(
            int counted,
            Map<Integer, Long> byFilesystem,
            Map<PoolName, Long> byPool,
            Map<PoolName, Long> used,
            Map<PoolName, Long> peak,
            Map<Integer, String> lastCounted) {}

    Space(Snapshot snapshot, Policy policy) {
        this.policy = policy;
        this.forest = snapshot.forest();
        for (PoolState pool : snapshot.pools()) {
            leftByFilesystem.merge(
                    pool.filesystem(), Math.max(0, pool.freeBytes() - policy.headroomBytes(pool.name())), Math::min);
        }
    }

    /** How it is now. */
    Room now() {
        return new Room(
                counted.size(),
                Map.copyOf(leftByFilesystem),
                Map.copyOf(leftByPool),
                Map.copyOf(usedByPool),
                Map.copyOf(peakByPool),
                Map.copyOf(lastCounted));
    }

    /** Gives back what was taken since then; no job has been {@link #note noted} meanwhile. */
    void backTo(Room before) {
        restore(leftByFilesystem, before.byFilesystem());
        restore(leftByPool, before.byPool());
        restore(usedByPool, before.used());
        restore(peakByPool, before.peak());
        restore(lastCounted, before.lastCounted());
        while (counted.size() > before.counted()) {
            Freed one = counted.removeLast();
            freedOn(one.filesystem()).addFirst(one);
            freedBytes.merge(one.filesystem(), one.bytes(), Long::sum);
        }
    }

    private static <K, V> void restore(Map<K, V> map, Map<K, V> before) {
        map.clear();
        map.putAll(before);
    }

    /** Whether more room may come from jobs that are planned later. */
    boolean mayGrow() {
        return policy.grace().isZero();
    }

    /** Why merges would not fit one after the other, if so; takes nothing. */
    Optional<Problem> lacksFor(List<Split.Merge> merges, List<ImageNode> path) {
        if (merges.isEmpty()) {
            return Optional.empty();
        }
        Room before = now();
        Optional<Problem> lack = merges.stream()
                .flatMap(merge -> take(path.get(merge.target()), merge.bytes()).stream())
                .findFirst();
        backTo(before);
        return lack;
    }

    /** Sets the bytes aside, or tells why not. A filesystem whose free bytes nobody told has no room. */
    Optional<Problem> take(ImageNode target, long bytes) {
        int filesystem = target.filesystem();
        PoolName pool = target.ref().pool();
        long left = leftByPool.getOrDefault(pool, policy.budgetBytes(pool));
        if (bytes > left) {
            return Optional.of(new Problem(
                    SkipReason.BUDGET,
                    "merging into " + target.ref() + " needs " + Bytes.text(bytes) + ", and " + Bytes.text(left)
                            + " are left of the budget of pool " + pool
                            + " in this run (a later run may have room; else raise budget)"));
        }
        long room = roomFor(bytes, filesystem);
        if (bytes > room) {
            return Optional.of(new Problem(
                    SkipReason.NO_SPACE,
                    "merging into " + target.ref() + " needs " + Bytes.text(bytes) + ", and " + Bytes.text(room)
                            + " are left beside the headroom of " + Bytes.text(policy.headroomBytes(pool))
                            + " (make room, or lower headroom)"));
        }
        leftByFilesystem.put(filesystem, room - bytes);
        leftByPool.put(pool, left - bytes);
        peakByPool.merge(pool, usedByPool.merge(pool, bytes, Long::sum), Math::max);
        return Optional.empty();
    }

    /** The jobs that have to be done before there is the room that was set aside last. */
    List<String> waitsFor() {
        return waits;
    }

    /** Notes what a job of the plan gives back. */
    void note(Job job) {
        if (!mayGrow()) {
            return;
        }
        Leftover.of(job, forest).forEach(leftover -> note(job, leftover));
    }

    /** The most that is in use at any time on top of what is now. */
    long peakBytes(PoolName pool) {
        return peakByPool.getOrDefault(pool, 0L);
    }

    private void note(Job job, Leftover leftover) {
        int filesystem = leftover.file().filesystem();
        freedOn(filesystem).add(new Freed(job.id(), leftover.file().ref().pool(), filesystem, leftover.bytes()));
        freedBytes.merge(filesystem, leftover.bytes(), Long::sum);
    }

    private Deque<Freed> freedOn(int filesystem) {
        return freed.computeIfAbsent(filesystem, key -> new ArrayDeque<>());
    }

    private long roomFor(long bytes, int filesystem) {
        long room = leftByFilesystem.getOrDefault(filesystem, 0L);
        Set<String> jobs = new LinkedHashSet<>();
        if (lastCounted.containsKey(filesystem)) {
            jobs.add(lastCounted.get(filesystem));
        }
        Deque<Freed> giving = freedOn(filesystem);
        if (bytes > room && bytes <= room + freedBytes.getOrDefault(filesystem, 0L)) {
            while (bytes > room) {
                Freed next = giving.remove();
                counted.add(next);
                freedBytes.merge(filesystem, -next.bytes(), Long::sum);
                room += next.bytes();
                usedByPool.merge(next.pool(), -next.bytes(), Long::sum);
                lastCounted.put(filesystem, next.job());
                jobs.add(next.job());
            }
        }
        waits = List.copyOf(jobs);
        return room;
    }
}
