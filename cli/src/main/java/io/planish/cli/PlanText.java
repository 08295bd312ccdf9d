package io.planish.cli;

import io.planish.chain.ImageRef;
import io.planish.job.Expectation;
import io.planish.job.Job;
import io.planish.job.JobKind;
import io.planish.plan.Bytes;
import io.planish.plan.Plan;
import java.io.PrintWriter;
import java.util.List;

/** A plan as a person reviews it. */
final class PlanText {
    private PlanText() {}

    static void print(Plan plan, PrintWriter out) {
        if (plan.jobs().isEmpty()) {
            out.println("Nothing to do.");
        } else {
            Table leaves = new Table().row("image", "files now", "files then");
            plan.leaves().forEach(leaf -> leaves.row(leaf.leaf(), leaf.before(), leaf.after()));
            section(out, "Chains", leaves);
            Table jobs = new Table();
            for (Job job : plan.jobs()) {
                jobs.row(job.id(), what(job), "writes " + Bytes.text(job.bytesToWrite()));
            }
            section(out, "Jobs", jobs);
        }
        if (!plan.ends().isEmpty()) {
            Table ends = new Table();
            plan.ends().forEach(end -> ends.row(end.image(), "by " + end.job()));
            section(out, "Restore points that end", ends);
        }
        if (!plan.skips().isEmpty()) {
            Table skips = new Table();
            plan.skips().forEach(skip -> skips.row(skip.image(), skip.reason(), skip.sentence()));
            section(out, "Left alone", skips);
        }
        if (!plan.jobs().isEmpty()) {
            Table totals = new Table().row("pool", "writes", "frees now", "frees after grace", "extra space at most");
            plan.totals()
                    .forEach(total -> totals.row(
                            total.pool(),
                            Bytes.text(total.bytesToWrite()),
                            Bytes.text(total.bytesToFreeNow()),
                            Bytes.text(total.bytesToFreeAfterGrace()),
                            Bytes.text(total.peakExtraBytes())));
            section(out, "Total", totals);
        }
        out.flush();
    }

    /** One job in one line of the field's words. */
    static String what(Job job) {
        return switch (job.kind()) {
            case PULL ->
                "pull " + job.base().map(base -> "what is above " + base).orElse("all below") + " into " + job.target();
            case COMMIT -> {
                String into = "commit " + range(above(job)) + " into " + job.target();
                yield job.replaces().isPresent()
                        ? into + ", which becomes " + job.replaces().get()
                        : into;
            }
            case REBASE ->
                "rebase " + job.target() + " onto "
                        + job.base().map(ImageRef::toString).orElse("nothing");
        };
    }

    private static List<ImageRef> above(Job job) {
        List<ImageRef> chain = job.expects().stream().map(Expectation::image).toList();
        int top = chain.indexOf(job.top());
        int target = chain.indexOf(job.target());
        return job.kind() == JobKind.COMMIT && target >= 0 && target < top
                ? chain.subList(target + 1, top + 1)
                : List.of(job.top());
    }

    private static String range(List<ImageRef> images) {
        return images.size() == 1
                ? images.getFirst().toString()
                : images.getFirst() + " to " + images.getLast() + " (" + images.size() + " files)";
    }

    private static void section(PrintWriter out, String title, Table table) {
        out.println(title);
        table.print(out, "  ");
        out.println();
    }
}
