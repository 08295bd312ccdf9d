package io.planish.cli;

import io.planish.plan.Bytes;
import java.io.PrintWriter;
import java.util.Locale;

/** Shows how far something has come: a bar that is overwritten on a terminal, now and then a line elsewhere. */
final class ProgressLine implements ProgressSink {
    private static final int WIDTH = 30;
    private static final long TERMINAL_NANOS = 100_000_000L;
    private static final long LINES_NANOS = 5_000_000_000L;

    /** What is shown. */
    enum Style {
        BAR,
        LINES,
        /** A share that is overwritten, as {@code qemu-img -p} prints it. */
        QEMU,
        NONE
    }

    private final PrintWriter out;
    private final Style style;
    private final String name;
    private long shownAt = System.nanoTime();
    private boolean open;

    ProgressLine(PrintWriter out, Style style, String name) {
        this.out = out;
        this.style = style;
        this.name = name;
        if (style == Style.QEMU) {
            percent(0);
        }
    }

    /** A bar where somebody looks, else lines. */
    static Style forPeople() {
        return Terminal.isError() ? Style.BAR : Style.LINES;
    }

    @Override
    public void show(long done, long total, long bytesWritten) {
        long now = System.nanoTime();
        if (style == Style.NONE
                || (done < total && now - shownAt < (style == Style.LINES ? LINES_NANOS : TERMINAL_NANOS))) {
            return;
        }
        shownAt = now;
        double share = total == 0 ? 1 : Math.min(1, (double) done / total);
        if (style == Style.QEMU) {
            percent(share * 100);
            return;
        }
        String percent = Math.round(Math.floor(share * 100)) + " %";
        String tail = percent + ", " + Bytes.text(bytesWritten) + " written";
        if (style == Style.BAR) {
            int filled = (int) (share * WIDTH);
            out.print("\r\033[K" + name + " [" + "#".repeat(filled) + " ".repeat(WIDTH - filled) + "] " + tail);
            open = true;
        } else {
            out.println(name + ": " + tail);
        }
        out.flush();
    }

    private void percent(double percent) {
        out.print(String.format(Locale.ROOT, "    (%.2f/100%%)\r", percent));
        out.flush();
        open = true;
    }

    /** Leaves the line for what comes next. */
    void end() {
        if (open) {
            out.print(style == Style.QEMU ? "\n" : "\r\033[K");
            out.flush();
            open = false;
        }
    }
}
