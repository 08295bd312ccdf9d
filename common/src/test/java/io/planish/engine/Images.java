package io.planish.engine;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;

/** Images made by QEMU's own tools in one folder, for tests. */
final class Images {
    private final Path folder;

    Images(Path folder) {
        this.folder = folder;
    }

    /**
     * Makes an image.
     *
     * @param backing the name of its backing file as it is to stand in the header; empty: none
     * @param options what follows {@code -o}
     * @param commands what qemu-io then does to it
     */
    Path make(String name, String backing, String size, String options, String... commands) throws IOException {
        Files.createDirectories(folder.resolve(name).getParent());
        List<String> create = new ArrayList<>(List.of("qemu-img", "create", "-q", "-f", "qcow2", "-o", options));
        if (!backing.isEmpty()) {
            create.addAll(List.of("-b", backing, "-F", backing.endsWith(".raw") ? "raw" : "qcow2"));
        }
        create.addAll(List.of(folder.resolve(name).toString(), size));
        run(create);
        if (commands.length > 0) {
            write(name, commands);
        }
        return folder.resolve(name);
    }

    /** Has qemu-io write into an image. */
    void write(String name, String... commands) throws IOException {
        List<String> io = new ArrayList<>(List.of("qemu-io", "-f", "qcow2"));
        for (String command : commands) {
            io.addAll(List.of("-c", command));
        }
        io.add(folder.resolve(name).toString());
        run(io);
    }

    /** Makes a raw image, whose name ends in {@code .raw}. */
    void makeRaw(String name, long sizeBytes, String... commands) throws IOException {
        Path image = folder.resolve(name);
        try (RandomAccessFile file = new RandomAccessFile(image.toFile(), "rw")) {
            file.setLength(sizeBytes);
        }
        for (String command : commands) {
            run(List.of("qemu-io", "-f", "raw", "-c", command, image.toString()));
        }
    }

    /** A file, outside of the folder, with bytes that shrink to about a third, for qemu-io's {@code -s}. */
    String text() throws IOException {
        Random random = new Random(1);
        byte[] bytes = new byte[100 << 10];
        for (int i = 0; i < bytes.length; i++) {
            bytes[i] = (byte) ('a' + random.nextInt(1 + i % 8192 / 1024));
        }
        Path file = Files.createTempFile("planish-text", "");
        file.toFile().deleteOnExit();
        return Files.write(file, bytes).toString();
    }

    static String run(List<String> command) throws IOException {
        Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
        process.getOutputStream().close();
        String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        try {
            assertThat(process.waitFor()).as(command + "\n" + output).isZero();
        } catch (InterruptedException e) {
            throw new IllegalStateException(e);
        }
        return output;
    }

    List<Path> all() throws IOException {
        try (var paths = Files.walk(folder)) {
            return paths.filter(Files::isRegularFile).sorted().toList();
        }
    }
}
