package io.planish.run;

import io.planish.plan.Plan;

/**
 * A plan as the ledger holds it: what was asked for, and what came of it.
 *
 * @param createdMillis in ms since 1970
 */
public record PlanRecord(int version, String id, RunRequest request, Plan plan, long createdMillis) {
    public static final int VERSION = 1;
}
