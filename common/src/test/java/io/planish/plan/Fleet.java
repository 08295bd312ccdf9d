package io.planish.plan;

import io.planish.chain.Chains;
import io.planish.chain.Forest;
import io.planish.chain.ImageFormat;
import io.planish.chain.ImageNode;
import io.planish.chain.ImageRef;
import io.planish.chain.Problem;
import io.planish.chain.Trait;
import io.planish.chain.Use;
import io.planish.job.SkipReason;
import java.time.Instant;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.UnaryOperator;
import org.roaringbitmap.RoaringBitmap;

/** A made-up snapshot: drawings, and what differs from a free, writable version 3 image with 64 KiB clusters that owns nothing. */
final class Fleet {
    static final int CLUSTER = 65536;

    private final Map<ImageRef, ImageNode> nodes = new LinkedHashMap<>();
    private final Map<ImageRef, RoaringBitmap> data = new HashMap<>();
    private final Map<ImageRef, RoaringBitmap> zero = new HashMap<>();
    private final Set<ImageRef> referenced = new HashSet<>();
    private final Set<String> incomplete = new HashSet<>();
    private final Map<String, Integer> filesystems = new HashMap<>();
    private long freeBytes = 1L << 40;
    private boolean clones;

    static Fleet of(String... drawings) {
        Fleet fleet = new Fleet();
        Chains.nodes(drawings).forEach(node -> fleet.nodes.put(node.ref(), node));
        return fleet;
    }

    Fleet add(ImageNode node) {
        nodes.put(node.ref(), node);
        return this;
    }

    /** The image has data in clusters {@code from..to-1}. */
    Fleet data(String name, int from, int to) {
        data.computeIfAbsent(Chains.ref(name), ref -> new RoaringBitmap()).add((long) from, to);
        return this;
    }

    Fleet zero(String name, int from, int to) {
        zero.computeIfAbsent(Chains.ref(name), ref -> new RoaringBitmap()).add((long) from, to);
        return this;
    }

    Fleet problem(String name, SkipReason reason) {
        return change(name, node -> node.withProblem(new Problem(reason, node.ref() + " has " + reason)));
    }

    Fleet use(String name, Use use) {
        return change(
                name,
                n -> copy(n, n.format(), n.virtualSizeBytes(), n.clusterSizeBytes(), use, n.traits(), n.filesystem()));
    }

    Fleet raw(String name) {
        return change(
                name, n -> copy(n, ImageFormat.RAW, n.virtualSizeBytes(), 512, n.use(), Set.of(), n.filesystem()));
    }

    Fleet size(String name, int clusters) {
        return change(
                name,
                n -> copy(
                        n,
                        n.format(),
                        (long) clusters * CLUSTER,
                        n.clusterSizeBytes(),
                        n.use(),
                        n.traits(),
                        n.filesystem()));
    }

    Fleet clusterBytes(String name, int bytes) {
        return change(name, n -> copy(n, n.format(), n.virtualSizeBytes(), bytes, n.use(), n.traits(), n.filesystem()));
    }

    Fleet filesystem(String name, int filesystem) {
        return change(
                name,
                n -> copy(n, n.format(), n.virtualSizeBytes(), n.clusterSizeBytes(), n.use(), n.traits(), filesystem));
    }

    Fleet traits(String name, Trait... traits) {
        return change(
                name,
                n -> copy(
                        n,
                        n.format(),
                        n.virtualSizeBytes(),
                        n.clusterSizeBytes(),
                        n.use(),
                        Set.of(traits),
                        n.filesystem()));
    }

    Fleet referenced(String... names) {
        List.of(names).forEach(name -> referenced.add(Chains.ref(name)));
        return this;
    }

    Fleet incomplete(String pool) {
        incomplete.add(pool);
        return this;
    }

    Fleet free(long bytes) {
        freeBytes = bytes;
        return this;
    }

    /** All filesystems let files share blocks. */
    Fleet clones() {
        clones = true;
        return this;
    }

    Fleet change(String name, UnaryOperator<ImageNode> change) {
        ImageRef ref = Chains.ref(name);
        nodes.computeIfPresent(ref, (same, node) -> change.apply(node));
        return this;
    }

    /** Each pool has a filesystem of its own. */
    Fleet filesystemsApart() {
        for (ImageNode node : List.copyOf(nodes.values())) {
            String pool = node.ref().pool().value();
            filesystem(node.ref().toString(), filesystems.computeIfAbsent(pool, p -> filesystems.size() + 1));
        }
        return this;
    }

    Fleet allocated(String name, long bytes) {
        return change(
                name,
                n -> new ImageNode(
                        n.ref(),
                        n.otherNames(),
                        n.facts(),
                        n.format(),
                        n.virtualSizeBytes(),
                        n.clusterSizeBytes(),
                        bytes,
                        n.filesystem(),
                        n.use(),
                        n.backing(),
                        n.traits(),
                        n.problems()));
    }

    Snapshot snapshot() {
        Set<String> pools = new TreeSet<>();
        nodes.keySet().forEach(ref -> pools.add(ref.pool().value()));
        return new Snapshot(
                "s-1",
                Instant.EPOCH,
                pools.stream()
                        .map(name -> new PoolState(
                                new io.planish.chain.PoolName(name),
                                "id-" + name,
                                !incomplete.contains(name),
                                freeBytes,
                                filesystems.getOrDefault(name, 0),
                                clones))
                        .toList(),
                Forest.of(nodes.values()),
                ref -> new Owned(
                        clusterBytes(ref),
                        data.getOrDefault(ref, new RoaringBitmap()).clone(),
                        zero.getOrDefault(ref, new RoaringBitmap()).clone()),
                referenced,
                List.of());
    }

    Plan plan(int maxDepth) {
        return plan(Policy.DEFAULT.withMaxDepth(maxDepth));
    }

    Plan plan(Policy policy) {
        return Planner.plan(snapshot(), policy);
    }

    private int clusterBytes(ImageRef ref) {
        ImageNode node = nodes.get(ref);
        return node == null || node.format() == ImageFormat.RAW ? CLUSTER : node.clusterSizeBytes();
    }

    private static ImageNode copy(
            ImageNode n, ImageFormat format, long size, int cluster, Use use, Set<Trait> traits, int filesystem) {
        return new ImageNode(
                n.ref(),
                n.otherNames(),
                n.facts(),
                format,
                size,
                cluster,
                n.allocatedBytes(),
                filesystem,
                use,
                n.backing(),
                traits,
                n.problems());
    }
}
