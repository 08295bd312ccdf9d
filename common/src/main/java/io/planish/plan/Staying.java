package io.planish.plan;

import io.planish.chain.Forest;
import io.planish.chain.ImageNode;
import io.planish.chain.ImageRef;
import io.planish.chain.Problem;
import io.planish.job.Job;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;

/** Tells of a tree that is to become less deep which images no job writes or removes because that must not be, and why. */
final class Staying {
    private final Forest tree;
    private final SafetyRule rule;
    private final Set<ImageRef> written = new HashSet<>();
    private final Set<ImageRef> gone = new HashSet<>();
    private final SortedMap<ImageRef, Plan.Skip> why = new TreeMap<>();

    private Staying(Forest tree, SafetyRule rule) {
        this.tree = tree;
        this.rule = rule;
    }

    /**
     * In the order of addresses.
     *
     * @param jobs all of the tree's; there may be none although a leaf is too deep
     * @param rule as it was before any of them
     */
    static List<Plan.Skip> of(Forest tree, List<Job> jobs, SafetyRule rule) {
        Staying staying = new Staying(tree, rule);
        jobs.forEach(staying::noteWritten);
        jobs.forEach(staying::leftOver);
        tree.nodes().forEach(staying::untouched);
        return List.copyOf(staying.why.values());
    }

    private void noteWritten(Job job) {
        written.add(job.target());
        job.replaces().ifPresent(leaf -> {
            written.add(leaf);
            gone.add(job.target());
        });
        written.addAll(job.retires());
        gone.addAll(job.retires());
        job.relinks().forEach(relink -> written.add(relink.overlay()));
    }

    /** What a job's target has taken the content of, from the highest down: where one stays, all below it do. */
    private void leftOver(Job job) {
        Optional<Plan.Skip> above = Optional.empty();
        for (ImageNode image : below(job).reversed()) {
            if (!gone.contains(image.ref())) {
                Optional<Plan.Skip> user = above;
                above = rule.retires(image)
                        .or(() -> user.map(overlay -> new Problem(
                                overlay.reason(),
                                image.ref() + " stays the backing file of " + overlay.image() + ", which has to stay")))
                        .map(problem -> note(image, problem));
            }
        }
    }

    private Plan.Skip note(ImageNode image, Problem problem) {
        return why.computeIfAbsent(image.ref(), ref -> new Plan.Skip(ref, problem.reason(), problem.sentence()));
    }

    private List<ImageNode> below(Job job) {
        List<ImageNode> layers = new ArrayList<>();
        for (ImageRef image : job.expects().stream().map(e -> e.image()).toList()) {
            if (image.equals(job.target())) {
                break;
            }
            tree.node(image).ifPresent(layers::add);
            if (job.base().equals(Optional.of(image))) {
                layers.clear();
            }
        }
        return layers;
    }

    private void untouched(ImageNode image) {
        if (!written.contains(image.ref()) && !why.containsKey(image.ref())) {
            Optional<Problem> problem = rule.pullsInto(image);
            if (problem.isEmpty() && !tree.overlays(image.ref()).isEmpty()) {
                problem = rule.endsView(image, tree).or(() -> rule.goesDown(image));
            }
            problem.ifPresent(found -> note(image, found));
        }
    }
}
