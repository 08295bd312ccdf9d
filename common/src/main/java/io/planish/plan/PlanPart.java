package io.planish.plan;

import io.planish.chain.Forest;
import io.planish.chain.ImageNode;
import io.planish.chain.ImageRef;
import io.planish.chain.PoolName;
import io.planish.job.Footprint;
import io.planish.job.Job;
import java.util.Collection;
import java.util.Collections;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.function.Predicate;
import java.util.stream.Collectors;

/** Parts of a plan that can be carried out by themselves: with each job all that it depends on. */
public final class PlanPart {
    private PlanPart() {}

    /** What writes in these pools alone. */
    public static Plan inPools(Plan plan, Set<PoolName> pools) {
        Set<String> kept = new HashSet<>();
        for (Job job : plan.jobs()) {
            boolean within = Footprint.of(job).writes().stream().allMatch(i -> pools.contains(i.pool()));
            if (within && kept.containsAll(job.dependsOn())) {
                kept.add(job.id());
            }
        }
        return part(plan, kept, image -> pools.contains(image.pool()));
    }

    /** What writes any image of this image's chain. */
    public static Plan forImage(Plan plan, Forest forest, ImageRef image) {
        Set<ImageRef> chain = forest.chain(image).stream().map(ImageNode::ref).collect(Collectors.toSet());
        return part(plan, needed(plan, f -> !Collections.disjoint(f.writes(), chain)), chain::contains);
    }

    /** What touches any of the images. */
    public static Plan touching(Plan plan, Collection<ImageRef> images) {
        return part(plan, needed(plan, f -> !Collections.disjoint(f.all(), images)), images::contains);
    }

    private static Set<String> needed(Plan plan, Predicate<Footprint> wanted) {
        Set<String> needed = new HashSet<>();
        for (Job job : plan.jobs().reversed()) {
            if (needed.contains(job.id()) || wanted.test(Footprint.of(job))) {
                needed.add(job.id());
                needed.addAll(job.dependsOn());
            }
        }
        return needed;
    }

    private static Plan part(Plan plan, Set<String> jobs, Predicate<ImageRef> shown) {
        List<Job> kept = plan.jobs().stream().filter(j -> jobs.contains(j.id())).toList();
        Set<PoolName> pools = kept.stream().map(j -> j.target().pool()).collect(Collectors.toSet());
        return new Plan(
                plan.snapshot(),
                plan.policy(),
                kept,
                plan.leaves().stream().filter(l -> shown.test(l.leaf())).toList(),
                plan.skips().stream().filter(s -> shown.test(s.image())).toList(),
                plan.stays().stream().filter(s -> shown.test(s.image())).toList(),
                plan.ends().stream().filter(e -> jobs.contains(e.job())).toList(),
                plan.totals().stream().filter(t -> pools.contains(t.pool())).toList());
    }
}
