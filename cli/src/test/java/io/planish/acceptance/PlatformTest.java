package io.planish.acceptance;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import io.planish.cli.Cli;
import io.planish.cli.Cli.Answer;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What a management system refers to, and the programs it wants run around jobs. */
class PlatformTest {
    private static final String CHAIN = "base <- s1 <- s2 <- active";

    @TempDir
    Path dir;

    private QemuImages images;
    private Path xml;

    @BeforeEach
    void makeChain() throws IOException {
        images = new QemuImages(Files.createDirectory(dir.resolve("images")), Files.createDirectory(dir.resolve("m")));
        images.remember(images.chain(CHAIN));
        xml = Files.createDirectory(dir.resolve("libvirt"));
    }

    @Test
    void aRestorePointOfALibvirtSnapshotStaysUnlessItMayGo() throws IOException {
        domain("vm.xml", "active");
        Files.createDirectory(xml.resolve("snapshot"));
        Files.writeString(
                xml.resolve("snapshot/first.xml"),
                "<domainsnapshot><name>first</name><disks><disk name='vda' snapshot='external' type='file'>"
                        + "<driver type='qcow2'/><source file='" + images.path("s2")
                        + "'/></disk></disks><domain><devices>"
                        + disk("s1") + "</devices></domain></domainsnapshot>");

        flatten(0, "--references-libvirt", xml);

        images.assertUnchangedAndClean("s1", "s2", "active");
        flatten(0, "--references-libvirt", xml, "--drop-restore-points");
        assertThat(images.exists("s1")).isFalse();
        images.assertUnchangedAndClean("active");
        assertThat(images.chainOf("active")).isEqualTo("active");
    }

    @Test
    void aBackingStoreThatADomainNamesIsKept() throws IOException {
        Files.writeString(
                xml.resolve("vm.xml"),
                "<domain type='kvm'><devices><disk type='file'><source file='" + images.path("active")
                        + "'/><backingStore type='file'><source file='" + images.path("s2")
                        + "'/><backingStore/></backingStore></disk></devices></domain>");
        flatten(0, "--references-libvirt", xml);
        images.assertUnchangedAndClean("s2", "active");
    }

    @Test
    void aVolumeOfALibvirtPoolIsFoundByThePoolsXmlAndIsAnErrorWithoutIt() throws IOException {
        Files.writeString(
                xml.resolve("vm.xml"),
                "<domain><devices><disk type='volume'><source pool='default' volume='s1.qcow2'/></disk></devices></domain>");
        Answer refused = flatten(1, "--references-libvirt", xml);
        assertThat(refused.err()).hasLineCount(1).contains("volume 's1.qcow2' of libvirt's pool 'default'");
        assertThat(images.chainOf("active")).isEqualTo(CHAIN);

        Files.writeString(
                xml.resolve("default.xml"),
                "<pool type='dir'><name>default</name><target><path>" + images.folder() + "</path></target></pool>");
        flatten(0, "--references-libvirt", xml);
        images.assertUnchangedAndClean("s1", "active");
    }

    @Test
    void filesAndCommandsNameWhatIsKept() throws IOException {
        Path list =
                Files.writeString(dir.resolve("list"), "# kept\n\n" + images.path("s1") + "\n/somewhere/else.qcow2\n");
        flatten(0, "--references-file", list, "--references-command", "sh -c 'echo " + images.path("s2") + "'");
        images.assertUnchangedAndClean("s1", "s2", "active");
        assertThat(Files.getLastModifiedTime(images.path("s1"))).isNotNull();
    }

    @Test
    void whoCannotAnswerIsAnErrorAndNothingIsTouched() throws IOException {
        Path outside = Files.writeString(dir.resolve("secret"), "/secret");
        List<List<Object>> failing = List.of(
                List.of("--references-command", "sh -c 'echo no database >&2; exit 7'"),
                List.of("--references-command", "/no/such/program"),
                List.of("--references-command", "sleep 60", "--references-timeout", "1s"),
                List.of("--references-command", "echo vm-17"),
                List.of("--references-file", dir.resolve("absent")),
                List.of("--references-libvirt", dir.resolve("absent")),
                List.of("--references-libvirt", xml),
                List.of(
                        "--references-libvirt",
                        written(
                                "entity",
                                "<!DOCTYPE d [<!ENTITY e SYSTEM 'file://" + outside + "'>]><domain>&e;</domain>")),
                List.of("--references-libvirt", written("cut", "<domain><devices>")),
                List.of("--references-libvirt", written("deep", "<a>".repeat(1000) + "</a>".repeat(1000))));
        for (List<Object> options : failing) {
            Answer answer = flatten(1, options.toArray());
            assertThat(answer.err()).as("%s", options).hasLineCount(1).startsWith("planish: ");
            assertThat(answer.err()).doesNotContain("internal error");
        }
        assertThat(images.chainOf("active")).isEqualTo(CHAIN);
        images.assertUnchangedAndClean("base", "s1", "s2", "active");
    }

    @Test
    void aReferenceThatHasComeSinceThePlanMakesItsTreeStale() throws IOException {
        Path plan = dir.resolve("plan.jsonl");
        assertThat(Cli.planish("plan", images.folder(), "-o", plan).exit()).isZero();
        Path list = Files.writeString(dir.resolve("list"), images.path("s1") + "\n" + images.path("s2") + "\n");

        Answer answer = Cli.planish("apply", plan, "--references-file", list);

        assertThat(answer.exit()).isEqualTo(1);
        assertThat(answer.err()).contains("is a restore point that something outside refers to");
        assertThat(images.chainOf("active")).isEqualTo(CHAIN);
    }

    @Test
    void whoeverWasAskedForThePlanIsAskedAgain() throws IOException {
        Path plan = dir.resolve("plan.jsonl");
        Path list = Files.writeString(dir.resolve("list"), "");
        assertThat(Cli.planish("plan", images.folder(), "-o", plan, "--references-file", list)
                        .exit())
                .isZero();
        Files.writeString(list, images.path("s1") + "\n");

        Answer answer = Cli.planish("apply", plan);

        assertThat(answer.exit()).isEqualTo(1);
        assertThat(answer.err()).contains("(add --references-file " + list + ")");
        assertThat(images.chainOf("active")).isEqualTo(CHAIN);
    }

    @Test
    void hooksGetTheJobAndItsOutcome() throws IOException {
        Path before = dir.resolve("before.json");
        Path after = dir.resolve("after.json");
        flatten(0, "--hook-before", "sh -c 'cat > " + before + "'", "--hook-after", "sh -c 'cat > " + after + "'");

        assertThat(Files.readString(before)).hasLineCount(1).endsWith("}\n");
        JsonNode first = Qemu.json(Files.readString(before));
        JsonNode second = Qemu.json(Files.readString(after));
        assertThat(first.path("event").asText()).isEqualTo("before");
        assertThat(first.path("job").path("id").asText()).isEqualTo("j0001");
        assertThat(first.path("paths").path("images/active.qcow2").asText())
                .isEqualTo(images.path("active").toString());
        assertThat(second.path("result").path("outcome").path("outcome").asText())
                .isEqualTo("DONE");
        images.assertUnchangedAndClean("active");
    }

    @Test
    void aHookThatSaysNoSkipsTheJob() {
        for (String hook : List.of("sh -c 'echo locked by nobody >&2; exit 9'", "/no/such/hook", "sleep 60")) {
            Path after = dir.resolve("after");
            Answer answer = flatten(3, "--hook-before", hook, "--hook-timeout", "1s", "--hook-after", "touch " + after);
            assertThat(answer.out()).contains("SKIPPED HOOK");
            assertThat(after).doesNotExist();
        }
        assertThat(images.chainOf("active")).isEqualTo(CHAIN);
        images.assertUnchangedAndClean("base", "s1", "s2", "active");
    }

    @Test
    void anAfterHookThatFailsIsToldOfAndChangesNothing() {
        Answer answer = flatten(0, "--hook-after", "sh -c 'exit 5'");
        assertThat(answer.out()).contains("after the job: hook 'sh -c exit 5' exits with 5");
        images.assertUnchangedAndClean("active");
    }

    @Test
    void aTreeThatChangesWhileOthersRunIsPlannedOnceMore() {
        images.chain("root <- t1 <- other");
        images.remember(List.of("other"));
        Answer answer = flatten(
                0,
                "--jobs",
                "1",
                "--hook-before",
                "sh -c 'test -e " + dir.resolve("once") + " || { touch " + dir.resolve("once") + " " + images.path("s1")
                        + " " + images.path("s2") + " " + images.path("t1") + "; }'");
        assertThat(answer.err()).contains("STALE");
        assertThat(answer.out()).contains("planned again");
        images.assertUnchangedAndClean("active", "other");
        assertThat(images.chainOf("active")).isEqualTo("active");
        assertThat(images.chainOf("other")).isEqualTo("other");
    }

    @Test
    void aFormatThatIsTrustedStandsInForOneThatIsNotRecorded() throws IOException {
        for (String name : List.of("s1", "s2", "active")) {
            forgetFormat(images.path(name));
        }
        assertThat(Cli.planish("plan", images.folder()).out()).contains("BACKING_FORMAT_MISSING");
        Path plan = dir.resolve("plan.jsonl");
        assertThat(Cli.planish("plan", images.folder(), "--trusted-format", "qcow2", "-o", plan)
                        .exit())
                .isZero();
        Answer applied = Cli.planish("apply", plan);
        assertThat(applied.exit()).as(applied.err()).isZero();
        images.assertUnchangedAndClean("active");
        assertThat(images.chainOf("active").split(" <- ")).hasSize(2);
        assertThat(Cli.planish("plan", images.folder(), "--trusted-format", "vmdk")
                        .exit())
                .isEqualTo(2);
    }

    /** Takes the format out of the header, as images have it that were made before anybody recorded one. */
    private static void forgetFormat(Path image) throws IOException {
        byte[] bytes = Files.readAllBytes(image);
        for (int at = 104; at < 1024; at += 8) {
            if (bytes[at] == (byte) 0xE2
                    && bytes[at + 1] == 0x79
                    && bytes[at + 2] == 0x2A
                    && bytes[at + 3] == (byte) 0xCA) {
                bytes[at] = 0x11; // an extension that nobody knows
                Files.write(image, bytes);
                return;
            }
        }
        throw new AssertionError(image + " records no backing format");
    }

    private Path written(String name, String content) throws IOException {
        Path folder = Files.createDirectory(dir.resolve(name));
        Files.writeString(folder.resolve("vm.xml"), content);
        return folder;
    }

    private void domain(String name, String image) throws IOException {
        Files.writeString(xml.resolve(name), "<domain type='kvm'><devices>" + disk(image) + "</devices></domain>");
    }

    private String disk(String image) {
        return "<disk type='file' device='disk'><source file='" + images.path(image) + "'/></disk>";
    }

    private Answer flatten(int exit, Object... options) {
        List<Object> words = new ArrayList<>(List.of("flatten", images.folder(), "--yes", "--max-depth", "1"));
        words.addAll(List.of(options));
        Answer answer = Cli.planish(words.toArray());
        assertThat(answer.exit())
                .as("%s: %s%s", words, answer.out(), answer.err())
                .isEqualTo(exit);
        return answer;
    }
}
