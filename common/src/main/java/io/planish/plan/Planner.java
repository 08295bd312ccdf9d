package io.planish.plan;

import io.planish.chain.Forest;
import io.planish.chain.ImageNode;
import io.planish.chain.ImageRef;
import io.planish.chain.PoolName;
import io.planish.job.Job;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ForkJoinTask;

/**
 * Decides what to merge so that no chain has more files than the policy wants, and writes as little as it can for that.
 *
 * <p>Stateless and deterministic: trees in the order of their first image, but those for which there is no room yet after those that make it; jobs
 * from the base up, so each after those it depends on. What several images share stays one file for all of them. Reads what images own through the snapshot, only in chains
 * that are too long.
 */
public final class Planner {
    private static final int IMAGES_AT_A_TIME = 50_000;

    private final Snapshot snapshot;
    private final Policy policy;
    private final SafetyRule rule;
    private final Space space;
    private final List<Job> jobs = new ArrayList<>();
    private final List<Plan.LeafDepth> leaves = new ArrayList<>();
    private final List<Plan.Skip> skips = new ArrayList<>();
    private final List<Plan.Skip> stays = new ArrayList<>();

    private Planner(Snapshot snapshot, Policy policy) {
        this.snapshot = snapshot;
        this.policy = policy;
        this.rule = SafetyRule.of(snapshot, policy);
        this.space = new Space(snapshot, policy);
    }

    public static Plan plan(Snapshot snapshot, Policy policy) {
        return new Planner(snapshot, policy).plan(snapshot.forest().trees());
    }

    /** The same for the tree of one image alone: what there is of room and budgets is all for it. */
    public static Plan planTreeOf(ImageRef image, Snapshot snapshot, Policy policy) {
        return new Planner(snapshot, policy)
                .plan(snapshot.forest().trees().stream()
                        .filter(tree -> tree.node(image).isPresent())
                        .toList());
    }

    private Plan plan(List<Forest> trees) {
        List<Forest> waiting = plan(trees, false);
        for (int before = -1; before != jobs.size() && !waiting.isEmpty(); ) {
            before = jobs.size();
            waiting = plan(waiting, false);
        }
        plan(waiting, true);
        return new Plan(
                snapshot.id(),
                policy,
                jobs,
                leaves,
                skips,
                stays,
                jobs.stream().flatMap(job -> ends(job).stream()).toList(),
                snapshot.pools().stream()
                        .map(PoolState::name)
                        .sorted()
                        .map(this::total)
                        .filter(total -> total.bytesToWrite() + total.bytesToFreeAfterGrace() > 0)
                        .toList());
    }

    /**
     * Plans trees in their order; returns those that do not fit yet, for which jobs of other trees may make room. What to do with them is thought about
     * side by side, for some trees at a time, since it is kept until they are written down.
     *
     * @param cut whether to take what of each fits
     */
    private List<Forest> plan(List<Forest> trees, boolean cut) {
        List<Forest> waiting = new ArrayList<>();
        List<TreePlanner> planners = new ArrayList<>();
        int images = 0;
        for (int i = 0; i < trees.size(); i++) {
            planners.add(new TreePlanner(snapshot, policy, rule, space, trees.get(i)));
            images += trees.get(i).nodes().size();
            if (images > IMAGES_AT_A_TIME || i == trees.size() - 1) {
                ForkJoinTask.invokeAll(planners.stream()
                        .map(planner -> ForkJoinTask.adapt(planner::choose))
                        .toList());
                planners.stream()
                        .filter(planner -> !write(planner, cut))
                        .map(TreePlanner::tree)
                        .forEach(waiting::add);
                planners.clear();
                images = 0;
            }
        }
        return waiting;
    }

    private boolean write(TreePlanner planner, boolean cut) {
        Space.Room before = space.now();
        planner.write(jobs.size());
        if (!cut && space.mayGrow() && planner.lacksSpace()) {
            space.backTo(before);
            return false;
        }
        planner.jobs().forEach(space::note);
        jobs.addAll(planner.jobs());
        Forest tree = planner.tree();
        Reasons reasons = new Reasons(policy, rule, planner::obstacle, planner::unsharingCost);
        tree.leaves().forEach(leaf -> account(leaf, tree, planner, reasons));
        boolean tooDeep = tree.leaves().stream().anyMatch(leaf -> planner.depthAfter(leaf) > policy.maxDepth());
        if (tooDeep || !planner.jobs().isEmpty()) {
            stays.addAll(Staying.of(tree, planner.jobs(), rule));
        }
        return true;
    }

    private void account(ImageNode leaf, Forest tree, TreePlanner planner, Reasons reasons) {
        List<ImageNode> chain = tree.chain(leaf.ref());
        int after = planner.depthAfter(leaf);
        if (after != chain.size() || after > policy.maxDepth()) {
            leaves.add(new Plan.LeafDepth(leaf.ref(), chain.size(), after));
        }
        reasons.why(leaf, tree, after)
                .ifPresent(problem -> skips.add(new Plan.Skip(leaf.ref(), problem.reason(), problem.sentence())));
    }

    /** The files whose own content nobody can go back to after the job, lowest first. */
    private static List<Plan.End> ends(Job job) {
        List<Plan.End> ends = new ArrayList<>();
        boolean aboveTarget = false;
        for (ImageRef image : job.expects().stream().map(e -> e.image()).toList()) {
            aboveTarget |= image.equals(job.target()) && !image.equals(job.top());
            boolean viewEnds = aboveTarget && !image.equals(job.top());
            if (viewEnds || job.retires().contains(image)) {
                ends.add(new Plan.End(image, job.id()));
            }
            aboveTarget &= !image.equals(job.top());
        }
        return ends;
    }

    private Plan.Total total(PoolName pool) {
        long write = 0;
        long free = 0;
        for (Job job : jobs) {
            write += job.target().pool().equals(pool) ? job.bytesToWrite() : 0;
            free += Leftover.of(job, snapshot.forest()).stream()
                    .filter(leftover -> leftover.file().ref().pool().equals(pool))
                    .mapToLong(Leftover::bytes)
                    .sum();
        }
        return new Plan.Total(pool, write, policy.grace().isZero() ? free : 0, free, space.peakBytes(pool));
    }
}
