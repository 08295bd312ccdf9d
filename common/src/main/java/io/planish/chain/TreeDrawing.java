package io.planish.chain;

import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;

/**
 * Draws trees of images in lines of a given width, the way the field does where they fit: {@code base <- s1 <- [a, b <- c]}. A tree that
 * does not fit on a line has each run of files without a fork on one, and what hangs on a fork below it. What is too long is abridged,
 * and says by how many files.
 *
 * @param width of a line, in characters
 * @param lines how many one tree may have; {@link Integer#MAX_VALUE} and as much width: nothing is left out
 */
public record TreeDrawing(Forest forest, Function<ImageNode, String> name, int width, int lines) {
    private static final String ARROW = " <- ";
    private static final int INDENT = 3;

    /** Everything that hangs on {@code root}. */
    public List<String> of(ImageNode root) {
        String flat = flat(root, width);
        if (flat.length() <= width) {
            return List.of(flat);
        }
        List<String> drawn = new ArrayList<>();
        draw(root, "", "", drawn);
        return drawn;
    }

    /** In one line; longer than {@code limit}, and no more than begun, where it does not fit. */
    private String flat(ImageNode root, int limit) {
        StringBuilder text = new StringBuilder();
        flat(root, limit, text);
        return text.toString();
    }

    private void flat(ImageNode root, int limit, StringBuilder text) {
        ImageNode at = root;
        List<ImageNode> overlays = overlays(at);
        text.append(name.apply(at));
        while (overlays.size() == 1 && text.length() <= limit) {
            at = overlays.getFirst();
            overlays = overlays(at);
            text.append(ARROW).append(name.apply(at));
        }
        if (overlays.size() < 2) {
            return;
        }
        text.append(ARROW);
        String separator = "[";
        for (ImageNode overlay : overlays) {
            if (text.length() > limit) {
                return;
            }
            text.append(separator);
            flat(overlay, limit, text);
            separator = ", ";
        }
        text.append(']');
    }

    private void draw(ImageNode root, String firstIndent, String indent, List<String> drawn) {
        List<ImageNode> run = run(root);
        drawn.add(firstIndent + abridged(run, width - firstIndent.length()));
        List<ImageNode> overlays = overlays(run.getLast());
        for (int i = 0; i < overlays.size(); i++) {
            ImageNode overlay = overlays.get(i);
            boolean last = i == overlays.size() - 1;
            if (drawn.size() >= lines - 1 && !last || indent.length() + 2 * INDENT > width / 2) {
                drawn.add(indent + "└─ … " + more(overlays.subList(i, overlays.size())));
                return;
            }
            draw(overlay, indent + (last ? "└─ " : "├─ "), indent + (last ? "   " : "│  "), drawn);
        }
    }

    private String abridged(List<ImageNode> run, int room) {
        String whole = flat(run);
        if (whole.length() <= room) {
            return whole;
        }
        String text = "";
        for (int shown = 2; shown < run.size(); shown++) {
            int below = (shown + 1) / 2;
            List<ImageNode> low = run.subList(0, below);
            List<ImageNode> high = run.subList(run.size() - (shown - below), run.size());
            String longer = flat(low) + ARROW + "… " + (run.size() - shown) + " more …" + ARROW + flat(high);
            if (!text.isEmpty() && longer.length() > room) {
                break;
            }
            text = longer;
        }
        return text.isEmpty() ? whole : text;
    }

    private String more(List<ImageNode> overlays) {
        int files = 0;
        int ends = 0;
        List<ImageNode> open = new ArrayList<>(overlays);
        while (!open.isEmpty()) {
            ImageNode node = open.removeLast();
            List<ImageNode> above = overlays(node);
            files++;
            ends += above.isEmpty() ? 1 : 0;
            open.addAll(above);
        }
        return files + " more files, the ends of " + ends + (ends == 1 ? " chain" : " chains");
    }

    private List<ImageNode> run(ImageNode root) {
        List<ImageNode> run = new ArrayList<>(List.of(root));
        for (List<ImageNode> above = overlays(root); above.size() == 1; above = overlays(run.getLast())) {
            run.add(above.getFirst());
        }
        return run;
    }

    private String flat(List<ImageNode> run) {
        return String.join(ARROW, run.stream().map(name).toList());
    }

    /** The images that hang on this one and nowhere else: no image is drawn twice, and circles end. */
    private List<ImageNode> overlays(ImageNode image) {
        return forest.overlays(image.ref()).stream()
                .filter(overlay ->
                        overlay.backingImage().filter(image.ref()::equals).isPresent())
                .toList();
    }
}
