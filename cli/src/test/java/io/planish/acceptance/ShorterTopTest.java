package io.planish.acceptance;

import static org.assertj.core.api.Assertions.assertThat;

import io.planish.cli.Cli;
import io.planish.cli.Cli.Answer;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A top that ends inside a cluster of a longer base which is full of data. */
class ShorterTopTest {
    private static final String BASE_BYTES = "9M";
    private static final int TOP_BYTES = (5 << 20) + 1536;

    @TempDir
    Path dir;

    private QemuImages images;

    @BeforeEach
    void makeFolders() throws IOException {
        images = QemuImages.in(dir);
    }

    private void makeChain(String options, String... writes) {
        images.overlay("base", "", options, BASE_BYTES);
        images.write("base", "write -P 5 0 " + BASE_BYTES);
        images.overlay("top", "base", "", Integer.toString(TOP_BYTES));
        images.write("top", writes);
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "cluster_size=2M", "cluster_size=512", "compat=0.10", "extended_l2=on"})
    void commitKeepsWhatFollowsTheTopsEndInTheBaseAsQemuDoes(String options) {
        for (String write :
                List.of("write -P 3 4M 64k", "write -P 4 5M 1536", "write -z 5M 1536", "write -P 6 1M 4M")) {
            makeChain(options, write);
            Path copies = dir.resolve("copies");
            Qemu.run("rm", "-rf", copies);
            Qemu.run("cp", "-r", images.folder(), copies);
            Qemu.img("commit", "-q", "-d", copies.resolve("top.qcow2"));

            Answer answer = Cli.planish("commit", "-q", "-d", images.path("top"));

            assertThat(answer.exit()).as(answer.err()).isZero();
            Qemu.Result compared = Qemu.run("qemu-img", "compare", images.path("base"), copies.resolve("base.qcow2"));
            assertThat(compared.exit()).as(write + ": " + compared.out()).isZero();
            images.assertClean("base");
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "cluster_size=2M", "compat=0.10", "extended_l2=on"})
    void nothingOfTheBaseShowsWhereALeafThatTookItsPlaceGrows(String options) {
        makeChain(options, "write -P 6 1M 64k");

        Answer answer = Cli.planish("flatten", "--yes", "--max-depth", "1", "--direction", "commit", images.folder());

        assertThat(answer.exit()).as(answer.out() + answer.err()).isZero();
        assertThat(images.chainOf("top")).isEqualTo("top");
        Qemu.img("resize", "-q", images.path("top"), "7M");
        Qemu.Result read = Qemu.run("qemu-io", "-c", "read -P 0 " + TOP_BYTES + " 1M", images.path("top"));
        assertThat(read.out()).doesNotContain("verification failed");
        images.assertClean("top");
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "cluster_size=2M", "compat=0.10", "extended_l2=on"})
    void nothingShowsThatCopyOnWriteLeftBehindTheEndOfALayerThatTookTheLeafsPlace(String options) {
        for (String write : List.of("write -P 7 0 512", "write -P 7 5M 512")) {
            images.overlay("base", "", "", BASE_BYTES);
            images.write("base", "write -P 5 0 " + BASE_BYTES);
            images.overlay("middle", "base", options, Integer.toString(TOP_BYTES));
            images.write("middle", "write -P 6 1M 64k", "write -P 6 5M 1k");
            images.overlay("top", "middle", options, Integer.toString(TOP_BYTES));
            images.write("top", write);
            images.remember(List.of("top"));

            flatten("2", "commit");
            flatten("1", "pull");

            assertNothingShowsOnceTheTopGrows(options + " " + write);
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "cluster_size=2M", "cluster_size=512", "compat=0.10", "extended_l2=on"})
    void nothingShowsThatCopyOnWriteLeftBehindTheEndOfAPullsTarget(String options) {
        for (List<String> verb : List.of(List.of("pull"), List.of("rebase", "-b", ""))) {
            images.overlay("base", "", "", BASE_BYTES);
            images.write("base", "write -P 5 0 " + BASE_BYTES);
            images.overlay("top", "base", options, Integer.toString(TOP_BYTES));
            images.write("top", "write -P 6 5M 1k");
            images.remember(List.of("top"));

            Object[] command =
                    Stream.concat(verb.stream(), Stream.of(images.path("top"))).toArray();
            Answer answer = Cli.planish(command);

            assertThat(answer.exit()).as(answer.out() + answer.err()).isZero();
            assertNothingShowsOnceTheTopGrows(options + " " + verb);
        }
    }

    private void assertNothingShowsOnceTheTopGrows(String what) {
        images.assertUnchangedAndClean("top");
        Qemu.img("resize", "-q", images.path("top"), "5200K");
        Qemu.Result read = Qemu.run("qemu-io", "-c", "read -P 0 " + TOP_BYTES + " 10k", images.path("top"));
        assertThat(read.out()).as(what).contains("bytes at offset " + TOP_BYTES).doesNotContain("verification failed");
    }

    private void flatten(String depth, String direction) {
        Answer answer = Cli.planish(
                "flatten", "--yes", "--max-depth", depth, "--direction", direction, "--delete", images.folder());
        assertThat(answer.exit()).as(answer.out() + answer.err()).isZero();
    }
}
