package io.planish.load.bench;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Random;
import java.util.stream.Stream;

/** The chain {@code base <- s1 <- s2 <- active} that every run gets a fresh copy of. */
final class Seed {
    static final List<String> NAMES = List.of("base", "s1", "s2", "active");
    private static final int MIB = 1 << 20;

    /** What the layers look like. */
    enum Shape {
        /** A base of data, overlays with random extents of 64 KiB to 1 MiB. */
        EXTENTS,
        /** Images with subclusters of 4 KiB, written one here and one there. */
        SCATTERED,
        /** Extents, every layer compressed. */
        COMPRESSED
    }

    private final Path folder;
    private final Shape shape;
    private final long diskMib;
    private final long baseMib;
    private final long overlayMib;

    Seed(Path folder, Shape shape, long diskMib, long baseMib, long overlayMib) {
        this.folder = folder;
        this.shape = shape;
        this.diskMib = diskMib;
        this.baseMib = baseMib;
        this.overlayMib = overlayMib;
    }

    Path folder() {
        return folder;
    }

    void build() throws IOException, InterruptedException {
        Files.createDirectories(folder);
        Random random = new Random(1);
        List<String> create = new ArrayList<>(List.of("qemu-img", "create", "-q", "-f", "qcow2"));
        if (shape == Shape.SCATTERED) {
            create.addAll(List.of("-o", "extended_l2=on,cluster_size=128k"));
        }
        for (int i = 0; i < NAMES.size(); i++) {
            List<String> command = new ArrayList<>(create);
            if (i > 0) {
                command.addAll(List.of("-b", NAMES.get(i - 1), "-F", "qcow2"));
            }
            command.addAll(List.of(NAMES.get(i), diskMib + "M"));
            Tool.run(folder, command);
            write(NAMES.get(i), i == 0 ? wholeBase() : extents(random, i + 1));
        }
        if (shape == Shape.COMPRESSED) {
            compress();
        }
        Tool.sync(folder);
    }

    private String wholeBase() {
        StringBuilder script = new StringBuilder();
        for (long at = 0; at < baseMib; at += 512) {
            script.append("write -q -P 1 %dM %dM%n".formatted(at, Math.min(512, baseMib - at)));
        }
        return script.toString();
    }

    private String extents(Random random, int pattern) {
        StringBuilder script = new StringBuilder();
        int unit = shape == Shape.SCATTERED ? 4096 : 65536;
        for (long sum = 0; sum < overlayMib * MIB; ) {
            long bytes = shape == Shape.SCATTERED ? unit : (1L + random.nextInt(16)) * unit;
            long at = random.nextLong((diskMib * MIB - bytes) / unit) * unit;
            script.append("write -q -P %d %d %d%n".formatted(pattern, at, bytes));
            sum += bytes;
        }
        return script.toString();
    }

    private void write(String image, String script) throws IOException, InterruptedException {
        Tool.run(folder, List.of("qemu-io", "-t", "unsafe", "-f", "qcow2", image), script);
    }

    /** Layers are compressed by converting each over its backing file; patterns compress well, so that time shows, not the disk. */
    private void compress() throws IOException, InterruptedException {
        for (int i = 0; i < NAMES.size(); i++) {
            List<String> command = new ArrayList<>(List.of("qemu-img", "convert", "-c", "-O", "qcow2"));
            if (i > 0) {
                command.addAll(List.of("-B", NAMES.get(i - 1), "-F", "qcow2"));
            }
            command.addAll(List.of(NAMES.get(i), "compressed"));
            Tool.run(folder, command);
            Files.move(folder.resolve("compressed"), folder.resolve(NAMES.get(i)), StandardCopyOption.REPLACE_EXISTING);
        }
    }

    /** A fresh copy, on the disk. */
    void copyTo(Path work) throws IOException, InterruptedException {
        delete(work);
        Files.createDirectories(work);
        for (String name : NAMES) {
            Tool.run(folder, List.of("cp", "--reflink=never", "--sparse=always", name, work + "/" + name));
        }
        Tool.sync(work);
    }

    static void delete(Path folder) throws IOException {
        if (!Files.exists(folder)) {
            return;
        }
        try (Stream<Path> files = Files.walk(folder)) {
            for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
                Files.delete(file);
            }
        }
    }
}
