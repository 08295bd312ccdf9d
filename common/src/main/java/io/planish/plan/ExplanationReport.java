package io.planish.plan;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** An {@link Explanation} as a person reads it. */
public final class ExplanationReport {
    private static final int ENDS = 7;

    private ExplanationReport() {}

    /**
     * @param longest how many lines a long chain may have before its middle is left out
     * @param width in characters, that lines keep to wherever a single word lets them
     */
    public static List<String> of(Explanation explained, int longest, int width) {
        Lines lines = new Lines(width);
        lines.add(explained.image().toString());
        chain(explained, longest, lines);
        leaves(explained, lines);
        lines.gap().add("What is planned");
        if (explained.steps().isEmpty()) {
            lines.add(
                    explained.leftAlone().isEmpty()
                            ? "  Nothing touches it: every chain it is part of gets at most "
                                    + ShortChains.files(explained.maxDepth()) + "."
                            : "  Nothing touches it.");
        }
        explained.steps().forEach(step -> step(step, lines));
        explained.leftAlone().stream()
                .limit(ENDS)
                .forEach(skip -> lines.wrapped("  " + skip.reason() + ": ", skip.sentence()));
        lines.gap().add("What its tree would cost otherwise");
        List<List<String>> rows = new ArrayList<>();
        for (Explanation.Alternative other : explained.alternatives()) {
            rows.add(List.of(other.policy(), "writes " + Bytes.text(other.bytesToWrite()), "depth " + other.files()));
        }
        lines.table("  ", rows);
        return lines.all();
    }

    private static void chain(Explanation explained, int longest, Lines lines) {
        List<Explanation.Layer> chain = explained.chain();
        lines.gap().add("Its chain, base first");
        int hidden = hidden(chain.size(), longest);
        for (int i = 0; i < chain.size(); i++) {
            Explanation.Layer layer = chain.get(i);
            if (hidden > 0 && i == chain.size() - hidden - longest / 2) {
                lines.add("  … " + hidden + " more …");
                i += hidden - 1;
                continue;
            }
            lines.add("  " + layer.image() + "  " + Bytes.text(layer.allocatedBytes()) + " on disk"
                    + (layer.overlays() > 1 ? ", shared by " + layer.overlays() + " overlays" : ""));
            layer.notWritten().ifPresent(why -> lines.wrapped("    not written: ", why));
            layer.notEnded()
                    .filter(why -> !layer.notWritten().equals(Optional.of(why)))
                    .ifPresent(why -> lines.wrapped("    stays as it shows now: ", why));
        }
    }

    private static void leaves(Explanation explained, Lines lines) {
        List<Plan.LeafDepth> leaves = explained.leaves();
        lines.gap().add(leaves.size() == 1 ? "The chain" : "The " + leaves.size() + " chains it is part of");
        for (Plan.LeafDepth leaf : leaves.subList(0, Math.min(ENDS, leaves.size()))) {
            lines.add("  " + leaf.leaf() + ": " + leaf.before() + " files now, " + leaf.after() + " then");
        }
        if (leaves.size() > ENDS) {
            lines.add("  … and " + (leaves.size() - ENDS) + " more");
        }
    }

    private static void step(Explanation.Step step, Lines lines) {
        lines.wrapped("  " + step.job() + " ", step.what() + ": writes " + Bytes.text(step.bytesToWrite()));
        lines.add("    Which file they become, and what it writes:");
        for (Explanation.Target target : step.targets()) {
            lines.wrapped(
                    "      ",
                    target.image() + ": "
                            + target.bytesToWrite().map(Bytes::text).orElse("")
                            + (target.chosen() ? ", chosen" : "")
                            + target.whyNot()
                                    .map(why -> (target.bytesToWrite().isPresent() ? "; but " : "") + why)
                                    .orElse(""));
        }
    }

    private static int hidden(int all, int longest) {
        return all > longest ? all - longest + 1 : 0;
    }
}
