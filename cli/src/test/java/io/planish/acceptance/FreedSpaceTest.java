package io.planish.acceptance;

import static org.assertj.core.api.Assertions.assertThat;

import io.planish.cli.Cli;
import io.planish.cli.Cli.Answer;
import io.planish.job.Outcome;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What an operation replaced or discarded is free in the tables, and the filesystem has it back. */
class FreedSpaceTest {
    private static final int BLOCK_BYTES = 4096;
    /** Blocks that the filesystem needs for itself to map a file in many pieces. */
    private static final long SLACK_BYTES = 16 << 10;

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
    @CsvSource({
        "'', base",
        "'', s1",
        "'', active",
        "'cluster_size=512', base",
        "'cluster_size=512', active",
        "'cluster_size=1k,compat=0.10', base",
        "'cluster_size=4k,refcount_bits=1', s1",
        "'cluster_size=2M', base"
    })
    void aMergeKeepsNothingThatNobodyRefersTo(String options, String target) throws IOException {
        chain(options);
        assertThat(merges.run(merges.merge("", target, "active")).outcome()).isEqualTo(new Outcome.Done());
        images.assertUnchangedAndClean("active");
        assertNothingKept("active");
    }

    @ParameterizedTest
    @ValueSource(strings = {"cluster_size=512", "cluster_size=4k", "cluster_size=64k", "cluster_size=64k,compat=0.10"})
    void aShorterTopGivesBackWhatTheBaseHadPastItsEnd(String options) throws IOException {
        images.overlay("base", "", options, "8M");
        images.write("base", "write -P 1 0 8M");
        images.overlay("top", "base", options, "2M");
        images.write("top", "write -P 2 1M 100k");
        images.remember(List.of("top"));
        assertThat(merges.run(merges.merge("", "base", "top")).outcome()).isEqualTo(new Outcome.Done());
        images.assertUnchangedAndClean("top");
        assertNothingKept("top");
        assertThat(allocatedBytes("top")).isLessThan(3 << 20);
    }

    @ParameterizedTest
    @ValueSource(ints = {512, 1024, 2048})
    void clustersSmallerThanABlockAreGivenBackWithTheLastOneInIt(int clusterBytes) throws IOException {
        images.overlay("base", "", "cluster_size=" + clusterBytes, "256k");
        images.write("base", "write -P 1 0 256k");
        for (int half = 0; half < 2; half++) {
            images.overlay("zeroes", "base", "cluster_size=" + clusterBytes, "256k");
            List<String> zeroes = new ArrayList<>();
            for (int at = half * clusterBytes; at < 256 << 10; at += 2 * clusterBytes) {
                zeroes.add("write -z " + at + " " + clusterBytes);
            }
            images.write("zeroes", zeroes.toArray(String[]::new));
            assertThat(merges.run(merges.merge("", "base", "zeroes")).outcome()).isEqualTo(new Outcome.Done());
            Files.move(images.path("zeroes"), images.path("base"));
        }
        images.assertClean("base");
        assertThat(allocatedBytes("base")).isLessThan(64 << 10);
    }

    @Test
    void aRebaseKeepsNothingThatNobodyRefersTo() throws IOException {
        chain("");
        Answer answer = Cli.planish("rebase", "-b", "", images.path("active"));
        assertThat(answer.exit()).as(answer.err()).isZero();
        images.assertUnchangedAndClean("active");
        assertNothingKept("active");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "cluster_size=512",
                "cluster_size=4k,compat=0.10",
                "cluster_size=4k,refcount_bits=64",
                "cluster_size=2M",
                "lazy_refcounts=on"
            })
    void aCommittedTopIsAsEmptyAsQemuMakesIt(String options) throws IOException {
        chain(options);
        Path twins = Files.createDirectory(dir.resolve("twins"));
        for (String name : List.of("base", "s1", "active")) {
            Files.copy(images.path(name), twins.resolve(name + ".qcow2"));
        }
        Qemu.img("commit", twins.resolve("active.qcow2"));

        Answer answer = Cli.planish("commit", images.path("active"));

        assertThat(answer.exit()).as(answer.err()).isZero();
        images.assertUnchangedAndClean("active");
        images.assertSameContent("s1", "active");
        images.assertClean("s1");
        assertNothingKept("s1");
        assertNothingKept("active");
        assertThat(allocatedBytes("active"))
                .isLessThanOrEqualTo(allocatedBytes(twins.resolve("active.qcow2")) + BLOCK_BYTES);
        assertThat(Files.size(images.path("active"))).isLessThanOrEqualTo(Files.size(twins.resolve("active.qcow2")));
    }

    private void chain(String options) throws IOException {
        images.overlay("base", "", options, "8M");
        images.write("base", "write -P 1 0 5M", "write -P 9 7M 1M");
        images.overlay("s1", "base", options, "8M");
        images.write("s1", "write -P 2 1M 2M", "write -z 4M 512k", "write -z 7M 1M");
        images.overlay("active", "s1", options, "8M");
        images.write("active", "write -P 3 2M 1M", "write -z 1M 512k", "write -P 4 5M 33k", "discard 0 300k");
        images.remember(List.of("active"));
    }

    private void assertNothingKept(String name) throws IOException {
        assertThat(allocatedBytes(name)).as("bytes allocated to " + name).isLessThanOrEqualTo(neededBytes(name));
    }

    private long allocatedBytes(String name) {
        return allocatedBytes(images.path(name));
    }

    private static long allocatedBytes(Path path) {
        return Long.parseLong(Qemu.run("stat", "-c", "%b", path).out().strip()) * 512;
    }

    /** The blocks of the filesystem that hold any cluster which the image counts as used. */
    private long neededBytes(String name) throws IOException {
        ByteBuffer file = ByteBuffer.wrap(images.bytes(name));
        int clusterBytes = 1 << file.getInt(20);
        int bits = file.getInt(4) == 2 ? 16 : 1 << file.getInt(96);
        long perBlock = clusterBytes * 8L / bits;
        Set<Long> blocks = new HashSet<>();
        for (long cluster = 0; cluster * clusterBytes < file.capacity(); cluster++) {
            int entry = (int) (file.getLong(48) + cluster / perBlock * Long.BYTES);
            int block = (int) file.getLong(entry);
            if (block != 0 && isCounted(file, block, (int) (cluster % perBlock), bits)) {
                for (long at = cluster * clusterBytes; at < (cluster + 1) * clusterBytes; at += 512) {
                    blocks.add(at / BLOCK_BYTES);
                }
            }
        }
        return blocks.size() * (long) BLOCK_BYTES + SLACK_BYTES;
    }

    private static boolean isCounted(ByteBuffer file, int block, int index, int bits) {
        for (int bit = index * bits; bit < (index + 1) * bits; bit++) {
            if ((file.get(block + bit / 8) >>> bit % 8 & 1) != 0) {
                return true;
            }
        }
        return false;
    }
}
