package io.planish.storage;

import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/** A filesystem of its own in a file, mounted until it is closed. Needs root; without, the test is skipped and says so. */
public final class LoopMount implements AutoCloseable {
    private final Path folder;
    private final Path image;

    private LoopMount(Path folder, Path image) {
        this.folder = folder;
        this.image = image;
    }

    /** An XFS that can share extents. */
    public static LoopMount xfs(Path workFolder) throws IOException {
        return mount(workFolder, 320L << 20, "mkfs.xfs", "-q", "-m", "reflink=1");
    }

    public static LoopMount ext4(Path workFolder, long sizeBytes) throws IOException {
        return mount(workFolder, sizeBytes, "mkfs.ext4", "-q", "-m", "0");
    }

    private static LoopMount mount(Path workFolder, long sizeBytes, String... mkfs) throws IOException {
        assumeTrue("root".equals(System.getProperty("user.name")), "a loop mount needs root");
        assumeTrue(Files.isExecutable(Path.of("/usr/sbin", mkfs[0])), mkfs[0] + " is not installed");
        Path image = workFolder.resolve("filesystem");
        try (RandomAccessFile file = new RandomAccessFile(image.toFile(), "rw")) {
            file.setLength(sizeBytes);
        }
        List<String> make = new ArrayList<>(Arrays.asList(mkfs));
        make.add(image.toString());
        Qemu.Result made = Qemu.run(make);
        assumeTrue(made.exit() == 0, "cannot make a filesystem: " + made.output());
        Path folder = Files.createDirectory(workFolder.resolve("mounted"));
        Qemu.Result mounted = Qemu.run("mount", "-o", "loop", image.toString(), folder.toString());
        assumeTrue(mounted.exit() == 0, "cannot mount: " + mounted.output());
        return new LoopMount(folder.toRealPath(), image);
    }

    public Path folder() {
        return folder;
    }

    public void remount(String option) {
        Qemu.Result result = Qemu.run("mount", "-o", "remount," + option, folder.toString());
        if (result.exit() != 0) {
            throw new IllegalStateException("cannot remount: " + result.output());
        }
    }

    @Override
    public void close() throws IOException {
        if (Qemu.run("umount", folder.toString()).exit() != 0) {
            Qemu.run("umount", "-l", folder.toString());
        }
        Files.delete(image);
    }
}
