package io.planish.plan;

import java.util.List;

/** Decides what to merge. Stateless: the same snapshot and policy give the same plan. */
public final class Planner {
    private Planner() {}

    public static Plan plan(Snapshot snapshot, Policy policy) {
        return new Plan(snapshot.id(), policy, List.of(), List.of(), List.of(), List.of(), List.of());
    }
}
