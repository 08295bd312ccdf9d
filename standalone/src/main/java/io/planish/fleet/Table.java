package io.planish.fleet;

import java.util.ArrayList;
import java.util.List;

/** Tables for people, in plain text. */
public final class Table {
    private Table() {}

    /** Columns as wide as their widest cell; all but the first and last to the right. */
    public static String of(List<List<String>> rows) {
        int columns = rows.getFirst().size();
        List<Integer> widths = new ArrayList<>();
        for (int c = 0; c < columns; c++) {
            int column = c;
            widths.add(rows.stream().mapToInt(r -> r.get(column).length()).max().orElse(0));
        }
        StringBuilder text = new StringBuilder();
        for (List<String> row : rows) {
            StringBuilder line = new StringBuilder("  ");
            for (int c = 0; c < columns; c++) {
                String pad = " ".repeat(widths.get(c) - row.get(c).length());
                line.append(c == 0 || c == columns - 1 ? row.get(c) + pad : pad + row.get(c))
                        .append("  ");
            }
            text.append(line.toString().stripTrailing()).append('\n');
        }
        return text.toString();
    }
}
