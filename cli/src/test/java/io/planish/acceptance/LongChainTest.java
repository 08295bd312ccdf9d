package io.planish.acceptance;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.stream.Collectors;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A chain of a thousand layers, each with data scattered over the whole disk, in a small heap and from a low limit of open files. */
class LongChainTest {
    private static final int LAYERS = 1_000;
    private static final int CLUSTER = 4096;
    private static final int ENTRIES = CLUSTER / Long.BYTES;
    private static final int DISK = 4 * ENTRIES * CLUSTER;
    private static final long OFFSET_MASK = 0x00ff_ffff_ffff_fe00L;

    @TempDir
    Path dir;

    private Path images;
    private Path state;
    private final byte[] expected = new byte[DISK];

    /** Layers are copies of one image by QEMU's tools, each with its clusters shuffled to other places of the disk. */
    @BeforeEach
    void makeChain() throws IOException {
        images = Files.createDirectory(dir.resolve("images"));
        state = Files.createDirectory(dir.resolve("state"));
        Path template = dir.resolve("template.qcow2");
        Qemu.img("create", "-q", "-f", "qcow2", "-o", "cluster_size=4k", template, DISK);
        List<String> writes = new ArrayList<>();
        for (int at = 0; at < 48; at++) {
            writes.add("write -P " + (at + 1) + " " + at * (DISK / 48 / CLUSTER * CLUSTER) + " 4k");
        }
        Qemu.io(template, writes);
        Qemu.img("rebase", "-u", "-b", "l0000.qcow2", "-F", "qcow2", template);
        byte[] layer = Files.readAllBytes(template);
        Random random = new Random(5);
        for (int i = 0; i < LAYERS; i++) {
            byte[] own = layer.clone();
            ByteBuffer file = ByteBuffer.wrap(own);
            if (i == 0) {
                file.putLong(8, 0).putInt(16, 0);
            } else {
                long name = file.getLong(8);
                file.put((int) name, name(i - 1).getBytes(StandardCharsets.US_ASCII));
            }
            shuffle(file, random, i);
            Files.write(images.resolve(name(i)), own);
        }
    }

    private static String name(int layer) {
        return String.format("l%04d.qcow2", layer);
    }

    private void shuffle(ByteBuffer file, Random random, int layer) {
        long l1 = file.getLong(40);
        for (int table = 0; table < DISK / CLUSTER / ENTRIES; table++) {
            int l2 = (int) (file.getLong((int) l1 + table * Long.BYTES) & OFFSET_MASK);
            for (int i = ENTRIES - 1; i > 0; i--) {
                int j = random.nextInt(i + 1);
                long entry = file.getLong(l2 + i * Long.BYTES);
                file.putLong(l2 + i * Long.BYTES, file.getLong(l2 + j * Long.BYTES));
                file.putLong(l2 + j * Long.BYTES, entry);
            }
            for (int i = 0; i < ENTRIES; i++) {
                int host = (int) (file.getLong(l2 + i * Long.BYTES) & OFFSET_MASK);
                if (host != 0) {
                    file.putInt(host, layer);
                    System.arraycopy(file.array(), host, expected, (table * ENTRIES + i) * CLUSTER, CLUSTER);
                }
            }
        }
    }

    /** In a heap of 256 MiB, with so many open files allowed at first, and no more than the shell has. */
    private Qemu.Result planish(String limit, String... words) {
        String command = LaunchedCli.command(state, words).stream()
                .map(word -> "'" + word + "'")
                .collect(Collectors.joining(" "));
        return Qemu.shell(limit + "; exec " + command.replace("'-XX:+UseSerialGC'", "-XX:+UseSerialGC -Xmx256m"));
    }

    @Test
    void isMappedCommittedAndFlattened() throws IOException {
        Path wanted = dir.resolve("expected.raw");
        Files.write(wanted, expected);
        Path top = images.resolve(name(LAYERS - 1));

        Qemu.Result map = planish("ulimit -Sn 256", "map", "--output=json", top.toString());
        assertThat(map.exit()).as(map.err()).isZero();
        assertMapped(map);

        Qemu.Result commit = planish("ulimit -Sn 256", "commit", "-b", name(0), top.toString());
        assertThat(commit.exit()).as(commit.err()).isZero();
        assertThat(Qemu.run("qemu-img", "compare", images.resolve(name(0)), wanted)
                        .exit())
                .isZero();

        Qemu.Result pull = planish("ulimit -Sn 256", "pull", "-q", top.toString());
        assertThat(pull.exit()).as(pull.err()).isZero();
        assertThat(Qemu.run("qemu-img", "compare", top, wanted).exit()).isZero();
        assertThat(Qemu.run("qemu-img", "check", top).exit()).isZero();
    }

    /** Every extent stands where the map says, in the file of the layer that it names. */
    private void assertMapped(Qemu.Result map) throws IOException {
        int covered = 0;
        for (var extent : Qemu.json(map.out())) {
            int length = extent.path("length").asInt();
            assertThat(extent.path("start").asInt()).isEqualTo(covered);
            byte[] shown = new byte[length];
            if (extent.path("data").asBoolean()) {
                Path file =
                        images.resolve(name(LAYERS - 1 - extent.path("depth").asInt()));
                try (FileChannel layer = FileChannel.open(file, StandardOpenOption.READ)) {
                    layer.read(ByteBuffer.wrap(shown), extent.path("offset").asLong());
                }
            }
            assertThat(ByteBuffer.wrap(shown)).isEqualTo(ByteBuffer.wrap(expected, covered, length));
            covered += length;
        }
        assertThat(covered).isEqualTo(DISK);
    }

    @Test
    void saysClearlyThatMoreOpenFilesAreNeededThanMayBe() {
        for (String[] words : new String[][] {
            {"map", images.resolve(name(LAYERS - 1)).toString()},
            {"commit", "-b", name(0), images.resolve(name(LAYERS - 1)).toString()}
        }) {
            Qemu.Result refused = planish("ulimit -n 600", words);
            assertThat(refused.exit()).isEqualTo(1);
            assertThat(refused.err().lines())
                    .as(refused.out())
                    .hasSize(1)
                    .first()
                    .asString()
                    .contains("too many open files", "limit");
        }
    }
}
