package io.planish.acceptance;

import static org.assertj.core.api.Assertions.assertThat;

import io.planish.cli.Cli;
import io.planish.cli.Cli.Answer;
import io.planish.job.Outcome;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Images with lazy refcounts whose writer died: the counts are wrong, what the tables say is right. Whatever is written gets right
 * counts first, or clusters in use would be taken for free ones; what is only read stays as it is.
 */
class DirtyImagesTest {
    private static final String SIZE = "8M";

    @TempDir
    Path dir;

    private QemuImages images;
    private Merges merges;

    @BeforeEach
    void makeFolders() throws IOException {
        images = QemuImages.in(dir);
        merges = Merges.in(images, dir);
    }

    @ParameterizedTest
    @ValueSource(strings = {"base", "s1", "active"})
    void whateverTheTargetIsItsCountsArePutRightFirst(String target) throws IOException {
        dirtyChain("cluster_size=64k");

        assertThat(merges.run(merges.merge("", target, "active")).outcome()).isEqualTo(new Outcome.Done());

        images.assertUnchangedAndClean("active");
        assertThat(isDirty("active")).isFalse();
    }

    @ParameterizedTest
    @ValueSource(strings = {"cluster_size=512,refcount_bits=1", "cluster_size=4k,refcount_bits=64", "cluster_size=2M"})
    void countsOfAnyWidthArePutRight(String options) throws IOException {
        dirtyChain(options);

        assertThat(merges.run(merges.merge("", "base", "active")).outcome()).isEqualTo(new Outcome.Done());

        images.assertUnchangedAndClean("active");
    }

    @Test
    void aDirtyBackingFileThatIsOnlyReadKeepsEveryByte() throws IOException {
        dirtyChain("cluster_size=64k");
        byte[] base = images.bytes("base");
        byte[] s1 = images.bytes("s1");

        assertThat(merges.run(merges.merge("base", "active", "active")).outcome())
                .isEqualTo(new Outcome.Done());

        images.assertSameContent("active", "active");
        images.assertClean("active");
        assertThat(images.bytes("base")).isEqualTo(base);
        assertThat(images.bytes("s1")).isEqualTo(s1);
    }

    @Test
    void aDirtyOverlayThatIsOnlyRelinkedStaysAsRepairableAsItWas() throws IOException {
        dirtyChain("cluster_size=64k");

        assertThat(merges.run(merges.merge("", "base", "s1")).outcome()).isEqualTo(new Outcome.Done());

        assertThat(images.chainOf("active")).isEqualTo("base <- active");
        assertThat(isDirty("active")).isTrue();
        images.assertSameContent("active", "active");
        images.assertClean("base");
        Qemu.img("check", "-q", "-r", "all", "-f", "qcow2", images.path("active"));
        images.assertUnchangedAndClean("active");
    }

    @Test
    void theDropInCommitPutsBothFilesRight() throws IOException {
        dirtyChain("cluster_size=64k");

        Answer answer = Cli.planish("commit", images.path("active"));

        assertThat(answer.exit()).as(answer.err()).isZero();
        images.assertUnchangedAndClean("active");
        images.assertSameContent("s1", "active");
        images.assertClean("s1");
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "base.qcow2"})
    void aRebasePutsItsOverlayRight(String onto) throws IOException {
        dirtyChain("cluster_size=64k");

        Answer answer = onto.isEmpty()
                ? Cli.planish("rebase", "-b", "", images.path("active"))
                : Cli.planish("rebase", "-b", onto, "-F", "qcow2", images.path("active"));

        assertThat(answer.exit()).as(answer.err()).isZero();
        images.assertUnchangedAndClean("active");
    }

    @Test
    void whatASnapshotSharesIsCountedToo() throws IOException {
        images.overlay("base", "", "lazy_refcounts=on,refcount_bits=4", SIZE);
        images.write("base", "write -P 1 0 1M");
        Qemu.img("snapshot", "-c", "kept", images.path("base"));
        die("base", "write -P 2 512k 1M");
        images.overlay("active", "base", "", SIZE);
        images.write("active", "write -P 3 256k 2M");
        images.remember(List.of("active"));
        Qemu.img("convert", "-U", "-l", "kept", "-O", "raw", images.path("base"), dir.resolve("kept.raw"));

        Answer answer = Cli.planish("commit", "-d", images.path("active"));

        assertThat(answer.exit()).as(answer.err()).isZero();
        images.assertUnchangedAndClean("active");
        images.assertSameContent("base", "active");
        images.assertClean("base");
        Qemu.img("convert", "-l", "kept", "-O", "raw", images.path("base"), dir.resolve("kept-after.raw"));
        assertThat(Files.mismatch(dir.resolve("kept.raw"), dir.resolve("kept-after.raw")))
                .isEqualTo(-1);
    }

    @Test
    void countsThatAreAllWrongArePutRight() throws IOException {
        images.overlay("base", "", "lazy_refcounts=on,cluster_size=4k", SIZE);
        images.write("base", "write -P 1 0 1M", "write -c -P 9 4M 64k");
        try (RandomAccessFile file = new RandomAccessFile(images.path("base").toFile(), "rw")) {
            file.seek(48);
            long table = file.readLong();
            file.seek(table);
            long block = file.readLong();
            file.seek(block);
            file.write(new byte[4096]);
            file.seek(79);
            file.write(1);
        }
        assertThat(isDirty("base")).isTrue();
        images.overlay("active", "base", "cluster_size=4k", SIZE);
        images.write("active", "write -P 3 256k 2M", "write -P 4 4100k 1k");
        images.remember(List.of("active"));

        assertThat(merges.run(merges.merge("", "base", "active")).outcome()).isEqualTo(new Outcome.Done());

        images.assertUnchangedAndClean("active");
    }

    /** base <- s1 <- active, each written by a process that died with counts in its memory. */
    private void dirtyChain(String options) throws IOException {
        images.overlay("base", "", "lazy_refcounts=on," + options, SIZE);
        images.write("base", "write -P 1 0 1M");
        die("base", "write -P 2 1M 700k", "write -P 3 300k 1k", "write -P 7 5M 64k");
        images.overlay("s1", "base", "lazy_refcounts=on," + options, SIZE);
        die("s1", "write -P 4 1500k 1M", "write -P 8 7M 9k", "write -z 0 128k");
        images.overlay("active", "s1", "lazy_refcounts=on," + options, SIZE);
        die("active", "write -P 5 2M 900k", "write -P 6 64k 100k");
        images.remember(List.of("active"));
    }

    private void die(String name, String... writes) throws IOException {
        List<Object> command = new ArrayList<>(List.of("qemu-io", "-f", "qcow2"));
        for (String write : writes) {
            command.addAll(List.of("-c", write));
        }
        command.addAll(List.of("-c", "flush", "-c", "abort", images.path(name)));
        Qemu.run(command.toArray());
        assertThat(isDirty(name)).as("dirty bit of " + name).isTrue();
    }

    private boolean isDirty(String name) throws IOException {
        try (RandomAccessFile file = new RandomAccessFile(images.path(name).toFile(), "r")) {
            file.seek(79);
            return (file.read() & 1) != 0;
        }
    }
}
