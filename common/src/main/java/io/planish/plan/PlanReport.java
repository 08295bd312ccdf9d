package io.planish.plan;

import io.planish.chain.Forest;
import io.planish.chain.ImageNode;
import io.planish.chain.ImageRef;
import io.planish.chain.TreeDrawing;
import io.planish.job.Job;
import io.planish.job.SkipReason;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.EnumMap;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Function;
import java.util.stream.Collectors;

/**
 * A plan as a person reviews it: each tree that changes as it is and as it will be, with its jobs and what they write and free; the restore
 * points that end; what is left alone and why; totals. Of many trees those that write most are shown, of many names both ends; restore points that something outside
 * refers to are always named.
 */
public final class PlanReport {
    private static final int TREE_LINES = 10;
    private static final int JOBS = 8;
    private static final int SENTENCES = 10;
    private static final int FEW_TREES = 40;
    private static final int TREES = 10;
    private static final int NAMES = 30;

    private final Plan plan;
    private final Snapshot snapshot;
    private final boolean all;
    private final Lines lines;

    private PlanReport(Plan plan, Snapshot snapshot, boolean all, int width) {
        this.plan = plan;
        this.snapshot = snapshot;
        this.all = all;
        this.lines = new Lines(width);
    }

    /**
     * @param snapshot the plan was made for
     * @param all every tree, name and reason, however many they are
     * @param width in characters, that lines keep to wherever a single word lets them
     */
    public static List<String> of(Plan plan, Snapshot snapshot, boolean all, int width) {
        return new PlanReport(plan, snapshot, all, width).lines();
    }

    private List<String> lines() {
        List<TreeChange> changes = TreeChange.of(plan, snapshot.forest());
        List<TreeChange> shown = shown(changes);
        shown.forEach(this::tree);
        moreTrees(changes, shown);
        ends(shown);
        leftovers(shown);
        problems("Left alone, or not as short as wanted", plan.skips());
        stays();
        shortChains();
        findings();
        unmatched("protect", plan.policy().protect());
        unmatched("keep", plan.policy().keep());
        if (!plan.jobs().isEmpty()) {
            totals();
        }
        headline(changes.size());
        return lines.all();
    }

    /** Of very many those that write most, in their order. */
    private List<TreeChange> shown(List<TreeChange> changes) {
        if (all || changes.size() <= FEW_TREES) {
            return changes;
        }
        Set<TreeChange> most = changes.stream()
                .sorted(Comparator.comparingLong(PlanReport::movedBytes).reversed())
                .limit(TREES)
                .collect(Collectors.toCollection(() -> Collections.newSetFromMap(new IdentityHashMap<>())));
        return changes.stream().filter(most::contains).toList();
    }

    private static long movedBytes(TreeChange change) {
        return change.jobs().stream()
                .mapToLong(job -> job.bytesToWrite() + job.bytesToClone())
                .sum();
    }

    private void moreTrees(List<TreeChange> changes, List<TreeChange> shown) {
        if (shown.size() < changes.size()) {
            Set<Job> told =
                    shown.stream().flatMap(change -> change.jobs().stream()).collect(Collectors.toSet());
            List<Job> more =
                    plan.jobs().stream().filter(job -> !told.contains(job)).toList();
            lines.gap()
                    .wrapped(
                            "",
                            "… and " + (changes.size() - shown.size()) + " more trees, which write less: "
                                    + more.size() + " jobs, " + costs(more)
                                    + " (--all prints them, --json tells of each)");
        }
    }

    private void tree(TreeChange change) {
        String folder = change.folder();
        lines.gap().add((folder.isEmpty() ? "several pools" : folder) + ": " + costs(change.jobs()));
        draw("  now   ", change.before(), folder);
        draw("  then  ", change.after(), folder);
        Function<ImageRef, String> name = ref -> within(folder, ref);
        List<Job> shown = !all && change.jobs().size() > JOBS ? change.jobs().subList(0, JOBS - 1) : change.jobs();
        for (Job job : shown) {
            lines.wrapped("  " + job.id() + " ", JobText.of(job, name) + ": " + costs(List.of(job)));
        }
        List<Job> more = change.jobs().subList(shown.size(), change.jobs().size());
        if (!more.isEmpty()) {
            lines.add("  … " + more.size() + " more jobs, to " + more.getLast().id() + ": " + costs(more));
        }
    }

    private void draw(String label, Forest tree, String folder) {
        TreeDrawing drawing = new TreeDrawing(
                tree,
                node -> within(folder, node.ref()),
                lines.width() - label.length(),
                all ? Integer.MAX_VALUE : TREE_LINES);
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

    private void ends(List<TreeChange> shown) {
        if (plan.ends().isEmpty()) {
            return;
        }
        lines.gap().add("Restore points that end (" + plan.ends().size() + ")");
        List<Plan.End> referenced = plan.ends().stream()
                .filter(end -> snapshot.referenced().contains(end.image()))
                .toList();
        if (!referenced.isEmpty()) {
            lines.wrapped(
                    "  something outside refers to ",
                    referenced.stream().map(end -> end.image().toString()).collect(Collectors.joining(", ")));
        }
        Map<String, List<Plan.End>> byJob = plan.ends().stream().collect(Collectors.groupingBy(Plan.End::job));
        shown.forEach(change -> ends(change, byJob));
        Set<String> told = shown.stream()
                .flatMap(change -> change.jobs().stream())
                .map(Job::id)
                .collect(Collectors.toSet());
        long more =
                plan.ends().stream().filter(end -> !told.contains(end.job())).count();
        if (more > 0) {
            lines.add("  … and " + more + " more in the other trees");
        }
    }

    private void ends(TreeChange change, Map<String, List<Plan.End>> byJob) {
        List<ImageRef> ending = change.jobs().stream()
                .flatMap(job -> byJob.getOrDefault(job.id(), List.of()).stream())
                .map(Plan.End::image)
                .toList();
        if (!ending.isEmpty()) {
            String folder = change.folder();
            lines.wrapped("  " + folder + (folder.isEmpty() ? "" : ": "), names(ending, folder));
        }
    }

    /** Of very many both ends. */
    private String names(List<ImageRef> images, String folder) {
        List<String> names = images.stream().map(ref -> within(folder, ref)).toList();
        if (all || names.size() <= NAMES) {
            return String.join(", ", names);
        }
        return String.join(", ", names.subList(0, NAMES / 2)) + ", … " + (names.size() - NAMES) + " more …, "
                + String.join(", ", names.subList(names.size() - NAMES / 2, names.size()));
    }

    private void leftovers(List<TreeChange> changes) {
        List<TreeChange> leaving =
                changes.stream().filter(change -> !change.unused().isEmpty()).toList();
        if (!leaving.isEmpty()) {
            lines.gap().add("No guest needs afterwards, but they stay");
        }
        for (TreeChange change : leaving) {
            String folder = change.folder();
            lines.wrapped(
                    "  " + folder + (folder.isEmpty() ? "" : ": "),
                    names(change.unused().stream().map(ImageNode::ref).toList(), folder));
        }
    }

    /** What has not been said of chains already. */
    private void stays() {
        Set<String> said = plan.skips().stream().map(Plan.Skip::sentence).collect(Collectors.toSet());
        problems(
                "Neither written nor removed",
                plan.stays().stream()
                        .filter(stay -> !said.contains(stay.sentence()))
                        .toList());
    }

    /** Of most fleets nearly all. */
    private void shortChains() {
        if (all) {
            problems("Short enough", ShortChains.of(plan, snapshot.forest()).toList());
            return;
        }
        long chains = ShortChains.leaves(plan, snapshot.forest()).count();
        if (chains > 0) {
            lines.gap()
                    .add("Short enough")
                    .add("  " + SkipReason.SHORT_ENOUGH + " (" + chains + ")  chains of at most "
                            + ShortChains.files(plan.policy().maxDepth()) + "; --all names each");
        }
    }

    private void problems(String title, List<Plan.Skip> problems) {
        Map<SkipReason, List<Plan.Skip>> byReason = problems.stream()
                .collect(Collectors.groupingBy(
                        Plan.Skip::reason, () -> new EnumMap<>(SkipReason.class), Collectors.toList()));
        if (!byReason.isEmpty()) {
            lines.gap().add(title);
        }
        byReason.forEach((reason, skips) -> {
            lines.add("  " + reason + " (" + skips.size() + ")");
            int shown = !all && skips.size() > SENTENCES ? SENTENCES - 1 : skips.size();
            for (Plan.Skip skip : skips.subList(0, shown)) {
                lines.sentence("    ", skip.image(), skip.sentence());
            }
            if (shown < skips.size()) {
                lines.add("    … and " + (skips.size() - shown) + " more");
            }
        });
    }

    private void findings() {
        List<Finding> findings =
                snapshot.findings().stream().filter(Finding::mayHide).toList();
        if (!findings.isEmpty()) {
            lines.gap()
                    .wrapped("", "Could not be looked at, so overlays may be hidden there and nothing is committed:");
            int shown = !all && findings.size() > SENTENCES ? SENTENCES - 1 : findings.size();
            findings.subList(0, shown)
                    .forEach(finding -> lines.wrapped("  ", finding.problem().sentence()));
            if (shown < findings.size()) {
                lines.add("  … and " + (findings.size() - shown) + " more");
            }
        }
    }

    /** A slip would leave unprotected what was to be protected. */
    private void unmatched(String key, List<String> patterns) {
        List<String> unmatched = Globs.unmatched(patterns, snapshot.forest().nodes());
        if (!unmatched.isEmpty()) {
            lines.gap().wrapped("", "No image matches what " + key + " says: '" + String.join("', '", unmatched) + "'");
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
                                + plan.skips().size() + "." + cut());
    }

    private String cut() {
        long cut = plan.skips().stream()
                .filter(skip -> skip.reason() == SkipReason.NO_SPACE || skip.reason() == SkipReason.BUDGET)
                .count();
        return cut == 0 ? "" : " The plan is cut to what fits: " + cut + " of these for want of room.";
    }

    private static String within(String folder, ImageRef ref) {
        return ref.toString().substring(folder.length());
    }
}
