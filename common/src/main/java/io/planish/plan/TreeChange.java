package io.planish.plan;

import io.planish.chain.Forest;
import io.planish.chain.ImageNode;
import io.planish.chain.ImageRef;
import io.planish.job.Job;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/** What a plan makes of one tree of images that hang together. */
record TreeChange(Forest before, Forest after, List<Job> jobs) {

    /** Those of the trees that any job changes, in the order of their first jobs. */
    static List<TreeChange> of(Plan plan, Forest forest) {
        Map<ImageRef, Forest> treeOf = new HashMap<>();
        for (Forest tree : forest.trees()) {
            tree.nodes().forEach(node -> treeOf.put(node.ref(), tree));
        }
        Map<Forest, List<Job>> jobs = new LinkedHashMap<>();
        for (Job job : plan.jobs()) {
            Forest tree = treeOf.get(job.top());
            if (tree != null) {
                jobs.computeIfAbsent(tree, t -> new ArrayList<>()).add(job);
            }
        }
        List<TreeChange> changes = new ArrayList<>();
        jobs.forEach((tree, its) -> changes.add(new TreeChange(tree, Aftermath.of(its, tree), its)));
        return changes;
    }

    /** The images that hang on no other one. */
    static List<ImageNode> roots(Forest tree) {
        return tree.nodes().stream()
                .filter(node -> tree.backing(node).isEmpty())
                .toList();
    }

    /** What no image that was a leaf before needs any more, and is still there: it is kept, referenced or protected, or was shared. */
    List<ImageNode> unused() {
        Set<ImageRef> needed = new HashSet<>();
        for (ImageNode leaf : before.leaves()) {
            Optional<ImageNode> at = after.node(leaf.ref());
            while (at.isPresent() && needed.add(at.get().ref())) {
                at = at.flatMap(after::backing);
            }
        }
        return after.nodes().stream()
                .filter(node -> !needed.contains(node.ref()))
                .toList();
    }

    /** The folder in which all its images lie, with a slash at its end; empty if there is none, not even a pool. */
    String folder() {
        String common = null;
        for (ImageNode node : before.nodes()) {
            String path = node.ref().toString();
            String folder = path.substring(0, path.lastIndexOf('/') + 1);
            common = common == null ? folder : common(common, folder);
        }
        return common == null ? "" : common;
    }

    private static String common(String one, String other) {
        int length = Math.min(one.length(), other.length());
        int same = 0;
        while (same < length && one.charAt(same) == other.charAt(same)) {
            same++;
        }
        return one.substring(0, one.lastIndexOf('/', same - 1) + 1);
    }
}
