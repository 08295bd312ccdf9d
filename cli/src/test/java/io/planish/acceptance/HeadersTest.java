package io.planish.acceptance;

import static org.assertj.core.api.Assertions.assertThat;

import io.planish.cli.Cli;
import io.planish.cli.Cli.Answer;
import io.planish.job.Job;
import io.planish.job.Outcome;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What a header says that nobody here knows is kept, cleared or refused as the format's document has it. */
class HeadersTest {
    private static final int COMPATIBLE_BIT = 40;
    private static final int AUTOCLEAR_BIT = 50;
    private static final int INCOMPATIBLE_BIT = 20;
    private static final int EXTENSION = 0x12345678;
    private static final byte[] DATA = "kept to the last byte".getBytes(StandardCharsets.US_ASCII);
    private static final long FIELD = 0x1122334455667788L;

    @TempDir
    Path dir;

    private QemuImages images;
    private Merges merges;

    @BeforeEach
    void makeFolders() throws IOException {
        images = QemuImages.in(dir);
        merges = Merges.in(images, dir);
    }

    interface Operation {
        void run() throws IOException;
    }

    @Test
    void whatNobodyKnowsSurvivesEveryOperation() throws IOException {
        afterwards("base <- s1 <- s2 <- active", () -> done(merges.merge("", "base", "s2")), "base", "active");
        afterwards("base <- s1 <- active", () -> done(merges.merge("base", "s1", "active")), "active");
        afterwards("base <- s1 <- active", () -> done(merges.merge("base", "active", "active")), "active");
        afterwards("base <- s1 <- active", () -> done(merges.merge("", "active", "active")), "active");
        afterwards("base <- active", () -> planish("commit", images.path("active")), "base");
        afterwards("base <- active", () -> planish("rebase", "-b", "", images.path("active")), "active");
        afterwards(
                "base <- active",
                () -> {
                    Files.move(images.path("base"), images.path("moved"));
                    planish("rebase", "-u", "-b", "moved.qcow2", "-F", "qcow2", images.path("active"));
                },
                "active");
    }

    private void afterwards(String chain, Operation operation, String... changed) throws IOException {
        images = new QemuImages(images.folder(), dir.resolve("m"));
        List<String> names = images.chain(chain);
        for (String name : names) {
            new PatchedHeader(images.path(name))
                    .bit(PatchedHeader.COMPATIBLE, COMPATIBLE_BIT)
                    .bit(PatchedHeader.AUTOCLEAR, AUTOCLEAR_BIT)
                    .withUnknown(FIELD, EXTENSION, DATA)
                    .save();
        }
        images.remember(List.of(names.getLast()));

        operation.run();

        for (String name : changed) {
            PatchedHeader header = new PatchedHeader(images.path(name));
            assertThat(header.field(PatchedHeader.COMPATIBLE)).as(name).isEqualTo(1L << COMPATIBLE_BIT);
            assertThat(header.field(PatchedHeader.AUTOCLEAR)).as(name).isZero();
            assertThat(header.unknownField()).as(name).isEqualTo(FIELD);
            assertThat(header.extensions()).as(name).containsEntry(EXTENSION, DATA);
            images.assertClean(name);
        }
        images.assertSameContent(names.getLast(), names.getLast());
        for (String name : names) {
            Files.deleteIfExists(images.path(name));
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"base", "s1", "s2", "active"})
    void anUnknownIncompatibleFeatureIsRefusedByItsName(String name) throws IOException {
        images.chain("base <- s1 <- s2 <- active");
        new PatchedHeader(images.path(name))
                .bit(PatchedHeader.INCOMPATIBLE, INCOMPATIBLE_BIT)
                .featureName(INCOMPATIBLE_BIT, "time travel")
                .save();
        assertAllRefused("time travel");
    }

    @ParameterizedTest
    @ValueSource(strings = {"base", "s1", "s2", "active"})
    void anImageThatIsMarkedCorruptIsRefused(String name) throws IOException {
        images.chain("base <- s1 <- s2 <- active");
        new PatchedHeader(images.path(name)).bit(PatchedHeader.INCOMPATIBLE, 1).save();
        assertAllRefused("corrupt");
    }

    @ParameterizedTest
    @ValueSource(strings = {"base", "s1", "s2", "active"})
    @Timeout(value = 60, unit = TimeUnit.SECONDS)
    void anExternalDataFileIsRefusedAndNotOpened(String name) throws IOException {
        chainWith(name, List.of("-o", "data_file=" + images.folder().resolve("data.raw")));
        Path data = images.folder().resolve("data.raw");
        Files.delete(data);
        // whoever opens it waits for a writer that never comes
        Qemu.run("mkfifo", data);
        assertAllRefused("external data file");
    }

    @ParameterizedTest
    @ValueSource(strings = {"base", "s1", "s2", "active"})
    void encryptedImagesAreRefused(String name) throws IOException {
        chainWith(
                name, List.of("--object", "secret,id=s,data=secret", "-o", "encrypt.format=aes,encrypt.key-secret=s"));
        assertAllRefused("encrypted (AES)");
        // qemu-img needs a quiet machine to make a LUKS header, of which nobody here reads more than this field
        new PatchedHeader(images.path(name)).encryptionMethod(2).save();
        assertAllRefused("encrypted (LUKS)");
    }

    @Test
    void anOverlayThatIsNotUnderstoodIsNotLinkedElsewhere() throws IOException {
        images.chain("base <- s1 <- [a, b]");
        new PatchedHeader(images.path("b"))
                .bit(PatchedHeader.INCOMPATIBLE, INCOMPATIBLE_BIT)
                .save();
        ByteBuffer base = ByteBuffer.wrap(images.bytes("base"));

        assertThat(merges.run(merges.merge("", "base", "s1")).outcome())
                .isInstanceOfSatisfying(
                        Outcome.Skipped.class,
                        skipped -> assertThat(skipped.message()).contains("b.qcow2: not supported: unknown feature"));

        assertThat(ByteBuffer.wrap(images.bytes("base"))).isEqualTo(base);
    }

    @ParameterizedTest
    @ValueSource(strings = {"qed", "vmdk", "vdi", "vhdx", "vpc", "qcow"})
    void layersOfOtherFormatsAreRefusedByTheirNames(String format) throws IOException {
        Path base = images.path("base");
        Qemu.img("create", "-q", "-f", format, base, "8M");
        Qemu.img("create", "-q", "-f", "qcow2", "-b", "base.qcow2", "-F", format, images.path("s1"));
        images.overlay("s2", "s1", "", QemuImages.SIZE);
        images.overlay("active", "s2", "", QemuImages.SIZE);
        assertAllRefused(format);
    }

    @Test
    void aBackingNameThatHasNoPlaceIsToldBeforeTheCommitBegins() throws IOException {
        String folder = "f".repeat(180) + "/" + "g".repeat(190);
        Files.createDirectories(images.folder().resolve(folder));
        images.overlay(folder + "/base", "", "", QemuImages.SIZE);
        images.overlay("s1", folder + "/base", "", QemuImages.SIZE);
        images.write("s1", "write -P 1 0 64k");
        images.overlay("active", "s1", "cluster_size=512", QemuImages.SIZE);
        List<ByteBuffer> before = List.of(
                ByteBuffer.wrap(images.bytes(folder + "/base")),
                ByteBuffer.wrap(images.bytes("s1")),
                ByteBuffer.wrap(images.bytes("active")));

        assertThat(merges.run(merges.merge("", folder + "/base", "s1")).outcome())
                .isInstanceOfSatisfying(
                        Outcome.Skipped.class,
                        skipped -> assertThat(skipped.message())
                                .contains(
                                        "active.qcow2: the changed header has no place in the first cluster of 512 bytes"));

        assertThat(List.of(
                        ByteBuffer.wrap(images.bytes(folder + "/base")),
                        ByteBuffer.wrap(images.bytes("s1")),
                        ByteBuffer.wrap(images.bytes("active"))))
                .isEqualTo(before);
    }

    /** Like the usual chain, but for this image, which is made with these options. */
    private void chainWith(String special, List<String> options) throws IOException {
        String below = "";
        for (String name : List.of("base", "s1", "s2", "active")) {
            Files.deleteIfExists(images.path(name));
            List<Object> command = new ArrayList<>(List.of("create", "-q", "-f", "qcow2"));
            if (name.equals(special)) {
                command.addAll(options);
            }
            if (!below.isEmpty()) {
                command.addAll(List.of("-u", "-b", below + ".qcow2", "-F", "qcow2"));
            }
            command.addAll(List.of(images.path(name), QemuImages.SIZE));
            Qemu.img(command.toArray());
            below = name;
        }
    }

    /** Nothing is done to the chain, by the verbs nor by the engine alone, and each says why. */
    private void assertAllRefused(String why) throws IOException {
        List<ByteBuffer> before = allBytes();
        assertRefused(why, "commit", images.path("active"));
        assertRefused(why, "commit", "-b", "base.qcow2", images.path("active"));
        assertRefused(why, "pull", images.path("active"));
        assertRefused(why, "rebase", "-b", "", images.path("active"));
        Answer flattened = Cli.planish("flatten", images.folder(), "--yes", "--max-depth", "1");
        assertThat(flattened.exit()).as(flattened.out() + flattened.err()).isEqualTo(3);
        assertThat(flattened.out()).contains(why);
        assertThat(allBytes()).isEqualTo(before);
    }

    private List<ByteBuffer> allBytes() throws IOException {
        List<ByteBuffer> all = new ArrayList<>();
        for (String name : List.of("base", "s1", "s2", "active")) {
            all.add(ByteBuffer.wrap(images.bytes(name)));
        }
        return all;
    }

    private static void assertRefused(String why, Object... words) {
        Answer answer = Cli.planish(words);
        assertThat(answer.exit()).as(answer.out() + answer.err()).isEqualTo(1);
        assertThat(answer.err()).contains(why);
    }

    private static void planish(Object... words) {
        Answer answer = Cli.planish(words);
        assertThat(answer.exit()).as(answer.err()).isZero();
    }

    private void done(Job job) {
        assertThat(merges.run(job).outcome()).isEqualTo(new Outcome.Done());
    }
}
