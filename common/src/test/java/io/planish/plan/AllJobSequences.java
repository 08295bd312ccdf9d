package io.planish.plan;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import java.util.PriorityQueue;
import java.util.Set;

/**
 * Finds the cheapest of all sequences of jobs by trying them all, cheapest first. Knows nothing of the planner: files, what each owns of a few clusters,
 * and the rules of the design are all written down here once more.
 */
final class AllJobSequences {
    static final int CLUSTERS = 8;
    /** In {@link Image#own}: reads as zeroes. */
    static final int ZERO = -1;

    private final List<Image> images;
    private final boolean unshare;
    private final boolean[] shared;

    /**
     * @param backing which image it stands on; -1: none
     * @param own by cluster: 0 nothing, {@link #ZERO}, or data of that name
     * @param written whether it may be written, moved and relinked
     * @param ends whether its content and its name may come to an end
     */
    record Image(int backing, int[] own, boolean written, boolean ends, boolean snapshots, boolean complete) {}

    /** The files as they are after some jobs. A file is told by the image it was at first; one that is gone has nothing. */
    private static final class Files {
        final int[] backing;
        /** Under whose name it stands; -1: it is gone. */
        final int[] name;
        /** Whose disk it shows. */
        final int[] shows;

        final int[][] own;
        int cost;

        Files(int count) {
            backing = new int[count];
            name = new int[count];
            shows = new int[count];
            own = new int[count][];
        }

        Files copy() {
            Files copy = new Files(backing.length);
            System.arraycopy(backing, 0, copy.backing, 0, backing.length);
            System.arraycopy(name, 0, copy.name, 0, name.length);
            System.arraycopy(shows, 0, copy.shows, 0, shows.length);
            System.arraycopy(own, 0, copy.own, 0, own.length);
            copy.cost = cost;
            return copy;
        }

        String key() {
            return Arrays.toString(backing) + Arrays.toString(name) + Arrays.toString(shows) + Arrays.deepToString(own);
        }

        int named(int image) {
            for (int file = 0; file < name.length; file++) {
                if (name[file] == image) {
                    return file;
                }
            }
            return -1;
        }

        /** From the top down. */
        List<Integer> chain(int top) {
            List<Integer> chain = new ArrayList<>();
            for (int file = top; file >= 0; file = backing[file]) {
                chain.add(file);
            }
            return chain;
        }

        List<Integer> overlays(int file) {
            List<Integer> overlays = new ArrayList<>();
            for (int other = 0; other < name.length; other++) {
                if (name[other] >= 0 && backing[other] == file) {
                    overlays.add(other);
                }
            }
            return overlays;
        }

        void remove(int file) {
            name[file] = -1;
            backing[file] = -1;
            shows[file] = -1;
            own[file] = new int[0];
        }
    }

    AllJobSequences(List<Image> images, boolean unshare) {
        this.images = images;
        this.unshare = unshare;
        this.shared = new boolean[images.size()];
        int[] overlays = new int[images.size()];
        images.stream().filter(image -> image.backing() >= 0).forEach(image -> overlays[image.backing()]++);
        for (int i = 0; i < shared.length; i++) {
            shared[i] = overlays[i] > 1;
        }
    }

    /**
     * The fewest clusters that are written until no leaf is deeper than it may be.
     *
     * @param depths the depth that is allowed, by leaf
     * @param mostStates how many states are looked at
     * @return empty: too many states; {@link Integer#MAX_VALUE}: there is no way
     */
    OptionalInt cheapest(Map<Integer, Integer> depths, int mostStates) {
        PriorityQueue<Files> open = new PriorityQueue<>((a, b) -> Integer.compare(a.cost, b.cost));
        Map<String, Integer> known = new HashMap<>();
        Set<String> done = new HashSet<>();
        Files start = start();
        open.add(start);
        known.put(start.key(), 0);
        while (!open.isEmpty()) {
            Files now = open.poll();
            if (!done.add(now.key())) {
                continue;
            }
            if (depths.entrySet().stream()
                    .allMatch(leaf -> now.chain(now.named(leaf.getKey())).size() <= leaf.getValue())) {
                return OptionalInt.of(now.cost);
            }
            if (done.size() > mostStates) {
                return OptionalInt.empty();
            }
            for (Files next : afterOneJob(now)) {
                String key = next.key();
                if (next.cost < known.getOrDefault(key, Integer.MAX_VALUE)) {
                    known.put(key, next.cost);
                    open.add(next);
                }
            }
        }
        return OptionalInt.of(Integer.MAX_VALUE);
    }

    private Files start() {
        Files files = new Files(images.size());
        for (int i = 0; i < images.size(); i++) {
            files.backing[i] = images.get(i).backing();
            files.name[i] = i;
            files.shows[i] = i;
            files.own[i] = images.get(i).own();
        }
        return files;
    }

    private List<Files> afterOneJob(Files now) {
        List<Files> all = new ArrayList<>();
        for (int top = 0; top < now.name.length; top++) {
            List<Integer> chain = now.name[top] < 0 ? List.of() : now.chain(top);
            for (int lo = 1; lo < chain.size(); lo++) {
                if (!unshare && shared[now.shows[chain.get(lo)]]) {
                    break;
                }
                for (int target = 0; target <= lo; target++) {
                    List<Integer> group = chain.subList(0, lo + 1);
                    if (target == 0 ? mayPull(now, group) : mayCommit(now, group, target)) {
                        all.add(merged(now, group, target));
                    }
                }
            }
        }
        return all;
    }

    private Image image(Files now, int file) {
        return images.get(now.name[file]);
    }

    /** What a file holds besides clusters stays with the file, whatever name it has. */
    private boolean holdsSnapshots(int file) {
        return images.get(file).snapshots();
    }

    private boolean mayPull(Files now, List<Integer> group) {
        int top = group.getFirst();
        return image(now, top).written() && !holdsSnapshots(top);
    }

    private boolean mayCommit(Files now, List<Integer> group, int target) {
        for (int i = 1; i <= target; i++) {
            int file = group.get(i);
            Image image = image(now, file);
            boolean wasShared = shared[now.name[file]] || shared[now.shows[file]];
            boolean onlyForTheNext = now.overlays(file).size() == 1 && !wasShared && image.complete();
            if (!onlyForTheNext || !image.written() || !image.ends() || i < target && holdsSnapshots(file)) {
                return false;
            }
        }
        boolean pulls = target < group.size() - 1;
        if (pulls && holdsSnapshots(group.get(target))) {
            return false;
        }
        int top = group.getFirst();
        Image image = image(now, top);
        List<Integer> overlays = now.overlays(top);
        if (holdsSnapshots(top) || !image.written() || stoodOnAFork(group.get(target), now.shows[top])) {
            return false;
        }
        return overlays.isEmpty()
                || image.ends()
                        && image.complete()
                        && overlays.stream()
                                .allMatch(overlay -> image(now, overlay).written());
    }

    /**
     * Whether what one image shows came, at first, over a fork above the other. Planish does not make a leaf's copy of layers that all others have left
     * by then: docs/planner.md says so under «Where it is not the optimum».
     */
    private boolean stoodOnAFork(int target, int shown) {
        for (int image = images.get(shown).backing();
                image > target;
                image = images.get(image).backing()) {
            if (shared[image]) {
                return true;
            }
        }
        return false;
    }

    private Files merged(Files now, List<Integer> group, int targetAt) {
        Files next = now.copy();
        int top = group.getFirst();
        int target = group.get(targetAt);
        int[] merged = new int[CLUSTERS];
        for (int file : group.reversed()) {
            for (int cluster = 0; cluster < CLUSTERS; cluster++) {
                merged[cluster] = now.own[file][cluster] != 0 ? now.own[file][cluster] : merged[cluster];
            }
        }
        for (int cluster = 0; cluster < CLUSTERS; cluster++) {
            next.cost += merged[cluster] > 0 && merged[cluster] != now.own[target][cluster] ? 1 : 0;
        }
        next.own[target] = merged;
        next.backing[target] = now.backing[group.getLast()];
        next.shows[target] = now.shows[top];
        if (targetAt > 0) {
            List<Integer> overlays = now.overlays(top);
            overlays.forEach(overlay -> next.backing[overlay] = target);
            if (overlays.isEmpty()) {
                next.name[target] = now.name[top];
            }
            group.subList(0, targetAt).forEach(next::remove);
        }
        for (int file : group.subList(targetAt + 1, group.size())) {
            Image image = image(now, file);
            boolean goes = next.overlays(file).isEmpty()
                    && !shared[now.name[file]]
                    && !shared[now.shows[file]]
                    && image.complete()
                    && image.written()
                    && image.ends()
                    && !holdsSnapshots(file);
            if (!goes) {
                break;
            }
            next.remove(file);
        }
        return next;
    }
}
