package io.planish.scan;

import java.time.Duration;
import java.util.concurrent.atomic.LongAdder;

/** How far a scan has come. Thread-safe; the numbers only grow. */
public final class ScanProgress {
    private final long began = System.nanoTime();
    private final LongAdder files = new LongAdder();
    private final LongAdder heads = new LongAdder();
    private final LongAdder images = new LongAdder();
    private final LongAdder probed = new LongAdder();

    /** Is told every tenth of a second, on the thread that scans, and once at the end. */
    @FunctionalInterface
    public interface Listener {
        Listener NOBODY = progress -> {};

        void progress(ScanProgress progress);
    }

    void sawFile() {
        files.increment();
    }

    void readHead() {
        heads.increment();
    }

    void sawImage() {
        images.increment();
    }

    void askedForUse() {
        probed.increment();
    }

    /** Files met in the folders, images or not. */
    public long files() {
        return files.sum();
    }

    /** Files that had to be opened for what they begin with. */
    public long headersRead() {
        return heads.sum();
    }

    /** QCOW2 images among the files. */
    public long images() {
        return images.sum();
    }

    /** Images of chains whose locks have been asked for. */
    public long askedForUseCount() {
        return probed.sum();
    }

    public Duration elapsed() {
        return Duration.ofNanos(System.nanoTime() - began);
    }

    public long imagesPerSecond() {
        return Math.round(images() * 1e9 / Math.max(1, elapsed().toNanos()));
    }
}
