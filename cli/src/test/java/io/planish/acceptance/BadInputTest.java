package io.planish.acceptance;

import static org.assertj.core.api.Assertions.assertThat;

import io.planish.cli.Cli;
import io.planish.cli.Cli.Answer;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What is wrong is told in one line and by the exit code, and nothing is changed. */
class BadInputTest {
    @TempDir
    Path dir;

    private QemuImages images;

    @BeforeEach
    void makeFolder() throws IOException {
        images = QemuImages.in(dir);
    }

    @ParameterizedTest
    @ValueSource(strings = {"info -f qcow2", "map -f qcow2", "check -f qcow2", "pull", "commit"})
    void fileThatIsNoQcow2IsRefused(String verb) throws IOException {
        Path file = Files.writeString(images.path("a"), "this is a text\n".repeat(100));
        assertFails("not a QCOW2", (Object[]) (verb + " " + file).split(" "));
    }

    @ParameterizedTest
    @ValueSource(strings = {"info", "map", "check", "pull", "commit"})
    void fileThatDoesNotExistIsRefused(String verb) {
        assertFails("no such file", verb, images.path("a"));
    }

    @ParameterizedTest
    @ValueSource(strings = {"info", "map", "check", "pull", "commit"})
    void truncatedHeaderIsRefused(String verb) throws IOException {
        images.chain("a");
        cut("a", 60);
        assertFails("header", verb, images.path("a"));
    }

    @ParameterizedTest
    @ValueSource(strings = {"map", "pull", "commit"})
    void l1TableBeyondTheEndOfTheFileIsRefused(String verb) throws IOException {
        images.chain("base <- a");
        putLong("a", 40, 1L << 40);
        assertFails("L1", verb, images.path("a"));
    }

    @Test
    void damagedImageIsLeftAloneByFlatten() throws IOException {
        images.chain("base <- s1 <- a");
        putLong("s1", 40, 1L << 40);
        assertSkipped("CORRUPT");
    }

    @Test
    void textIsNoImageForAScan() throws IOException {
        images.chain("base <- a");
        Files.writeString(images.folder().resolve("notes.qcow2"), "not an image\n");
        Answer answer = Cli.planish("scan", images.folder());
        assertThat(answer.exit()).isZero();
        assertThat(answer.out()).contains("1 chain");
    }

    @ParameterizedTest
    @ValueSource(strings = {"map", "pull", "commit"})
    void backingLoopIsRefused(String verb) {
        images.chain("a <- b");
        Qemu.img("rebase", "-u", "-f", "qcow2", "-b", "b.qcow2", "-F", "qcow2", images.path("a"));
        assertFails("its own backing file", verb, images.path("b"));
    }

    @Test
    void backingLoopIsLeftAloneByFlatten() {
        images.chain("a <- b");
        Qemu.img("rebase", "-u", "-f", "qcow2", "-b", "b.qcow2", "-F", "qcow2", images.path("a"));
        assertSkipped("BACKING_LOOP");
    }

    @ParameterizedTest
    @ValueSource(strings = {"map", "pull", "commit"})
    void missingBackingFileIsRefused(String verb) throws IOException {
        images.chain("base <- a");
        Files.delete(images.path("base"));
        assertFails("does not exist", verb, images.path("a"));
    }

    @Test
    void missingBackingFileIsLeftAloneByFlatten() throws IOException {
        images.chain("base <- s1 <- a");
        Files.delete(images.path("base"));
        assertSkipped("BACKING_MISSING");
    }

    @Test
    void backingFileOutsideTheFolderIsNotOpened() throws IOException {
        Path outside = Files.createDirectory(dir.resolve("outside"));
        Qemu.img("create", "-q", "-f", "qcow2", outside.resolve("base.qcow2"), "8M");
        Qemu.img("create", "-q", "-f", "qcow2", "-b", outside.resolve("base.qcow2"), "-F", "qcow2", images.path("s1"));
        images.overlay("a", "s1", "", "8M");
        assertSkipped("OUTSIDE_ROOTS");
    }

    @ParameterizedTest
    @ValueSource(strings = {"json:{\"driver\":\"qcow2\"}", "nbd://127.0.0.1/x", "http://127.0.0.1/x"})
    void backingFileThatIsNoFileIsNotOpened(String name) {
        images.chain("base <- a");
        Qemu.img("rebase", "-u", "-f", "qcow2", "-b", name, "-F", "qcow2", images.path("a"));
        assertFails("no local file", "map", images.path("a"));
        assertFails("no local file", "pull", images.path("a"));
        assertSkipped("OUTSIDE_ROOTS");
    }

    @Test
    void backingFileWithoutAFormatIsNotGuessed() throws IOException {
        images.chain("base <- a");
        // the first extension, which is the backing format, becomes one of an unknown type
        putInt("a", 112, 0x12345678);
        assertFails("format of its backing file", "pull", images.path("a"));
        assertSkipped("BACKING_FORMAT_MISSING");
    }

    @Test
    void rebaseWithoutAFormatIsRefused() {
        images.chain("base <- a");
        assertFails("-F", "rebase", "-b", "base.qcow2", images.path("a"));
        assertFails("-F", "rebase", "-u", "-b", "base.qcow2", images.path("a"));
    }

    @Test
    void rebaseOntoAnImageCalledRawThatIsNotIsRefused() {
        images.chain("base <- a");
        images.overlay("other", "", "", "8M");
        assertFails("not raw", "rebase", "-b", "other.qcow2", "-F", "raw", images.path("a"));
    }

    @Test
    void rebaseOntoItselfOrItsOverlayIsRefused() {
        images.chain("base <- a <- b");
        assertFails("its own backing file", "rebase", "-b", "a.qcow2", "-F", "qcow2", images.path("a"));
        assertFails("its own backing file", "rebase", "-b", "b.qcow2", "-F", "qcow2", images.path("a"));
    }

    @Test
    void baseThatIsNotInTheChainIsRefused() {
        images.chain("base <- a");
        images.overlay("other", "", "", "8M");
        assertFails("did not find", "commit", "-b", "other.qcow2", images.path("a"));
        assertFails("did not find", "pull", "-b", "other.qcow2", images.path("a"));
    }

    @Test
    void imageWithoutABackingFileHasNothingToCommit() {
        images.chain("a");
        assertFails("no backing file", "commit", images.path("a"));
    }

    @Test
    void commitIsRefusedNamingTheOverlaysThatWouldSuffer() {
        images.remember(images.chain("base <- [a, b]"));
        Answer answer = Cli.planish("commit", images.path("a"));
        assertThat(answer.exit()).isEqualTo(1);
        assertThat(answer.err()).contains("b.qcow2");
        images.assertUnchangedAndClean("base", "a", "b");
    }

    @Test
    void hardLinkedImageIsNotWritten() throws IOException {
        images.chain("base <- s1 <- a");
        Files.createLink(images.folder().resolve("second-name.qcow2"), images.path("a"));
        images.remember(List.of("a"));
        byte[] before = images.bytes("a");
        Answer answer = Cli.planish("flatten", images.folder(), "--yes", "--max-depth", "1");
        assertThat(answer.out()).contains("HARD_LINKED");
        assertThat(images.bytes("a")).isEqualTo(before);
        assertFails("name", "pull", images.path("a"));
        assertThat(images.bytes("a")).isEqualTo(before);
    }

    @Test
    void folderThatDoesNotExistIsRefused() {
        assertFails("no such folder", "scan", dir.resolve("nowhere"));
    }

    @Test
    void planThatIsNoneIsRefused() throws IOException {
        assertFails("not a saved plan", "apply", Files.writeString(dir.resolve("plan"), "{}\n"));
        assertFails("no such file", "apply", dir.resolve("nowhere"));
    }

    @Test
    void maxDepthOfZeroIsWrongUsage() {
        Answer answer = Cli.planish("plan", images.folder(), "--max-depth", "0");
        assertThat(answer.exit()).isEqualTo(2);
        assertThat(answer.err().lines()).hasSize(1).first().asString().contains("max-depth");
    }

    @Test
    void wrongUsageOfDropInVerbsExitsAsQemuImgDoes() {
        for (String verb : List.of("commit", "rebase", "check")) {
            assertThat(Cli.planish(verb, "--no-such-option").exit()).isEqualTo(1);
        }
    }

    @Test
    void unreadableFolderIsReportedAndKeepsFromCommitting() throws IOException {
        images.chain("base <- a");
        Path hidden = Files.createDirectory(images.folder().resolve("hidden"));
        Files.setAttribute(hidden, "unix:mode", 0);
        Qemu.Result scanned =
                LaunchedCli.boundByPermissions(dir, "scan", images.folder().toString());
        assertThat(scanned.exit()).as(scanned.err()).isZero();
        assertThat(scanned.out()).contains("UNREADABLE").contains("1 chain");
    }

    private void assertFails(String what, Object... words) {
        Answer answer = Cli.planish(words);
        assertThat(answer.exit()).as(answer.out() + answer.err()).isEqualTo(1);
        assertThat(answer.err().lines()).as(answer.err()).hasSize(1);
        assertThat(answer.err()).startsWith("planish: ").contains(what);
    }

    private void assertSkipped(String reason) {
        Answer answer = Cli.planish("flatten", images.folder(), "--yes", "--max-depth", "1");
        assertThat(answer.exit()).as(answer.out() + answer.err()).isEqualTo(3);
        assertThat(answer.out()).contains(reason);
    }

    private void cut(String name, long length) throws IOException {
        try (RandomAccessFile file = new RandomAccessFile(images.path(name).toFile(), "rw")) {
            file.setLength(length);
        }
    }

    private void putInt(String name, long at, int value) throws IOException {
        try (RandomAccessFile file = new RandomAccessFile(images.path(name).toFile(), "rw")) {
            file.seek(at);
            file.writeInt(value);
        }
    }

    private void putLong(String name, long at, long value) throws IOException {
        try (RandomAccessFile file = new RandomAccessFile(images.path(name).toFile(), "rw")) {
            file.seek(at);
            file.writeLong(value);
        }
    }
}
