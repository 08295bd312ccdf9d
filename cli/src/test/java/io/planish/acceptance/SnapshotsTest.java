package io.planish.acceptance;

import static org.assertj.core.api.Assertions.assertThat;

import io.planish.cli.Cli;
import io.planish.cli.Cli.Answer;
import io.planish.job.Job;
import io.planish.job.JobResult;
import io.planish.job.Outcome;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Internal snapshots survive a commit into the image that holds them; where an operation would break them, it is refused. */
class SnapshotsTest {
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
    @ValueSource(
            strings = {
                "compat=0.10",
                "compat=0.10,cluster_size=512",
                "",
                "refcount_bits=2",
                "refcount_bits=4",
                "refcount_bits=64,cluster_size=1k"
            })
    void aSnapshotOfTheBaseIsRestoredAsItWasTaken(String options) throws IOException {
        for (boolean underTheLeafsName : new boolean[] {false, true}) {
            String base = "base" + underTheLeafsName;
            String active = "active" + underTheLeafsName;
            images.overlay(base, "", options, QemuImages.SIZE);
            images.write(base, "write -P 1 0 3M", "write -c -P 9 6M 64k");
            Qemu.img("snapshot", "-c", "first", images.path(base));
            images.write(base, "write -P 2 1M 1M");
            // QEMU restores one of two snapshots only where a third reference can be counted
            List<String> snapshots = options.equals("refcount_bits=2") ? List.of("first") : List.of("second", "first");
            if (snapshots.size() > 1) {
                Qemu.img("snapshot", "-c", "second", images.path(base));
            }
            images.write(base, "write -P 3 1500k 1M");
            images.overlay(active, base, "cluster_size=4k", QemuImages.SIZE);
            images.write(
                    active, "write -P 4 500k 1500k", "write -z 2200k 100k", "write -P 5 5M 1M", "write -P 6 6M 4k");
            for (String snapshot : snapshots) {
                remember(base, snapshot);
            }
            images.remember(List.of(active));

            String result = underTheLeafsName ? active : base;
            if (underTheLeafsName) {
                done(merges.merge("", base, active));
            } else {
                assertCommits("commit", "-d", images.path(active));
            }

            images.assertSameContent(result, active);
            images.assertClean(result);
            for (String snapshot : snapshots) {
                assertRestores(result, snapshot, base);
            }
        }
    }

    @Test
    void aSnapshotOutlivesThatItsDiskGrowsAndShrinks() throws IOException {
        images.overlay("base", "", "", "4M");
        images.write("base", "write -P 1 0 4M");
        Qemu.img("snapshot", "-c", "s", images.path("base"));
        remember("base", "s");
        images.overlay("longer", "base", "", "6M");
        images.write("longer", "write -P 2 5M 64k", "write -P 3 1M 64k");
        images.remember(List.of("longer"));
        assertCommits("commit", "-d", images.path("longer"));
        images.assertSameContent("base", "longer");
        assertRestores("base", "s", "base");

        Files.delete(images.path("longer"));
        images.overlay("shorter", "base", "cluster_size=512", "2M");
        images.write("shorter", "write -P 4 1M 3k");
        images.remember(List.of("shorter"));
        done(merges.merge("", "base", "shorter"));
        images.assertUnchangedAndClean("shorter");
        assertRestores("shorter", "s", "base");
    }

    @Test
    void operationsThatWouldBreakASnapshotAreRefusedAndTouchNothing() throws IOException {
        images.chain("base <- s1 <- active");
        images.chain("other");
        Qemu.img("snapshot", "-c", "s", images.path("s1"));
        byte[][] before = bytes("base", "s1", "active");

        assertSkipped("s1", merges.merge("", "base", "active"));
        assertSkipped("s1", merges.merge("", "s1", "active"));
        assertSkipped("s1", merges.merge("", "s1", "s1"));
        assertRefused("internal snapshots", "commit", images.path("s1"));
        assertRefused("internal snapshots", "commit", "-d", images.path("s1"));
        assertRefused("internal snapshots", "pull", images.path("s1"));
        assertRefused("internal snapshots", "rebase", "-b", "other.qcow2", "-F", "qcow2", images.path("s1"));
        assertRefused("internal snapshots", "rebase", "-b", "", images.path("s1"));

        assertThat(bytes("base", "s1", "active")).isEqualTo(before);
    }

    @Test
    void aBaseOfVersion2WithSnapshotsDoesNotGrow() throws IOException {
        images.overlay("base", "", "compat=0.10", "4M");
        images.write("base", "write -P 1 0 4M");
        Qemu.img("snapshot", "-c", "s", images.path("base"));
        images.overlay("active", "base", "", "6M");
        byte[][] before = bytes("base", "active");

        assertRefused("internal snapshots of version 2", "commit", images.path("active"));

        assertThat(bytes("base", "active")).isEqualTo(before);
    }

    /** Remembers, as {@code image@snapshot}, what the snapshot shows; the image stays as it is. */
    private void remember(String image, String snapshot) throws IOException {
        String name = image + "@" + snapshot;
        Files.copy(images.path(image), images.path(name));
        Qemu.img("snapshot", "-a", snapshot, images.path(name));
        images.remember(List.of(name));
        Files.delete(images.path(name));
    }

    private void assertRestores(String image, String snapshot, String rememberedFrom) throws IOException {
        String name = image + "@" + snapshot + "-now";
        Files.copy(images.path(image), images.path(name));
        Qemu.img("snapshot", "-a", snapshot, images.path(name));
        images.assertSameContent(name, rememberedFrom + "@" + snapshot);
        images.assertClean(name);
        Files.delete(images.path(name));
    }

    private byte[][] bytes(String... names) throws IOException {
        byte[][] bytes = new byte[names.length][];
        for (int i = 0; i < names.length; i++) {
            bytes[i] = images.bytes(names[i]);
        }
        return bytes;
    }

    private void assertSkipped(String image, Job job) {
        assertThat(merges.run(job).outcome())
                .isInstanceOfSatisfying(
                        Outcome.Skipped.class,
                        skipped -> assertThat(skipped.message()).contains(image).contains("internal snapshots"));
    }

    private static void assertRefused(String why, Object... words) {
        Answer answer = Cli.planish(words);
        assertThat(answer.exit()).as(answer.out() + answer.err()).isEqualTo(1);
        assertThat(answer.err()).contains(why);
    }

    private static void assertCommits(Object... words) {
        Answer answer = Cli.planish(words);
        assertThat(answer.exit()).as(answer.err()).isZero();
    }

    private void done(Job job) {
        JobResult result = merges.run(job);
        assertThat(result.outcome()).isEqualTo(new Outcome.Done());
    }
}
