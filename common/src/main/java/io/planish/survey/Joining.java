package io.planish.survey;

import com.fasterxml.jackson.core.JsonProcessingException;
import io.planish.chain.BackingLink;
import io.planish.chain.Forest;
import io.planish.chain.ImageNode;
import io.planish.chain.ImageRef;
import io.planish.chain.PoolName;
import io.planish.chain.Problem;
import io.planish.job.SkipReason;
import io.planish.plan.Finding;
import io.planish.plan.Ownership;
import io.planish.plan.PoolState;
import io.planish.plan.Snapshot;
import io.planish.scan.BackingNames;
import io.planish.storage.PathGate;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.Function;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * Makes one snapshot of what this host sees and what others tell.
 *
 * <p>Images name each other by pool and path, so their links fit together. A name that leads out of all pools that a host mounts is not followed by it;
 * where another host mounts both ends, that one's word counts. Else every image of a pool it does not mount, whose file is called so, counts as having that
 * overlay, and the chain stays closed. Two filesystems are the same where a pool that two hosts mount lies on them; otherwise they count as different.
 */
public final class Joining {
    private final Map<ImageRef, ImageNode> nodes = new TreeMap<>();
    /** The pools that were mounted where the node was seen. */
    private final Map<ImageRef, Set<PoolName>> mounted = new HashMap<>();

    private final Map<PoolName, PoolState> pools = new TreeMap<>();
    private final List<Finding> findings = new ArrayList<>();
    private final Set<ImageRef> referenced = new HashSet<>();
    private final Set<PoolName> known;
    private int filesystems;

    private Joining(Set<PoolName> known) {
        this.known = known;
    }

    /**
     * @param own what this host sees
     * @param answers of pools that it does not mount, of each at most one, and of the right one
     * @param missing why other pools could not be looked at: nothing is complete then, since overlays may hide there
     * @param complete the pools that are declared complete
     * @param ownership of the whole forest
     */
    public static Snapshot of(
            Snapshot own,
            Collection<PoolAnswer> answers,
            List<Finding> missing,
            Set<PoolName> complete,
            Function<Forest, Ownership> ownership) {
        Set<PoolName> known = new HashSet<>();
        own.pools().forEach(pool -> known.add(pool.name()));
        answers.forEach(answer -> known.add(answer.pool()));
        Joining joining = new Joining(known);
        joining.add(own);
        answers.forEach(joining::add);
        joining.findings.addAll(missing);
        joining.followNames();
        Forest forest = Forest.of(joining.nodes.values());
        List<Finding> findings = joining.findings.stream().distinct().toList();
        boolean nothingHidden = findings.stream().noneMatch(Finding::mayHide);
        return new Snapshot(
                        own.id(),
                        own.takenAt(),
                        joining.pools.values().stream()
                                .map(pool -> withComplete(pool, complete.contains(pool.name()) && nothingHidden))
                                .toList(),
                        forest,
                        ownership.apply(forest),
                        Set.of(),
                        findings)
                .withReferenced(joining.referenced);
    }

    private static PoolState withComplete(PoolState pool, boolean complete) {
        return new PoolState(pool.name(), pool.id(), complete, pool.freeBytes(), pool.filesystem(), pool.clones());
    }

    private void add(Snapshot own) {
        Set<PoolName> here = names(own.pools());
        own.pools().forEach(pool -> pools.put(pool.name(), pool));
        own.forest().nodes().forEach(node -> put(node, here));
        filesystems = Stream.concat(
                        own.pools().stream().map(PoolState::filesystem),
                        nodes.values().stream().map(ImageNode::filesystem))
                .mapToInt(number -> number + 1)
                .max()
                .orElse(0);
        findings.addAll(own.findings());
        referenced.addAll(own.referenced());
    }

    private static Set<PoolName> names(List<PoolState> pools) {
        return pools.stream().map(PoolState::name).collect(Collectors.toUnmodifiableSet());
    }

    private void add(PoolAnswer answer) {
        Map<Integer, Integer> numbers = new HashMap<>();
        for (PoolState pool : answer.pools()) {
            Optional.ofNullable(pools.get(pool.name()))
                    .ifPresent(same -> numbers.put(pool.filesystem(), same.filesystem()));
        }
        Function<Integer, Integer> number = theirs -> numbers.computeIfAbsent(theirs, fresh -> filesystems++);
        answer.state()
                .ifPresent(state -> pools.put(
                        state.name(),
                        new PoolState(
                                state.name(),
                                state.id(),
                                state.complete(),
                                state.freeBytes(),
                                number.apply(state.filesystem()),
                                state.clones())));
        Set<PoolName> there = names(answer.pools());
        for (ImageNode told : answer.nodes()) {
            ImageNode node = renumbered(told, number.apply(told.filesystem()));
            ImageNode before = nodes.get(node.ref());
            if (before == null) {
                put(node, there);
            } else if (isCertain(node) && !isCertain(before)) {
                put(withWhatIsKnown(node, before), there);
            } else {
                nodes.put(node.ref(), withWhatIsKnown(before, node));
            }
        }
        findings.addAll(answer.findings());
        referenced.addAll(answer.referenced());
    }

    /** An image of a pool that nobody here knows counts as an overlay, and is left alone. */
    private void put(ImageNode node, Set<PoolName> seenWith) {
        boolean isKnown = known.contains(node.ref().pool());
        nodes.put(
                node.ref(),
                isKnown
                        ? node
                        : node.withProblem(new Problem(
                                SkipReason.OUTSIDE_ROOTS,
                                node.ref() + " is in a pool that only other hosts know (configure it everywhere)")));
        mounted.put(node.ref(), seenWith);
    }

    private static boolean isCertain(ImageNode node) {
        return node.backing().isEmpty() || node.backingImage().isPresent();
    }

    /** The node, with the overlays it makes and the use that another host has seen of the same file. */
    private static ImageNode withWhatIsKnown(ImageNode node, ImageNode other) {
        ImageNode all = alsoLeadingTo(node, leadsTo(other));
        if (other.use().compareTo(all.use()) <= 0) {
            return all;
        }
        ImageNode used = all.withUse(other.use());
        return other.problem(SkipReason.IN_USE).map(used::withProblem).orElse(used);
    }

    private static Set<ImageRef> leadsTo(ImageNode node) {
        Set<ImageRef> all = new TreeSet<>();
        node.backing().ifPresent(link -> {
            link.image().ifPresent(all::add);
            all.addAll(link.alsoLeadsTo());
        });
        return all;
    }

    private static ImageNode alsoLeadingTo(ImageNode node, Set<ImageRef> more) {
        if (node.backing().isEmpty() || leadsTo(node).containsAll(more)) {
            return node;
        }
        BackingLink link = node.backing().get();
        Set<ImageRef> also = new TreeSet<>(link.alsoLeadsTo());
        also.addAll(more);
        link.image().ifPresent(also::remove);
        return node.withBacking(Optional.of(new BackingLink(link.asWritten(), link.image(), List.copyOf(also))));
    }

    private void followNames() {
        Map<String, Set<ImageRef>> byFileName = new HashMap<>();
        for (ImageNode node : nodes.values()) {
            Stream.concat(Stream.of(node.ref()), node.otherNames().stream())
                    .forEach(name -> byFileName
                            .computeIfAbsent(fileName(name.path()), absent -> new TreeSet<>())
                            .add(node.ref()));
        }
        for (ImageNode node : List.copyOf(nodes.values())) {
            if (isCertain(node)) {
                continue;
            }
            Set<PoolName> seenWith = mounted.getOrDefault(node.ref(), Set.of());
            Set<ImageRef> called = written(node.backing().orElseThrow().asWritten()).stream()
                    .flatMap(path -> byFileName.getOrDefault(fileName(path), Set.of()).stream())
                    .filter(image -> !seenWith.contains(image.pool()) && !image.equals(node.ref()))
                    .collect(Collectors.toCollection(TreeSet::new));
            nodes.put(node.ref(), alsoLeadingTo(node, called));
        }
    }

    /** One that cannot be taken apart is among the findings of whoever has seen it. */
    private static Set<String> written(String name) {
        if (!PathGate.namesProtocol(name)) {
            return Set.of(name);
        }
        try {
            return BackingNames.paths(name);
        } catch (JsonProcessingException e) {
            return Set.of();
        } catch (IOException e) {
            throw new AssertionError("a string is read", e);
        }
    }

    private static String fileName(String path) {
        return path.substring(path.lastIndexOf('/') + 1);
    }

    private static ImageNode renumbered(ImageNode node, int filesystem) {
        return new ImageNode(
                node.ref(),
                node.otherNames(),
                node.facts(),
                node.format(),
                node.virtualSizeBytes(),
                node.clusterSizeBytes(),
                node.allocatedBytes(),
                filesystem,
                node.use(),
                node.backing(),
                node.traits(),
                node.problems());
    }
}
