package io.planish.cli;

import io.planish.cli.ProgressLine.Style;
import io.planish.job.Job;
import io.planish.job.JobResult;
import io.planish.job.Progress;
import io.planish.plan.Bytes;
import java.io.PrintWriter;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Deque;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.LongSupplier;

/**
 * Shows how far each running job and all jobs together have come, how fast it goes, and how long it may still take: lines that are
 * overwritten on a terminal, now and then some lines elsewhere. One thread, but for the sinks it hands out.
 */
final class ProgressBoard {
    private static final int WIDTH = 20;
    private static final long TERMINAL_NANOS = 200_000_000L;
    private static final long LINES_NANOS = 5_000_000_000L;
    private static final long RATE_NANOS = 10_000_000_000L;
    /** A job takes some time even if it writes nothing. */
    private static final long LEAST_WEIGHT = 1 << 20;

    private final PrintWriter out;
    private final Style style;
    private final LongSupplier nanoClock;
    private final Map<String, Running> running = new LinkedHashMap<>();
    private final Deque<Sample> samples = new ArrayDeque<>();
    private final int jobs;
    private final long bytesExpected;
    private final double weightOfAll;
    private final long startedAt;
    private double weightEnded;
    private long bytesEnded;
    private int ended;
    private long shownAt;
    private int linesOpen;

    private record Sample(long nanos, long bytes) {}

    /** @param pending the jobs that are still to be done */
    ProgressBoard(PrintWriter out, Style style, Collection<Job> pending, LongSupplier nanoClock) {
        this.out = out;
        this.style = style;
        this.nanoClock = nanoClock;
        this.jobs = pending.size();
        this.bytesExpected = pending.stream().mapToLong(Job::bytesToWrite).sum();
        this.weightOfAll = pending.stream().mapToDouble(ProgressBoard::weight).sum();
        this.startedAt = nanoClock.getAsLong();
        this.shownAt = startedAt;
    }

    private static double weight(Job job) {
        return Math.max(LEAST_WEIGHT, job.bytesToWrite());
    }

    private static final class Running implements ProgressSink {
        private final Job job;
        private volatile Progress progress = Progress.NONE;

        Running(Job job) {
            this.job = job;
        }

        @Override
        public void show(long done, long total, long bytesWritten) {
            progress = new Progress(done, total, bytesWritten);
        }

        double share() {
            Progress now = progress;
            return now.guestBytesTotal() == 0 ? 0 : Math.min(1, (double) now.guestBytesDone() / now.guestBytesTotal());
        }
    }

    /** @return what the job's own thread is to tell of its progress; may be used until the job has ended */
    ProgressSink begins(Job job) {
        Running fresh = new Running(job);
        running.put(job.id(), fresh);
        return fresh;
    }

    void ended(Job job, JobResult result) {
        running.remove(job.id());
        ended++;
        weightEnded += weight(job);
        bytesEnded += result.bytesCopied();
    }

    /** Shows what there is to show, if it is time to. */
    void tick() {
        long now = nanoClock.getAsLong();
        long every = style == Style.BAR ? TERMINAL_NANOS : LINES_NANOS;
        if (style == Style.NONE || now - shownAt < every) {
            return;
        }
        shownAt = now;
        clear();
        for (String line : lines(now)) {
            out.println(line);
            linesOpen += style == Style.BAR ? 1 : 0;
        }
        out.flush();
    }

    /** Leaves the screen to what comes next. */
    void clear() {
        if (linesOpen > 0) {
            out.print(("\033[A\033[2K").repeat(linesOpen) + "\r");
            out.flush();
            linesOpen = 0;
        }
    }

    private List<String> lines(long now) {
        List<String> lines = new ArrayList<>();
        double weight = weightEnded;
        long bytes = bytesEnded;
        for (Running one : running.values()) {
            double share = one.share();
            long written = one.progress.bytesCopied();
            weight += share * weight(one.job);
            bytes += written;
            lines.add(line(
                    one.job.id(),
                    share,
                    Bytes.text(written) + " of " + Bytes.text(one.job.bytesToWrite()) + " written"));
        }
        samples.addLast(new Sample(now, bytes));
        while (now - samples.getFirst().nanos() > RATE_NANOS) {
            samples.removeFirst();
        }
        double share = weightOfAll == 0 ? 1 : Math.min(1, weight / weightOfAll);
        lines.add(line(
                "all",
                share,
                ended + " of " + jobs + " jobs, " + Bytes.text(bytes) + " of " + Bytes.text(bytesExpected) + " written"
                        + rate(now, bytes) + left(now, share)));
        return lines;
    }

    private String line(String name, double share, String rest) {
        String percent = (int) (share * 100) + " %, " + rest;
        if (style == Style.LINES) {
            return name + ": " + percent;
        }
        int filled = (int) (share * WIDTH);
        return name + " [" + "#".repeat(filled) + " ".repeat(WIDTH - filled) + "] " + percent;
    }

    private String rate(long now, long bytes) {
        Sample oldest = samples.getFirst();
        double seconds = (now - oldest.nanos()) / 1e9;
        return seconds <= 0 ? "" : ", " + Bytes.text((long) ((bytes - oldest.bytes()) / seconds)) + "/s";
    }

    private String left(long now, double share) {
        if (share <= 0 || share >= 1) {
            return "";
        }
        double seconds = (now - startedAt) / 1e9 * (1 - share) / share;
        return ", " + text(Duration.ofSeconds((long) seconds)) + " left";
    }

    /** {@code 45 s}, {@code 12 min}, {@code 3 h 20 min}. */
    static String text(Duration time) {
        if (time.toMinutes() < 2) {
            return time.toSeconds() + " s";
        }
        return time.toHours() < 2 ? time.toMinutes() + " min" : time.toHours() + " h " + time.toMinutesPart() + " min";
    }
}
