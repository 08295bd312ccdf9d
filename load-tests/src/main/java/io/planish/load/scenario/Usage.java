package io.planish.load.scenario;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.stream.Stream;

/** Memory and open files of processes, as the kernel tells, looked at every second until closed. Thread-safe. */
final class Usage implements AutoCloseable {
    private static final Duration EVERY = Duration.ofSeconds(1);
    private static final int KIB = 1024;

    private final Map<String, Long> watched = new ConcurrentHashMap<>();
    private final Map<String, List<Sample>> samples = new TreeMap<>();
    private final Thread thread;

    /** What a process had at one moment. */
    record Sample(long rssBytes, int files) {}

    Usage() {
        thread = Thread.ofPlatform().name("usage").daemon().start(this::look);
    }

    /** From now on this process has the name. */
    void watch(String name, long pid) {
        watched.put(name, pid);
    }

    void forget(String name) {
        watched.remove(name);
    }

    private void look() {
        try {
            while (true) {
                watched.forEach((name, pid) -> {
                    try {
                        add(name, sample(pid));
                    } catch (IOException | java.io.UncheckedIOException e) {
                        // It has just ended.
                    }
                });
                Thread.sleep(EVERY);
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private synchronized void add(String name, Sample sample) {
        samples.computeIfAbsent(name, n -> new ArrayList<>()).add(sample);
    }

    private static Sample sample(long pid) throws IOException {
        Path process = Path.of("/proc", Long.toString(pid));
        long rss;
        try (Stream<String> lines = Files.lines(process.resolve("status"))) {
            rss = lines.filter(line -> line.startsWith("VmRSS:"))
                    .mapToLong(line -> Long.parseLong(line.replaceAll("[^0-9]", "")) * KIB)
                    .findFirst()
                    .orElseThrow(() -> new IOException("no memory any more"));
        }
        try (Stream<Path> files = Files.list(process.resolve("fd"))) {
            return new Sample(rss, (int) files.count());
        }
    }

    /** All that was seen of a process. */
    synchronized List<Sample> of(String name) {
        return List.copyOf(samples.getOrDefault(name, List.of()));
    }

    /** The largest there was, of the coordinator and of any worker, for the table. */
    synchronized void report(Verdict verdict) {
        for (String who : List.of("coordinator", "worker")) {
            List<Sample> all = samples.entrySet().stream()
                    .filter(process -> process.getKey().startsWith(who))
                    .flatMap(process -> process.getValue().stream())
                    .toList();
            verdict.figure(
                    "most memory, most open files of a " + who,
                    all.stream().mapToLong(Sample::rssBytes).max().orElse(0) / (KIB * KIB) + " MiB, "
                            + all.stream().mapToInt(Sample::files).max().orElse(0));
        }
    }

    @Override
    public void close() {
        thread.interrupt();
    }
}
