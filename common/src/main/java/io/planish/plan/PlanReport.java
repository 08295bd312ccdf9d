package io.planish.plan;

import io.planish.chain.Forest;
import io.planish.chain.ImageNode;
import io.planish.chain.ImageRef;
import io.planish.chain.TreeDrawing;
import io.planish.job.Job;
import io.planish.job.SkipReason;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import java.util.stream.Collectors;

/**
 * A plan as a person reviews it: each tree that changes as it is and as it will be, with its jobs and what they write and free; the restore
 * points that end; what is left alone and why; totals. What is alike is abridged, restore points that end never are.
 */
public final class PlanReport {
    private static final int TREE_LINES = 10;
    private static final int JOBS = 8;
    private static final int SENTENCES = 10;

    private final Plan plan;
    private final Snapshot snapshot;
    private final Lines lines;

    private PlanReport(Plan plan, Snapshot snapshot, int width) {
        this.plan = plan;
        this.snapshot = snapshot;
        this.lines = new Lines(width);
    }

    /**
     * @param snapshot the plan was made for
     * @param width in characters, that lines keep to wherever a single word lets them
     */
    public static List<String> of(Plan plan, Snapshot snapshot, int width) {
        return new PlanReport(plan, snapshot, width).lines();
    }

    private List<String> lines() {
        List<TreeChange> changes = TreeChange.of(plan, snapshot.forest());
        changes.forEach(this::tree);
        if (!plan.ends().isEmpty()) {
            lines.gap().add("Restore points that end (" + plan.ends().size() + ")");
            changes.forEach(this::ends);
        }
        changes.forEach(this::leftovers);
        skips();
        findings();
        if (!plan.jobs().isEmpty()) {
            totals();
        }
        headline(changes.size());
        return lines.all();
    }

    private void tree(TreeChange change) {
        String folder = change.folder();
        lines.gap().add((folder.isEmpty() ? "several pools" : folder) + ": " + costs(change.jobs()));
        draw("  now   ", change.before(), folder);
        draw("  then  ", change.after(), folder);
        Function<ImageRef, String> name = ref -> within(folder, ref);
        List<Job> shown = change.jobs().size() > JOBS ? change.jobs().subList(0, JOBS - 1) : change.jobs();
        for (Job job : shown) {
            lines.wrapped("  " + job.id() + " ", JobText.of(job, name) + ": " + costs(List.of(job)));
        }
        List<Job> more = change.jobs().subList(shown.size(), change.jobs().size());
        if (!more.isEmpty()) {
            lines.add("  … " + more.size() + " more jobs, to " + more.getLast().id() + ": " + costs(more));
        }
    }

    private void draw(String label, Forest tree, String folder) {
        TreeDrawing drawing =
                new TreeDrawing(tree, node -> within(folder, node.ref()), lines.width() - label.length(), TREE_LINES);
        String before = label;
        for (ImageNode root : TreeChange.roots(tree)) {
            for (String line : drawing.of(root)) {
                lines.add(before + line);
                before = " ".repeat(label.length());
            }
        }
    }

    private String costs(List<Job> jobs) {
        long free = jobs.stream().mapToLong(Job::bytesToFree).sum();
        String when = plan.policy().grace().isZero()
                ? ""
                : " after " + Durations.text(plan.policy().grace());
        long write = jobs.stream().mapToLong(Job::bytesToWrite).sum();
        long clone = jobs.stream().mapToLong(Job::bytesToClone).sum();
        return (write == 0 && clone > 0 ? "metadata only" : "writes " + Bytes.text(write))
                + (clone == 0 ? "" : ", clones " + Bytes.text(clone))
                + (free == 0 ? "" : ", frees " + Bytes.text(free) + when);
    }

    private void ends(TreeChange change) {
        Map<String, List<Plan.End>> byJob = plan.ends().stream().collect(Collectors.groupingBy(Plan.End::job));
        List<ImageRef> ending = change.jobs().stream()
                .flatMap(job -> byJob.getOrDefault(job.id(), List.of()).stream())
                .map(Plan.End::image)
                .toList();
        if (!ending.isEmpty()) {
            String folder = change.folder();
            lines.wrapped(
                    "  " + folder + (folder.isEmpty() ? "" : ": "),
                    ending.stream().map(ref -> within(folder, ref)).collect(Collectors.joining(", ")));
        }
    }

    private void leftovers(TreeChange change) {
        List<ImageNode> unused = change.unused();
        if (!unused.isEmpty()) {
            String folder = change.folder();
            lines.gap()
                    .wrapped(
                            "No guest needs afterwards, but they stay: ",
                            unused.stream()
                                    .map(node -> within(folder, node.ref()))
                                    .collect(Collectors.joining(", ")));
        }
    }

    private void skips() {
        Map<SkipReason, List<Plan.Skip>> byReason = plan.skips().stream()
                .collect(Collectors.groupingBy(
                        Plan.Skip::reason, () -> new EnumMap<>(SkipReason.class), Collectors.toList()));
        if (!byReason.isEmpty()) {
            lines.gap().add("Left alone, or not as short as wanted");
        }
        byReason.forEach((reason, skips) -> {
            lines.add("  " + reason + " (" + skips.size() + ")");
            int shown = skips.size() > SENTENCES ? SENTENCES - 1 : skips.size();
            for (Plan.Skip skip : skips.subList(0, shown)) {
                String image = skip.image().toString();
                boolean named = skip.sentence().startsWith(image + " ");
                lines.wrapped("    ", (named ? "" : image + ": ") + skip.sentence());
            }
            if (shown < skips.size()) {
                lines.add("    … and " + (skips.size() - shown) + " more");
            }
        });
    }

    private void findings() {
        List<Finding> findings = snapshot.findings();
        if (!findings.isEmpty()) {
            lines.gap()
                    .wrapped("", "Could not be looked at, so overlays may be hidden there and nothing is committed:");
            int shown = findings.size() > SENTENCES ? SENTENCES - 1 : findings.size();
            findings.subList(0, shown)
                    .forEach(finding -> lines.wrapped("  ", finding.problem().sentence()));
            if (shown < findings.size()) {
                lines.add("  … and " + (findings.size() - shown) + " more");
            }
        }
    }

    private void totals() {
        boolean waits = !plan.policy().grace().isZero();
        List<List<String>> rows = new ArrayList<>();
        rows.add(List.of(
                "pool",
                "to write",
                "frees now",
                waits ? "after " + Durations.text(plan.policy().grace()) : "in all",
                "extra space at most"));
        for (Plan.Total total : plan.totals()) {
            rows.add(List.of(
                    total.pool().value(),
                    Bytes.text(total.bytesToWrite()),
                    Bytes.text(total.bytesToFreeNow()),
                    Bytes.text(total.bytesToFreeAfterGrace()),
                    Bytes.text(total.peakExtraBytes())));
        }
        lines.gap().table("", rows);
    }

    private void headline(int trees) {
        if (plan.jobs().isEmpty()) {
            lines.gap()
                    .add(plan.skips().isEmpty() ? "Nothing to do: no chain is longer than wanted." : "Nothing to do.");
            return;
        }
        List<Plan.LeafDepth> shorter = plan.leaves().stream()
                .filter(leaf -> leaf.after() < leaf.before())
                .toList();
        lines.gap()
                .wrapped(
                        "",
                        "Jobs: " + plan.jobs().size() + ", in " + trees + (trees == 1 ? " tree" : " trees")
                                + ". Chains that get shorter: " + shorter.size() + ", from up to "
                                + shorter.stream()
                                        .mapToInt(Plan.LeafDepth::before)
                                        .max()
                                        .orElse(0)
                                + " files to at most "
                                + shorter.stream()
                                        .mapToInt(Plan.LeafDepth::after)
                                        .max()
                                        .orElse(0)
                                + ". Left alone, or not as short as wanted: "
                                + plan.skips().size() + ".");
    }

    private static String within(String folder, ImageRef ref) {
        return ref.toString().substring(folder.length());
    }
}
