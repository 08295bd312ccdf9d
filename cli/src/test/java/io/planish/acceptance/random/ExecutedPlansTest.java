package io.planish.acceptance.random;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import io.planish.acceptance.Qemu;
import io.planish.cli.Cli;
import io.planish.cli.Cli.Answer;
import io.planish.job.Json;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * Random forests with shared files over two pools, planned and carried out, and judged by QEMU's tools: every leaf and every kept image shows
 * what it showed, what was shared still is, nothing beside the pools has changed, and what the trash says can come back does.
 *
 * <p>{@code -Dplanish.forests=N} for more of them, {@code -Dplanish.seed=S} to begin with an earlier one.
 */
class ExecutedPlansTest {
    private static final boolean ALL = Boolean.getBoolean("planish.test.all");
    private static final int FORESTS = Integer.getInteger("planish.forests", ALL ? 400 : 60);
    private static final long FIRST = Long.getLong("planish.seed", System.nanoTime());
    private static final long NANOS_IN_CI = TimeUnit.SECONDS.toNanos(35);

    @TempDir
    Path dir;

    /** One image; {@code backing} is the number of an earlier one, or -1. */
    private record Node(String pool, String name, int backing) {
        String file() {
            return pool + "/" + name + ".qcow2";
        }
    }

    @Test
    @Timeout(value = 2, unit = TimeUnit.HOURS)
    void everyGuestShowsTheSameAfterAPlan() throws IOException {
        long started = System.nanoTime();
        int done = 0;
        int jobs = 0;
        int restored = 0;
        while (done < FORESTS && (ALL || System.nanoTime() - started < NANOS_IN_CI)) {
            long seed = FIRST + done;
            Forest forest = new Forest(Files.createDirectory(dir.resolve("f" + done)), seed);
            try {
                jobs += forest.flattenAndCheck();
                restored += forest.restoreAndCheck();
            } catch (AssertionError e) {
                throw new AssertionError(
                        "-Dplanish.seed=" + seed + " -Dplanish.forests=1: " + forest + "\n" + e.getMessage(), e);
            }
            Qemu.run("rm", "-r", forest.root);
            done++;
        }
        System.out.println(
                done + " forests from -Dplanish.seed=" + FIRST + ", " + jobs + " jobs, " + restored + " restored");
        assertThat(jobs).as("jobs over all forests").isPositive();
    }

    private static final class Forest {
        private final Path root;
        private final Random random;
        private final List<Node> nodes = new ArrayList<>();
        private final List<Object> options = new ArrayList<>();
        private final Map<Path, String> outside;

        Forest(Path root, long seed) throws IOException {
            this.root = root;
            this.random = new Random(seed);
            StringBuilder script = new StringBuilder("set -e\ncd " + root + "\nmkdir a b memory outside\n");
            int count = 3 + random.nextInt(7);
            for (int i = 0; i < count; i++) {
                int backing = i == 0 || random.nextInt(6) == 0 ? -1 : Math.max(0, i - 1 - random.nextInt(3) % 2);
                Node node = new Node(random.nextInt(4) == 0 ? "b" : "a", "i" + i, backing);
                nodes.add(node);
                script.append("qemu-img create -q -f qcow2 -o cluster_size=").append(4096 << 2 * random.nextInt(3));
                if (backing >= 0) {
                    script.append(" -F qcow2 -b ../").append(nodes.get(backing).file());
                }
                script.append(" ")
                        .append(node.file())
                        .append(" ")
                        .append(1 + random.nextInt(4) / 3)
                        .append("M\nqemu-io -f qcow2");
                for (int w = 1 + random.nextInt(3); w > 0; w--) {
                    int from = random.nextInt(240);
                    script.append(" -c 'write ")
                            .append(random.nextInt(4) == 0 ? "-z" : "-P " + (1 + random.nextInt(255)));
                    script.append(" ")
                            .append(from * 4)
                            .append("k ")
                            .append(4 + 4 * random.nextInt(15))
                            .append("k'");
                }
                script.append(" ").append(node.file()).append(" >/dev/null\n");
            }
            script.append("qemu-img create -q -f qcow2 outside/x.qcow2 1M\n");
            nodes.forEach(node -> script.append("qemu-img convert -f qcow2 -O raw ")
                    .append(node.file())
                    .append(" memory/")
                    .append(node.name())
                    .append("\n"));
            Qemu.Result made = Qemu.shell(script.toString());
            assertThat(made.exit()).as(made.err()).isZero();
            draw();
            this.outside = seen();
        }

        private void draw() {
            options.addAll(List.of("--max-depth", 1 + random.nextInt(3), "--jobs", 1 + random.nextInt(3)));
            options.addAll(List.of(
                    "--direction", List.of("auto", "auto", "pull", "commit").get(random.nextInt(4))));
            if (random.nextInt(3) == 0) {
                options.addAll(List.of("--keep", "i" + random.nextInt(nodes.size()) + ".qcow2"));
            }
            if (random.nextInt(3) == 0) {
                options.add("--unshare");
            }
            if (random.nextInt(3) == 0) {
                options.addAll(List.of("--budget", (64 << random.nextInt(8)) + "K"));
            }
        }

        int flattenAndCheck() throws IOException {
            List<Object> words =
                    new ArrayList<>(List.of("flatten", root.resolve("a"), root.resolve("b"), "--yes", "--json"));
            words.addAll(options);
            Answer answer = Cli.planish(words.toArray());
            assertThat(answer.exit()).as(answer.out() + answer.err()).isIn(0, 3);
            int jobs = answer.out().isBlank()
                    ? 0
                    : Json.MAPPER.readTree(answer.out()).path("jobs").asInt();
            check();
            return jobs;
        }

        /** Leaves, kept images, and whatever else still stands under its name and is not on its way out show what they showed. */
        private void check() throws IOException {
            StringBuilder script = new StringBuilder("set -e\ncd " + root + "\n");
            for (int i = 0; i < nodes.size(); i++) {
                Node node = nodes.get(i);
                if (overlays(i) == 0 || options.contains(node.name() + ".qcow2")) {
                    script.append("qemu-img compare -q -f qcow2 -F raw ")
                            .append(node.file())
                            .append(" memory/")
                            .append(node.name());
                    script.append("\nqemu-img check -q ").append(node.file()).append("\n");
                }
            }
            Qemu.Result judged = Qemu.shell(script.toString());
            assertThat(judged.exit()).as(judged.out() + judged.err()).isZero();
            assertThat(seen()).isEqualTo(outside);
            if (!options.contains("--unshare")) {
                whatWasSharedStillIs();
            }
        }

        private void whatWasSharedStillIs() throws IOException {
            Map<Integer, Set<String>> chains = new TreeMap<>();
            for (int i = 0; i < nodes.size(); i++) {
                if (overlays(i) == 0) {
                    chains.put(i, chain(nodes.get(i)));
                }
            }
            for (int shared = 0; shared < nodes.size(); shared++) {
                if (overlays(shared) > 1) {
                    Set<String> common = null;
                    for (Map.Entry<Integer, Set<String>> leaf : chains.entrySet()) {
                        if (standsOn(leaf.getKey(), shared)) {
                            common = common == null ? new HashSet<>(leaf.getValue()) : common;
                            common.retainAll(leaf.getValue());
                        }
                    }
                    assertThat(common)
                            .as(
                                    "files that all leaves above %s share",
                                    nodes.get(shared).name())
                            .isNotEmpty();
                }
            }
        }

        private Set<String> chain(Node leaf) throws IOException {
            Set<String> files = new TreeSet<>();
            for (JsonNode image : Json.MAPPER.readTree(
                    Qemu.img("info", "--backing-chain", "--output=json", root.resolve(leaf.file())))) {
                files.add(Path.of(image.path("filename").asText()).toRealPath().toString());
            }
            return files;
        }

        int restoreAndCheck() throws IOException {
            JsonNode list = Json.MAPPER.readTree(trash("list").out()).path("leftovers");
            List<String> promised = new ArrayList<>();
            for (JsonNode left : list) {
                if (left.path("restorable").asBoolean()) {
                    promised.add(left.path("image").asText());
                }
            }
            Answer restored = trash("restore");
            assertThat(restored.exit()).as(restored.out() + restored.err()).isNotEqualTo(2);
            StringBuilder script = new StringBuilder("set -e\ncd " + root + "\n");
            for (String image : promised) {
                String name = Path.of(image).getFileName().toString().replace(".qcow2", "");
                script.append("qemu-img compare -q -f qcow2 -F raw ")
                        .append(image)
                        .append(" memory/")
                        .append(name)
                        .append("\n");
            }
            Qemu.Result judged = Qemu.shell(script.toString());
            assertThat(judged.exit()).as(promised + judged.out() + judged.err()).isZero();
            check();
            assertThat(trash("purge", "--yes", "--older-than", "0s").exit()).isZero();
            check();
            return promised.size();
        }

        private Answer trash(String... words) {
            List<Object> all = new ArrayList<>(List.of("trash"));
            all.addAll(List.of(words));
            all.addAll(List.of("--json", root.resolve("a"), root.resolve("b")));
            return Cli.planish(all.toArray());
        }

        private int overlays(int image) {
            return (int) nodes.stream().filter(node -> node.backing() == image).count();
        }

        private boolean standsOn(int leaf, int below) {
            for (int at = leaf; at >= 0; at = nodes.get(at).backing()) {
                if (at == below) {
                    return true;
                }
            }
            return false;
        }

        /** All that stands beside the pools, and since when. */
        private Map<Path, String> seen() throws IOException {
            Map<Path, String> seen = new TreeMap<>();
            try (Stream<Path> files = Files.walk(root)) {
                for (Path file : files.filter(f -> !f.startsWith(root.resolve("a")) && !f.startsWith(root.resolve("b")))
                        .toList()) {
                    seen.put(file, Files.getAttribute(file, "unix:ctime").toString() + Files.size(file));
                }
            }
            return seen;
        }

        @Override
        public String toString() {
            return nodes + " " + options;
        }
    }
}
