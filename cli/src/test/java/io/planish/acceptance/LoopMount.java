package io.planish.acceptance;

import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** A filesystem of its own in a file; a test that cannot have one is left out. */
record LoopMount(Path device, Path folder) implements AutoCloseable {
    /**
     * @param dir gets the file and the folder
     * @param makes the command that makes the filesystem, but for the file
     */
    static LoopMount in(Path dir, long bytes, String... makes) throws IOException {
        assumeTrue("root".equals(System.getProperty("user.name")), "a loop mount needs root");
        Path device = dir.resolve("device");
        try (RandomAccessFile file = new RandomAccessFile(device.toFile(), "rw")) {
            file.setLength(bytes);
        }
        List<Object> command = new ArrayList<>(List.of(makes));
        command.add(device);
        assumeTrue(Qemu.run(command.toArray()).exit() == 0, "no filesystem can be made");
        LoopMount mount = new LoopMount(device, Files.createDirectory(dir.resolve("mounted")));
        Qemu.Result mounted = mount.mount();
        assumeTrue(mounted.exit() == 0, "nothing can be mounted: " + mounted.err());
        return mount;
    }

    Qemu.Result mount() {
        return Qemu.run("mount", "-o", "loop", device, folder);
    }

    @Override
    public void close() {
        Qemu.run("umount", folder);
    }
}
