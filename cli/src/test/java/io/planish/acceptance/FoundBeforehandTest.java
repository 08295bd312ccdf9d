package io.planish.acceptance;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.planish.job.JobResult;
import io.planish.job.Outcomes;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What makes a commit impossible is found before its first write: afterwards it could only be finished. */
class FoundBeforehandTest {
    private static final int L1_OFFSET = 40;
    private static final long COPIED = 1L << 63;

    @TempDir
    Path dir;

    private QemuImages images;
    private Merges merges;

    @BeforeEach
    void makeFolders() throws IOException {
        images = QemuImages.in(dir);
        merges = Merges.in(images, dir);
    }

    @Test
    void aRefcountTableThatCannotGrowSoFar() throws IOException {
        images.overlay("base", "", "cluster_size=512,refcount_bits=64", "1M");
        images.write("base", "write -P 1 0 300k");
        try (RandomAccessFile file = new RandomAccessFile(images.path("base").toFile(), "rw")) {
            file.setLength(33L << 30);
        }
        images.overlay("active", "base", "cluster_size=64k", "64M");
        images.write("active", "write -P 2 100k 2M");
        assertRefusedUntouched("base", "refcount table");
    }

    @Test
    void anEntryOfAMiddleLayerThatLeadsOutOfItsFile() throws IOException {
        images.chain("base <- s1 <- active");
        try (RandomAccessFile file = new RandomAccessFile(images.path("s1").toFile(), "rw")) {
            file.seek(L1_OFFSET);
            file.seek(file.readLong());
            long table = file.readLong() & ~COPIED;
            // what nobody in the middle hides, at the end of what the layer wrote
            long entry = table + 8 * (1024 + 255 >> 6);
            file.seek(entry);
            assertThat(file.readLong()).isNotZero();
            file.seek(entry);
            file.writeLong(COPIED | 1L << 40);
        }
        assertRefusedUntouched("s1", "expected inside the file");
    }

    @Test
    void aTrashOnAnotherFilesystem() throws IOException {
        assumeTrue("root".equals(System.getProperty("user.name")), "mounting needs root");
        images.chain("base <- s1 <- active");
        Path trash = Files.createDirectory(images.folder().resolve(".planish-trash"));
        assumeTrue(Qemu.run("mount", "-t", "tmpfs", "none", trash).exit() == 0, "nothing can be mounted");
        try {
            assertRefusedUntouched("base", "trash");
        } finally {
            Qemu.run("umount", trash);
        }
    }

    @Test
    void aFolderInWhichNothingCanBeWrittenDown() throws IOException {
        assumeTrue("root".equals(System.getProperty("user.name")), "mounting needs root");
        images.chain("base <- s1 <- active");
        Path intents = Files.createDirectory(images.folder().resolve(".planish"));
        assumeTrue(Qemu.run("mount", "-t", "tmpfs", "-o", "ro", "none", intents).exit() == 0, "nothing can be mounted");
        try {
            assertRefusedUntouched("base", "cannot be written down");
        } finally {
            Qemu.run("umount", intents);
        }
    }

    private void assertRefusedUntouched(String named, String why) throws IOException {
        byte[] header = header("base");
        long modified = images.path("base").toFile().lastModified();

        JobResult result = merges.run(merges.merge("", "base", "active"));

        assertThat(Outcomes.message(result.outcome())).contains(named, why);
        assertThat(header("base")).isEqualTo(header);
        assertThat(images.path("base").toFile().lastModified()).isEqualTo(modified);
        assertThat(images.folder().resolve(".planish"))
                .satisfiesAnyOf(
                        folder -> assertThat(folder).doesNotExist(),
                        folder -> assertThat(folder).isEmptyDirectory());
        try (var left = Files.list(images.folder())) {
            assertThat(left.map(Path::toString)).noneMatch(name -> name.contains("-try-"));
        }
    }

    private byte[] header(String name) throws IOException {
        try (RandomAccessFile file = new RandomAccessFile(images.path(name).toFile(), "r")) {
            byte[] header = new byte[512];
            file.readFully(header);
            return header;
        }
    }
}
