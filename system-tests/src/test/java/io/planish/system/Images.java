package io.planish.system;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;

/** Chains of real images with some hundred MB in them, made and judged by QEMU's own tools. */
final class Images {
    private static final int MIB = 1 << 20;

    private Images() {}

    /**
     * Makes {@code name-0 <- … <- name-3} in {@code pool}, each with {@code layerMib} of seeded random data that lies apart from the
     * others', and a copy of what the top shows in {@code reference}.
     */
    static Path chain(Path pool, Path reference, String name, int layerMib) throws Exception {
        Path data = Files.createTempFile(reference, "data", ".raw");
        String top = "";
        for (int i = 0; i < 4; i++) {
            String image = name + "-" + i;
            List<String> create = new ArrayList<>(List.of("qemu-img", "create", "-q", "-f", "qcow2"));
            if (i > 0) {
                create.addAll(List.of("-b", top, "-F", "qcow2"));
            }
            create.add(pool.resolve(image).toString());
            if (i == 0) {
                create.add(4 * layerMib + "M");
            }
            run(create);
            byte[] bytes = new byte[layerMib * MIB];
            new Random(name.hashCode() + i).nextBytes(bytes);
            Files.write(data, bytes);
            run(List.of(
                    "qemu-io",
                    "-f",
                    "qcow2",
                    "-c",
                    "write -q -s " + data + " " + (long) i * layerMib * MIB + " " + bytes.length,
                    pool.resolve(image).toString()));
            top = image;
        }
        Files.delete(data);
        Path copy = reference.resolve(name + ".qcow2");
        run(List.of("qemu-img", "convert", "-O", "qcow2", pool.resolve(top).toString(), copy.toString()));
        return copy;
    }

    /** Fails with QEMU's own words if the image is damaged or does not show what the reference shows. */
    static void requireSame(Path image, Path reference) throws Exception {
        run(List.of("qemu-img", "check", "-q", image.toString()));
        run(List.of("qemu-img", "compare", "-q", image.toString(), reference.toString()));
    }

    /** An overlay on {@code backing}, with {@code mib} of seeded random data at its beginning. */
    static void overlay(Path image, Path backing, int mib) throws Exception {
        run(List.of(
                "qemu-img", "create", "-q", "-f", "qcow2", "-b", backing.toString(), "-F", "qcow2", image.toString()));
        Path data = Files.createTempFile("data", ".raw");
        byte[] bytes = new byte[mib * MIB];
        new Random(image.getFileName().hashCode()).nextBytes(bytes);
        Files.write(data, bytes);
        run(List.of("qemu-io", "-f", "qcow2", "-c", "write -q -s " + data + " 0 " + bytes.length, image.toString()));
        Files.delete(data);
    }

    /** What an image shows, as a file of its own. */
    static Path copy(Path image, Path copy) throws Exception {
        run(List.of("qemu-img", "convert", "-O", "qcow2", image.toString(), copy.toString()));
        return copy;
    }

    private static void run(List<String> command) throws IOException, InterruptedException {
        Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
        String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        int exit = process.waitFor();
        if (exit != 0) {
            throw new IOException(String.join(" ", command) + ": exit " + exit + " " + output);
        }
    }
}
