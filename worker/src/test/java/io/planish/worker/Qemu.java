package io.planish.worker;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;

/** QEMU's own tools. */
final class Qemu {
    private Qemu() {}

    /** Makes {@code base <- … <- top} with a little data of its own in each layer. */
    static void chain(Path folder, String... names) throws Exception {
        for (int i = 0; i < names.length; i++) {
            Path image = folder.resolve(names[i]);
            if (i == 0) {
                run("qemu-img", "create", "-q", "-f", "qcow2", image.toString(), "8M");
            } else {
                run("qemu-img", "create", "-q", "-f", "qcow2", "-b", names[i - 1], "-F", "qcow2", image.toString());
            }
            run("qemu-io", "-f", "qcow2", "-c", "write -q -P " + (i + 1) + " " + i + "M 2M", image.toString());
        }
    }

    static void run(String... command) throws IOException, InterruptedException {
        Process process =
                new ProcessBuilder(List.of(command)).redirectErrorStream(true).start();
        String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        if (process.waitFor() != 0) {
            throw new IOException(String.join(" ", command) + ": " + output);
        }
    }
}
