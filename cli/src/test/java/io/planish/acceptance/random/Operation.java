package io.planish.acceptance.random;

import io.planish.acceptance.Merges;
import io.planish.acceptance.random.Change.Reply;
import io.planish.cli.Cli;
import io.planish.job.JobResult;
import io.planish.job.Outcome;
import io.planish.job.Outcomes;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.function.Predicate;
import java.util.function.Supplier;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/** What may be done to a tree. */
enum Operation {
    /** Any run of the chain into any of its layers, by the engine. */
    MERGE(5) {
        @Override
        Change draw(RandomTree tree, Merges merges, Random random) {
            List<Layer> chain = tree.chain();
            int top = 1 + random.nextInt(chain.size() - 1);
            int lo = random.nextInt(top);
            int target = random.nextInt(3) == 0 ? top : lo + random.nextInt(top - lo + 1);
            boolean leaf = tree.overlays(chain.get(top)).isEmpty();
            Map<Layer, Layer> shows = unchanged(tree.all());
            List<Layer> clean = new ArrayList<>();
            Set<Refusal> due = dueOf(
                    tree,
                    chain.subList(lo, top + 1),
                    target - lo,
                    chain.get(top).sizeBytes());
            if (target < top && leaf && chain.get(target).is(LayerShape.RAW)) {
                due.add(Refusal.RAW);
            }
            if (target < top) {
                shows.keySet().removeAll(chain.subList(target, leaf ? top : top + 1));
                if (!leaf) {
                    shows.put(chain.get(target), chain.get(top));
                }
            }
            return new Change(
                    "merge l" + lo + "..l" + top + " into l" + target,
                    due,
                    shows,
                    clean,
                    Set.of(),
                    List.of(),
                    Map.of(),
                    () -> merged(
                            merges,
                            lo == 0 ? "" : chain.get(lo - 1).file(),
                            chain.get(target).file(),
                            chain.get(top).file()));
        }
    },
    REBASE_ELSEWHERE(1) {
        @Override
        Change draw(RandomTree tree, Merges merges, Random random) {
            Layer top = tree.unrelated();
            List<Layer> overlays = tree.chain().stream()
                    .filter(layer -> !layer.is(LayerShape.RAW))
                    .toList();
            return rebase(tree, overlays.get(random.nextInt(overlays.size())), List.of(top));
        }
    },
    REBASE_WITHIN(1) {
        @Override
        Change draw(RandomTree tree, Merges merges, Random random) {
            int at = 1 + random.nextInt(tree.chain().size() - 1);
            return rebase(
                    tree,
                    tree.chain().get(at),
                    random.nextInt(3) == 0 ? List.of() : List.of(tree.chain().get(random.nextInt(at))));
        }
    },
    COMMIT_AS_QEMU_DOES(1) {
        @Override
        Change draw(RandomTree tree, Merges merges, Random random) {
            List<Layer> chain = tree.chain();
            int top = 1 + random.nextInt(chain.size() - 1);
            int how = random.nextInt(3);
            int into = how == 2 ? random.nextInt(top) : top - 1;
            List<Object> words = new ArrayList<>(List.of("commit"));
            words.addAll(List.of(
                            List.<Object>of(),
                            List.<Object>of("-d"),
                            List.<Object>of("-b", chain.get(into).file()))
                    .get(how));
            words.add(tree.path(chain.get(top)));
            Map<Layer, Layer> shows = unchanged(tree.all());
            shows.keySet().removeAll(chain.subList(into, top));
            long size = Math.max(chain.get(into).sizeBytes(), chain.get(top).sizeBytes());
            Set<Refusal> due = dueOf(tree, chain.subList(into, top + 1), 0, size);
            due.remove(Refusal.BITMAPS); // those stay where they are
            return new Change(
                    words.subList(0, words.size() - 1) + " l" + top + " as qemu does",
                    due,
                    shows,
                    List.of(chain.get(into)),
                    Set.of(),
                    List.of(),
                    Map.of(chain.get(into), chain.get(top)),
                    () -> said(words));
        }
    },
    FLATTEN(1) {
        @Override
        Change draw(RandomTree tree, Merges merges, Random random) {
            List<Object> words = new ArrayList<>(List.of("flatten", "--yes"));
            words.addAll(policy(random));
            if (random.nextBoolean()) {
                words.add("--delete");
            }
            words.add(tree.folder());
            return planned(tree, words.subList(0, words.size() - 1).toString(), () -> said(words, 0, 3));
        }
    },
    PLAN_AND_APPLY(1) {
        @Override
        Change draw(RandomTree tree, Merges merges, Random random) {
            Path plan = tree.folder().resolveSibling("plan.jsonl");
            List<Object> words = new ArrayList<>(List.of("plan", "-o", plan));
            words.addAll(policy(random));
            words.add(tree.folder());
            return planned(tree, "apply of " + words.subList(3, words.size() - 1), () -> {
                Reply reply = said(words, 0, 3);
                return reply.equals(Reply.DONE) ? said(List.<Object>of("apply", plan), 0, 3) : reply;
            });
        }
    };

    private final int weight;

    Operation(int weight) {
        this.weight = weight;
    }

    static Operation any(Random random) {
        List<Operation> bag = Arrays.stream(values())
                .flatMap(operation -> IntStream.range(0, operation.weight).mapToObj(i -> operation))
                .toList();
        return bag.get(random.nextInt(bag.size()));
    }

    abstract Change draw(RandomTree tree, Merges merges, Random random);

    static List<Object> policy(Random random) {
        List<Object> words = new ArrayList<>(List.of("--max-depth", 1 + random.nextInt(3)));
        if (random.nextBoolean()) {
            words.add("--unshare");
        }
        return words;
    }

    /** A plan chooses what to do; leaves and shared images show what they did, and what is left of the others is sound. */
    static Change planned(RandomTree tree, String story, Supplier<Reply> act) {
        Predicate<Layer> isLeaf = layer -> tree.overlays(layer).isEmpty();
        Map<Layer, Layer> shows =
                unchanged(tree.all().stream().filter(isLeaf.or(tree::isShared)).toList());
        Set<Layer> mayGo = tree.all().stream().filter(isLeaf.negate()).collect(Collectors.toSet());
        return new Change(story, Set.of(), shows, tree.all(), mayGo, List.of(), Map.of(), act);
    }

    static Map<Layer, Layer> unchanged(List<Layer> layers) {
        return layers.stream()
                .collect(Collectors.toMap(layer -> layer, layer -> layer, (a, b) -> a, LinkedHashMap::new));
    }

    /**
     * Why this group must not become one in its layer {@code at}.
     *
     * @param sizeBytes the length of the disk afterwards
     */
    static Set<Refusal> dueOf(RandomTree tree, List<Layer> group, int at, long sizeBytes) {
        Set<Refusal> due = EnumSet.noneOf(Refusal.class);
        Layer target = group.get(at);
        List<Layer> above = group.subList(at + 1, group.size());
        if (group.subList(at, group.size() - 1).stream().anyMatch(tree::isShared)) {
            due.add(Refusal.OTHER_OVERLAYS);
        }
        boolean commits = !above.isEmpty();
        boolean lost = above.stream().anyMatch(layer -> layer.is(LayerShape.SNAPSHOT));
        boolean broken = at > 0 || (target.is(LayerShape.V2) && target.sizeBytes() != sizeBytes);
        if (lost || (broken && target.is(LayerShape.SNAPSHOT))) {
            due.add(Refusal.SNAPSHOTS);
        }
        boolean bitmaps = commits && group.subList(at, group.size()).stream().anyMatch(l -> l.is(LayerShape.BITMAPS));
        boolean room =
                !target.is(LayerShape.V2) && !target.is(LayerShape.RAW) && target.sizeBytes() > 0 && sizeBytes > 0;
        if (bitmaps && !room) {
            due.add(Refusal.BITMAPS);
        }
        return due;
    }

    static Change rebase(RandomTree tree, Layer overlay, List<Layer> onto) {
        List<Object> words = new ArrayList<>(List.of("rebase", "-b", ""));
        onto.forEach(base -> words.set(2, base.file()));
        onto.forEach(base -> words.addAll(List.of("-F", base.format())));
        words.add(tree.path(overlay));
        boolean links =
                !overlay.backing().equals(onto.isEmpty() ? "" : onto.getFirst().name());
        return new Change(
                "rebase " + overlay.name() + " onto '" + words.get(2) + "'",
                links && overlay.is(LayerShape.SNAPSHOT)
                        ? EnumSet.of(Refusal.SNAPSHOTS)
                        : EnumSet.noneOf(Refusal.class),
                unchanged(tree.all()),
                List.of(),
                Set.of(),
                List.of(Stream.concat(onto.stream(), Stream.of(overlay))
                        .map(layer -> layer.is(LayerShape.RAW) ? layer.file() : layer.name())
                        .collect(Collectors.joining(" <- "))),
                Map.of(),
                () -> said(words));
    }

    static Reply merged(Merges merges, String base, String target, String top) {
        try {
            JobResult result = merges.run(merges.merge(base, target, top));
            return result.outcome().equals(new Outcome.Done())
                    ? Reply.DONE
                    : new Reply(
                            result.outcome().getClass().getSimpleName() + ": " + Outcomes.message(result.outcome()));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** What the verb answers. */
    static Reply said(List<Object> words) {
        return said(words, 0);
    }

    /** @param good exit codes with which it may end */
    static Reply said(List<Object> words, Integer... good) {
        Cli.Answer answer = Cli.planish(words.toArray());
        return List.of(good).contains(answer.exit())
                ? Reply.DONE
                : new Reply("exit " + answer.exit() + ": " + answer.out() + answer.err());
    }
}
