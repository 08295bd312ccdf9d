package io.planish.cli;

import io.planish.chain.ImageRef;
import io.planish.job.Job;
import io.planish.plan.JobText;
import io.planish.plan.Plan;
import io.planish.plan.PlanReport;
import io.planish.plan.Snapshot;
import java.io.PrintWriter;

/** A plan as a person reviews it. */
final class PlanText {
    private PlanText() {}

    /**
     * @param snapshot the plan was made for
     * @param all every tree, name and reason, however many they are
     */
    static void print(Plan plan, Snapshot snapshot, boolean all, PrintWriter out) {
        PlanReport.of(plan, snapshot, all, Terminal.width()).forEach(out::println);
        out.flush();
    }

    /** One job in one line of the field's words. */
    static String what(Job job) {
        return JobText.of(job, ImageRef::toString);
    }
}
