package io.planish.acceptance;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import java.util.stream.Collectors;

/** A chain of 2 to 6 layers with now and then a fork, all of it drawn from one seed and made by QEMU's tools. */
final class RandomTree {
    private static final int SECTOR = 512;
    private static final List<Integer> CLUSTERS = List.of(512, 1024, 4096, 16384, 65536, 65536, 1 << 20, 2 << 20);

    private final QemuImages images;
    private final Random random;
    private final List<String> chain = new ArrayList<>();
    private final List<String> all = new ArrayList<>();
    private final Map<String, String> backing = new TreeMap<>();
    private final StringBuilder story = new StringBuilder();

    RandomTree(QemuImages images, Random random) {
        this.images = images;
        this.random = random;
        int layers = 2 + random.nextInt(5);
        for (int i = 0; i < layers; i++) {
            make("l" + i, i == 0 ? "" : "l" + (i - 1));
            chain.add("l" + i);
        }
        for (int i = 0; i < layers; i++) {
            if (random.nextInt(6) == 0) {
                make("fork" + i, "l" + i);
            }
        }
    }

    /** The chain, base first. */
    List<String> chain() {
        return chain;
    }

    /** The chain, and what else hangs on it. */
    List<String> all() {
        return all;
    }

    List<String> overlays(String name) {
        return backing.entrySet().stream()
                .filter(e -> e.getValue().equals(name))
                .map(Map.Entry::getKey)
                .toList();
    }

    /** What was made, to be read when a case fails. */
    String story() {
        return story.toString();
    }

    /** Another image with this backing file, or none. */
    void make(String name, String on) {
        int cluster = CLUSTERS.get(random.nextInt(CLUSTERS.size()));
        boolean v3 = random.nextInt(3) > 0;
        String options = "cluster_size=" + cluster + ",compat=" + (v3 ? "1.1" : "0.10");
        if (v3) {
            options += ",refcount_bits=" + List.of(16, 16, 1, 8, 64).get(random.nextInt(5));
            options += random.nextBoolean() ? ",compression_type=zstd" : "";
        }
        long size = (1 + random.nextInt(6 << 20 >> 9)) * (long) SECTOR;
        images.overlay(name, on, options, String.valueOf(size));
        List<String> writes = new ArrayList<>();
        for (int i = random.nextInt(3); i > 0; i--) {
            writes.add(compressed(size, cluster));
        }
        for (int i = random.nextInt(7); i > 0; i--) {
            writes.add(written(size));
        }
        if (!writes.isEmpty()) {
            List<Object> command = new ArrayList<>(List.of("qemu-io", "-f", "qcow2"));
            writes.forEach(write -> command.addAll(List.of("-c", write)));
            command.add(images.path(name));
            // a write that QEMU refuses, such as one compressed into an allocated cluster, only makes the case another
            // one
            Qemu.run(command.toArray());
        }
        all.add(name);
        backing.put(name, on);
        story.append(on.isEmpty() ? "" : on + " <- ")
                .append(name)
                .append(' ')
                .append(options)
                .append(",size=")
                .append(size)
                .append(writes.stream().collect(Collectors.joining("; ", " [", "]\n")));
    }

    private String compressed(long size, int cluster) {
        long clusters = Math.max(1, size / cluster);
        long at = random.nextLong(clusters) * cluster;
        return "write -c -P " + (1 + random.nextInt(255)) + " " + at + " " + Math.min(cluster, size - at);
    }

    private String written(long size) {
        long sectors = size / SECTOR;
        long at = random.nextLong(sectors);
        long length = Math.min(sectors - at, 1 + random.nextInt(random.nextBoolean() ? 16 : 1024)) * SECTOR;
        String where = " " + at * SECTOR + " " + length;
        return switch (random.nextInt(6)) {
            case 0 -> "write -z" + where;
            case 1 -> "write -z -u" + where;
            case 2 -> "discard" + where;
            default -> "write -P " + (1 + random.nextInt(255)) + where;
        };
    }
}
