package io.planish.load.scenario;

import io.planish.fleet.Qemu;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/** An ext4 filesystem of its own in a file, mounted in a folder: it can be full, and it can break. Needs root. */
final class SmallDisk implements AutoCloseable {
    /** Exit code of {@code e2fsck}: errors were corrected. */
    private static final int REPAIRED = 1;

    private final Path file;
    private final Path mount;
    private boolean mounted;

    /** @param mount is made */
    SmallDisk(Path file, int mib, Path mount) throws IOException {
        this.file = file;
        this.mount = Files.createDirectories(mount);
        Faults.must("truncate", "-s", mib + "M", file.toString());
        Faults.must("mkfs.ext4", "-q", "-m", "0", file.toString());
        mount();
    }

    private void mount() throws IOException {
        // As distributions set it up: a filesystem that finds itself damaged refuses all further writes.
        Faults.must("mount", "-o", "loop,errors=remount-ro", file.toString(), mount.toString());
        mounted = true;
    }

    /** Takes all the room. */
    void fill() throws IOException {
        // Ends when there is no room any more.
        Qemu.run(List.of("dd", "if=/dev/zero", "of=" + filler(), "bs=64k"));
    }

    /** Gives that room back. */
    void empty() throws IOException {
        Files.delete(filler());
    }

    private Path filler() {
        return mount.resolve("filler");
    }

    /** Has the kernel find an error in it: it is read-only from now on. */
    void fail() throws IOException {
        String device = Path.of(Faults.must("findmnt", "-n", "-o", "SOURCE", mount.toString()))
                .getFileName()
                .toString();
        if (!device.startsWith("loop")) {
            throw new IOException(mount + " is on " + device + ", which is not to be broken");
        }
        Files.writeString(Path.of("/sys/fs/ext4", device, "trigger_fs_error"), "planish load");
    }

    /** What a person does then: unmounts it, has it checked, mounts it again. */
    void repair() throws IOException {
        umount();
        Qemu.Answer checked = Qemu.run(List.of("e2fsck", "-f", "-y", file.toString()));
        if (checked.exit() > REPAIRED) {
            throw new IOException("e2fsck: " + checked.text());
        }
        mount();
    }

    private void umount() throws IOException {
        Faults.must("umount", mount.toString());
        mounted = false;
    }

    @Override
    public void close() throws IOException {
        if (mounted) {
            umount();
        }
    }
}
