package io.planish.acceptance;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import io.planish.cli.Cli;
import io.planish.cli.Cli.Answer;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What jobs leave over: kept for a while, given back where that is possible, removed when its time is over. */
class TrashTest {
    private static final String CHAIN = "base <- s1 <- s2 <- active";

    @TempDir
    Path dir;

    private QemuImages images;

    @BeforeEach
    void makeChain() throws IOException {
        images = new QemuImages(Files.createDirectory(dir.resolve("images")), Files.createDirectory(dir.resolve("m")));
        images.remember(images.chain(CHAIN));
    }

    @Test
    void whatAPullLeftOverComesBackAsItWas() throws IOException {
        flatten("--direction", "pull", "--max-depth", "1");
        JsonNode list = Qemu.json(trash(0, "list", "--json").out());
        assertThat(list.path("leftovers"))
                .hasSize(3)
                .allMatch(l -> l.path("restorable").asBoolean());

        Answer restored = trash(0, "restore");

        assertThat(restored.out()).startsWith("3 restored");
        assertThat(images.chainOf("s2")).isEqualTo("base <- s1 <- s2");
        assertThat(images.chainOf("active")).isEqualTo("active");
        images.assertUnchangedAndClean("base", "s1", "s2", "active");
        assertThat(trash(0, "list").out()).isEqualTo("Nothing is in the trash.\n");
        assertThat(images.folder().resolve(".planish")).isEmptyDirectory();
        assertThat(files()).isEmpty();
    }

    @Test
    void whatACommitLeftOverIsRefusedAndSaysSo() {
        flatten("--direction", "commit", "--max-depth", "1");
        assertThat(trash(0, "list").out()).contains("no: a commit left it over");
        Answer refused = trash(3, "restore");
        assertThat(refused.err()).contains("images/s1.qcow2: a commit left it over: what it showed went down");
        assertThat(images.exists("s1")).isFalse();
        images.assertUnchangedAndClean("active");
    }

    @Test
    void whatNeedsAnImageThatHasChangedStaysInTheTrash() {
        flatten("--direction", "pull", "--max-depth", "1", "--keep", "base*");
        images.assertUnchangedAndClean("base", "active");
        images.write("base", "write -P 9 2M 64k");
        Answer refused = trash(3, "restore");
        assertThat(refused.err()).contains("needs images/base.qcow2 as it was, and that was changed since");
        assertThat(images.exists("s1")).isFalse();
        assertThat(files()).hasSize(2);
    }

    @Test
    void aNameThatIsTakenIsNotTakenAway() throws IOException {
        flatten("--direction", "pull", "--max-depth", "1");
        Files.writeString(images.path("s1"), "mine");
        Answer partly = trash(1, "restore");
        assertThat(partly.err())
                .contains(
                        "images/s1.qcow2: another file has its name now", "images/s2.qcow2: it needs images/s1.qcow2");
        assertThat(images.path("s1")).hasContent("mine");
        images.assertUnchangedAndClean("base", "active");
    }

    @Test
    void onlyWhatHasHadItsTimeAndIsOursIsRemoved() throws IOException {
        flatten("--direction", "pull", "--max-depth", "1");
        Path run = Objects.requireNonNull(files().getFirst().getParent());
        Path foreign = Files.writeString(run.resolve("notes.txt"), "mine");
        Path outside = Files.writeString(dir.resolve("outside"), "mine");
        Files.createSymbolicLink(run.resolve("link"), outside);
        Path replaced = run.resolve("s1.qcow2");
        Files.move(replaced, dir.resolve("moved"));
        Files.writeString(replaced, "mine");

        assertThat(trash(0, "purge", "--yes").out()).startsWith("0 removed");
        Answer purged = trash(0, "purge", "--yes", "--older-than", "0s");

        assertThat(purged.out()).startsWith("2 removed");
        assertThat(files()).containsExactlyInAnyOrder(foreign, replaced);
        assertThat(replaced).hasContent("mine");
        assertThat(outside).hasContent("mine");
        assertThat(trash(0, "list").out()).contains("notes.txt is no leftover of a job", "s1.qcow2 is no leftover");
        images.assertUnchangedAndClean("active");
    }

    @Test
    void aGracePeriodIsTheOneThatWasWantedThen() {
        flatten("--direction", "pull", "--max-depth", "1", "--grace", "30d");
        JsonNode left =
                Qemu.json(trash(0, "list", "--json").out()).path("leftovers").path(0);
        Instant retired = Instant.parse(left.path("retired").asText());
        assertThat(Instant.parse(left.path("keptUntil").asText())).isEqualTo(retired.plusSeconds(30 * 86400));
    }

    @Test
    void oneImageAloneCanBeChosenIfItNeedsNoOther() {
        flatten("--direction", "pull", "--max-depth", "1");
        assertThat(trash(3, "restore", "--image", "images/s1.qcow2").err())
                .contains("needs images/base.qcow2, which is not there");
        trash(0, "restore", "--image", "images/base.qcow2");
        trash(0, "restore", "--image", "images/s1.qcow2");
        images.assertUnchangedAndClean("base", "s1", "active");
        assertThat(files()).hasSize(1);
    }

    private void flatten(Object... options) {
        List<Object> words = new ArrayList<>(List.of("flatten", images.folder(), "--yes"));
        words.addAll(List.of(options));
        Answer answer = Cli.planish(words.toArray());
        assertThat(answer.exit()).as(answer.out() + answer.err()).isZero();
    }

    private Answer trash(int exit, Object... words) {
        List<Object> all = new ArrayList<>(List.of("trash"));
        all.addAll(List.of(words));
        all.add(images.folder());
        Answer answer = Cli.planish(all.toArray());
        assertThat(answer.exit())
                .as("%s: %s%s", all, answer.out(), answer.err())
                .isEqualTo(exit);
        return answer;
    }

    private List<Path> files() {
        Path trash = images.folder().resolve(".planish-trash");
        if (!Files.exists(trash)) {
            return List.of();
        }
        try (Stream<Path> files = Files.walk(trash)) {
            return files.filter(file -> Files.isRegularFile(file, LinkOption.NOFOLLOW_LINKS))
                    .toList();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
