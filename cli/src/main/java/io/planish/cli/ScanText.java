package io.planish.cli;

import io.planish.chain.Problem;
import io.planish.job.SkipReason;
import io.planish.plan.Bytes;
import io.planish.plan.Lines;
import io.planish.plan.ScanSummary;
import io.planish.plan.ScanTotals;
import java.io.PrintWriter;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.EnumMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/**
 * Shows what a scan found: each chain where they are few, else the longest; then how long chains are, what is shared, what is left alone and why, and in the
 * last line what can be worked on. A page for ten images, and for a hundred thousand.
 */
final class ScanText {
    private static final int FEW = 40;
    private static final int LONGEST = 10;
    private static final int EXAMPLES = 3;
    private static final int WIDEST = 160;
    private static final int BAR = 40;
    /** The least number of files of each line of the table. */
    private static final int[] STEPS = {2, 3, 5, 10, 20, 50, 100, 200, 500, 1000};

    private final ScanSummary summary;
    private final boolean all;
    private final PrintWriter out;

    private ScanText(ScanSummary summary, boolean all, PrintWriter out) {
        this.summary = summary;
        this.all = all;
        this.out = out;
    }

    /** @param all every chain and every reason, however many they are */
    static void print(ScanSummary summary, boolean all, PrintWriter out) {
        new ScanText(summary, all, out).print();
    }

    private void print() {
        chains();
        ScanTotals totals = summary.totals();
        if (totals.chains() > 1) {
            depths(totals);
        }
        leftAlone();
        if (totals.chains() > 0) {
            shared(totals);
        }
        out.println(summary.headline());
    }

    private void chains() {
        List<ScanSummary.Chain> shown = summary.chains();
        if (shown.isEmpty()) {
            return;
        }
        boolean abridged = !all && shown.size() > FEW;
        if (abridged) {
            shown = shown.stream()
                    .sorted(Comparator.comparingInt(ScanSummary.Chain::files).reversed())
                    .limit(LONGEST)
                    .toList();
            out.println("The longest chains");
        }
        Table table = new Table().row("files", "on disk", "chain");
        for (ScanSummary.Chain chain : shown) {
            table.row(chain.files(), Bytes.text(chain.allocatedBytes()), drawing(chain));
        }
        table.print(out, abridged ? "  " : "");
        if (abridged) {
            out.println("  … and " + number(summary.chains().size() - shown.size())
                    + " more (--all prints them, --json tells of each)");
        }
        out.println();
    }

    /** Of a long one both ends. */
    private String drawing(ScanSummary.Chain chain) {
        String drawing = chain.drawing();
        if (all || drawing.length() <= WIDEST) {
            return drawing;
        }
        int begin = drawing.lastIndexOf(" <- ", WIDEST / 2);
        int end = drawing.indexOf(" <- ", drawing.length() - WIDEST / 2);
        return begin < 0 || end < begin ? drawing : drawing.substring(0, begin) + " <- …" + drawing.substring(end);
    }

    private void depths(ScanTotals totals) {
        out.println("Chains by how many files they have");
        Table table = new Table();
        int[] counts = new int[STEPS.length];
        totals.chainsByFiles().forEach((files, chains) -> counts[step(files)] += chains);
        int most = 1;
        for (int count : counts) {
            most = Math.max(most, count);
        }
        for (int i = 0; i < STEPS.length; i++) {
            if (counts[i] > 0) {
                String bar = "#".repeat(Math.max(1, (int) ((long) BAR * counts[i] / most)));
                table.row(range(i), number(counts[i]), bar);
            }
        }
        table.print(out, "  ");
        out.println();
    }

    private static int step(int files) {
        int step = 0;
        while (step + 1 < STEPS.length && STEPS[step + 1] <= files) {
            step++;
        }
        return step;
    }

    private static String range(int step) {
        if (step == STEPS.length - 1) {
            return STEPS[step] + " and more";
        }
        int last = STEPS[step + 1] - 1;
        return last <= STEPS[step] ? Integer.toString(STEPS[step]) : STEPS[step] + " to " + last;
    }

    private record Reason(Object where, Problem problem) {}

    private void leftAlone() {
        Map<SkipReason, List<Reason>> byCode = new EnumMap<>(SkipReason.class);
        summary.chains().forEach(chain -> chain.problem().ifPresent(problem -> note(byCode, chain.leaf(), problem)));
        summary.findings().forEach(finding -> note(byCode, finding.where(), finding.problem()));
        int count = byCode.values().stream().mapToInt(List::size).sum();
        if (count == 0) {
            return;
        }
        Lines lines = new Lines(Terminal.width()).add("Left alone");
        byCode.forEach((code, reasons) -> {
            lines.add("  " + code + " (" + number(reasons.size()) + ")");
            int shown = all || count <= FEW ? reasons.size() : Math.min(EXAMPLES, reasons.size());
            reasons.subList(0, shown)
                    .forEach(reason -> lines.sentence(
                            "    ", reason.where(), reason.problem().sentence()));
            if (shown < reasons.size()) {
                lines.add("    … and " + number(reasons.size() - shown) + " more");
            }
        });
        lines.all().forEach(out::println);
        out.println();
    }

    private static void note(Map<SkipReason, List<Reason>> byCode, Object where, Problem problem) {
        byCode.computeIfAbsent(problem.reason(), code -> new ArrayList<>()).add(new Reason(where, problem));
    }

    private void shared(ScanTotals totals) {
        String images = totals.images() == 1 ? "1 image takes " : number(totals.images()) + " images take ";
        out.println(images + Bytes.text(totals.allocatedBytes()) + " on disk"
                + totals.mostShared()
                        .map(most -> "; " + number(totals.sharedFiles())
                                + (totals.sharedFiles() == 1 ? " is shared" : " are shared") + ", "
                                + Bytes.text(totals.sharedBytes()) + ", " + most.image() + " by "
                                + number(most.overlays()) + " overlays")
                        .orElse(""));
    }

    private static String number(long number) {
        return String.format(Locale.ROOT, "%,d", number);
    }
}
