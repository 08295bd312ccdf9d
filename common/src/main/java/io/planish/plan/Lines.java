package io.planish.plan;

import java.util.ArrayList;
import java.util.List;
import java.util.regex.Pattern;

/** Text that is to fit a width in characters. */
public final class Lines {
    /** A number stays with its unit. */
    private static final Pattern WORDS = Pattern.compile(" (?!(?:B|[KMGTPE]iB|files|more)\\b)");

    private final int width;
    private final List<String> lines = new ArrayList<>();

    public Lines(int width) {
        this.width = width;
    }

    public List<String> all() {
        return lines;
    }

    int width() {
        return width;
    }

    public Lines add(String line) {
        lines.add(oneLine(line.stripTrailing()));
        return this;
    }

    /** The text with a question mark for each control character: a file's name cannot pretend to be another line. */
    public static String oneLine(String text) {
        return text.chars().noneMatch(Character::isISOControl)
                ? text
                : text.codePoints()
                        .map(c -> Character.isISOControl(c) ? '?' : c)
                        .collect(StringBuilder::new, StringBuilder::appendCodePoint, StringBuilder::append)
                        .toString();
    }

    /** An empty line, but not at the beginning. */
    Lines gap() {
        return lines.isEmpty() ? this : add("");
    }

    /** Adds a text, broken between words; the lines after the first are as far in as its label is wide. */
    Lines wrapped(String label, String text) {
        String indent = " ".repeat(label.length());
        StringBuilder line = new StringBuilder(label);
        boolean begun = false;
        for (String word : WORDS.split(text)) {
            if (begun && line.length() + 1 + word.length() > width) {
                add(line.toString());
                line = new StringBuilder(indent);
                begun = false;
            }
            line.append(begun ? " " : "").append(word);
            begun = true;
        }
        return add(line.toString());
    }

    /** Adds a sentence about something, wrapped like any text, with its name before it where it does not begin with that. */
    public Lines sentence(String indent, Object what, String sentence) {
        boolean named = sentence.startsWith(what + " ") || sentence.startsWith(what + ":");
        return wrapped(indent, (named ? "" : what + ": ") + sentence);
    }

    /** Adds rows in columns as wide as their widest cell: the first from the left, the others from the right. */
    Lines table(String indent, List<List<String>> rows) {
        int columns = rows.isEmpty() ? 0 : rows.getFirst().size();
        int[] widths = new int[columns];
        for (List<String> row : rows) {
            for (int i = 0; i < columns; i++) {
                widths[i] = Math.max(widths[i], row.get(i).length());
            }
        }
        for (List<String> row : rows) {
            StringBuilder line = new StringBuilder(indent);
            for (int i = 0; i < columns; i++) {
                String pad = " ".repeat(widths[i] - row.get(i).length());
                line.append(i == 0 ? row.get(i) + pad : "  " + pad + row.get(i));
            }
            add(line.toString());
        }
        return this;
    }
}
