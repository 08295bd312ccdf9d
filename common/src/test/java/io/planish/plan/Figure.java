package io.planish.plan;

import io.planish.chain.Forest;
import io.planish.chain.ImageNode;
import io.planish.chain.ImageRef;
import io.planish.job.Job;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.function.Function;

/** A plan of one small tree as a picture: its files before and after, each pointing at its backing file, and the jobs between. */
final class Figure {
    private static final int BOX_WIDTH = 104;
    private static final int BOX_HEIGHT = 40;
    private static final int STEP_X = 140;
    private static final int STEP_Y = 54;
    private static final int LEFT = 64;
    private static final int LINE = 20;
    private static final String PLAIN = "#e8eef4";
    private static final String TARGET = "#a9d8a4";
    private static final String MERGED = "#f6d7a3";

    private final StringBuilder body = new StringBuilder();
    private int width;
    private int y = 8;

    private Figure() {}

    static String of(Snapshot snapshot, Plan plan) {
        Figure figure = new Figure();
        Forest before = snapshot.forest();
        Map<ImageRef, String> colours = new HashMap<>();
        Set<ImageRef> targets = new HashSet<>();
        for (Job job : plan.jobs()) {
            Forest now = before;
            for (ImageNode layer : Group.of(job, Aftermath.of(earlier(plan, job), now))
                    .orElseThrow()
                    .layers()) {
                colours.putIfAbsent(layer.ref(), MERGED);
            }
            colours.put(job.target(), TARGET);
            targets.add(job.replaces().orElse(job.target()));
        }
        figure.forest("now", before, node -> colours.getOrDefault(node.ref(), PLAIN), true);
        for (Job job : plan.jobs()) {
            figure.text(
                    LEFT,
                    figure.y + 14,
                    job.id() + " " + JobText.of(job, ImageRef::path) + ": writes " + Bytes.text(job.bytesToWrite()),
                    "start",
                    "#1f5d1a");
            figure.y += LINE;
        }
        figure.y += 10;
        figure.forest(
                "then",
                Aftermath.of(plan.jobs(), before),
                node -> targets.contains(node.ref()) ? TARGET : PLAIN,
                false);
        return figure.svg();
    }

    private static List<Job> earlier(Plan plan, Job job) {
        return plan.jobs().subList(0, plan.jobs().indexOf(job));
    }

    private void forest(String label, Forest forest, Function<ImageNode, String> colour, boolean sizes) {
        text(8, y + BOX_HEIGHT / 2 + 5, label, "start", "#555555");
        for (ImageNode root : TreeChange.roots(forest)) {
            y = tree(forest, root, LEFT, y, colour, sizes) + STEP_Y;
        }
        y += 2;
    }

    /** @return the line in which the last leaf stands */
    private int tree(Forest forest, ImageNode node, int x, int top, Function<ImageNode, String> colour, boolean sizes) {
        box(node, x, top, colour.apply(node), sizes);
        int line = top;
        List<ImageNode> overlays = new ArrayList<>(forest.overlays(node.ref()));
        for (int i = 0; i < overlays.size(); i++) {
            line = i == 0 ? line : line + STEP_Y;
            arrow(x + STEP_X, line + BOX_HEIGHT / 2, x + BOX_WIDTH, top + BOX_HEIGHT / 2);
            line = tree(forest, overlays.get(i), x + STEP_X, line, colour, sizes);
        }
        return line;
    }

    private void box(ImageNode node, int x, int top, String colour, boolean sizes) {
        width = Math.max(width, x + BOX_WIDTH + 8);
        body.append(String.format(
                Locale.ROOT,
                "  <rect x=\"%d\" y=\"%d\" width=\"%d\" height=\"%d\" rx=\"5\" fill=\"%s\" stroke=\"#44566a\"/>%n",
                x,
                top,
                BOX_WIDTH,
                BOX_HEIGHT,
                colour));
        int middle = x + BOX_WIDTH / 2;
        text(middle, top + (sizes ? 17 : 25), node.ref().path(), "middle", "#111111");
        if (sizes) {
            text(middle, top + 33, Bytes.text(node.allocatedBytes()), "middle", "#555555");
        }
    }

    private void arrow(int fromX, int fromY, int toX, int toY) {
        body.append(String.format(
                Locale.ROOT,
                "  <path d=\"M%d %d L%d %d\" stroke=\"#44566a\" fill=\"none\"/>%n",
                fromX,
                fromY,
                toX,
                toY));
        double angle = Math.atan2(fromY - toY, fromX - toX);
        body.append(String.format(
                Locale.ROOT,
                "  <path d=\"M%d %d L%.1f %.1f L%.1f %.1f Z\" fill=\"#44566a\"/>%n",
                toX,
                toY,
                toX + 9 * Math.cos(angle - 0.4),
                toY + 9 * Math.sin(angle - 0.4),
                toX + 9 * Math.cos(angle + 0.4),
                toY + 9 * Math.sin(angle + 0.4)));
    }

    private void text(int x, int baseline, String text, String anchor, String colour) {
        width = Math.max(width, anchor.equals("start") ? x + 8 * text.length() : 0);
        body.append(String.format(
                Locale.ROOT,
                "  <text x=\"%d\" y=\"%d\" text-anchor=\"%s\" fill=\"%s\">%s</text>%n",
                x,
                baseline,
                anchor,
                colour,
                text.replace("&", "&amp;").replace("<", "&lt;")));
    }

    private String svg() {
        return String.format(Locale.ROOT, """
                <svg xmlns="http://www.w3.org/2000/svg" width="%d" height="%d" viewBox="0 0 %d %d" font-family="sans-serif" font-size="13">
                  <rect width="100%%" height="100%%" fill="#ffffff"/>
                %s</svg>
                """, width, y, width, y, body);
    }
}
