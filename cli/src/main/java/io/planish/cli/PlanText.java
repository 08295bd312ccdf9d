package io.planish.cli;

import io.planish.chain.Forest;
import io.planish.chain.ImageRef;
import io.planish.job.Job;
import io.planish.plan.JobText;
import io.planish.plan.Plan;
import io.planish.plan.PlanReport;
import java.io.PrintWriter;

/** A plan as a person reviews it. */
final class PlanText {
    private PlanText() {}

    /** @param forest the plan was made for */
    static void print(Plan plan, Forest forest, PrintWriter out) {
        PlanReport.of(plan, forest, Terminal.width()).forEach(out::println);
        out.flush();
    }

    /** One job in one line of the field's words. */
    static String what(Job job) {
        return JobText.of(job, ImageRef::toString);
    }
}
