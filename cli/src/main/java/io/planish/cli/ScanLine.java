package io.planish.cli;

import io.planish.scan.ScanProgress;
import java.io.PrintWriter;
import java.util.Locale;

/** Shows how far a scan has come: a line that is overwritten on a terminal, now and then one elsewhere; nothing for a scan that is done at once. */
final class ScanLine implements ScanProgress.Listener, AutoCloseable {
    private static final long FIRST_MILLIS = 500;
    private static final long LINES_MILLIS = 5_000;

    private final PrintWriter out;
    private final boolean terminal;
    private long nextMillis;
    private boolean open;

    private ScanLine(PrintWriter out, boolean terminal) {
        this.out = out;
        this.terminal = terminal;
        this.nextMillis = terminal ? FIRST_MILLIS : LINES_MILLIS;
    }

    static ScanLine on(PrintWriter err) {
        return new ScanLine(err, Terminal.isError());
    }

    @Override
    public void progress(ScanProgress progress) {
        long millis = progress.elapsed().toMillis();
        if (millis < nextMillis) {
            return;
        }
        nextMillis = terminal ? millis : millis + LINES_MILLIS;
        String asked = progress.askedForUseCount() == 0
                ? ""
                : String.format(Locale.ROOT, ", locks of %,d asked for", progress.askedForUseCount());
        String line = String.format(
                Locale.ROOT,
                "looking: %,d files, %,d images (%,d a second), %,d headers read%s",
                progress.files(),
                progress.images(),
                progress.imagesPerSecond(),
                progress.headersRead(),
                asked);
        if (terminal) {
            out.print("\r\033[K" + line);
            open = true;
        } else {
            out.println(line);
        }
        out.flush();
    }

    /** Leaves the line for what comes next. */
    @Override
    public void close() {
        if (open) {
            out.print("\r\033[K");
            out.flush();
        }
    }
}
