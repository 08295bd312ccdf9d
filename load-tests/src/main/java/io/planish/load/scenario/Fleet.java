package io.planish.load.scenario;

import io.planish.fleet.Content;
import io.planish.fleet.Layering;
import io.planish.fleet.Qemu;
import io.planish.standalone.LocalPool;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;

/**
 * Real chains of all shapes over some pools, made by QEMU's tools: the same seed, the same fleet. It knows what a guest must see on each
 * disk, since it knows what it wrote.
 */
final class Fleet {
    private static final int PIECE_BYTES = 128 << 10;
    private static final int THREADS = 2;

    private final List<LocalPool> pools;
    private final int mib;
    private final List<Disk> disks = Collections.synchronizedList(new ArrayList<>());
    private final List<Disk> shared = Collections.synchronizedList(new ArrayList<>());

    /**
     * An image of which it is known what it must show.
     *
     * @param pool where the leaf is
     * @param files in its chain, as made
     * @param filesAfter in its chain when it is as flat as it can be with what is shared left shared
     */
    record Disk(LocalPool pool, Path image, Content content, int files, int filesAfter) {
        String ref() {
            return pool.name() + "/" + pool.folder().relativize(image);
        }
    }

    /** @param mib of data in each base */
    Fleet(List<LocalPool> pools, int mib) {
        this.pools = List.copyOf(pools);
        this.mib = mib;
    }

    List<LocalPool> pools() {
        return pools;
    }

    /** The images that guests use. */
    List<Disk> disks() {
        return List.copyOf(disks);
    }

    /** The bases that several of them share and that nobody may write. */
    List<Disk> shared() {
        return List.copyOf(shared);
    }

    /** Forgets all disks; their files are the caller's. */
    void clear() {
        disks.clear();
        shared.clear();
    }

    /** Adds trees, shape by shape, until there are so many leaves more. */
    void add(int leaves, long seed) throws IOException, InterruptedException {
        Random random = new Random(seed);
        List<Callable<Object>> trees = new ArrayList<>();
        int left = leaves;
        for (int i = 0; left > 0; i++) {
            Shape shape = Shape.values()[i % Shape.values().length];
            int count = Math.min(
                    left,
                    switch (shape) {
                        case SHARED_BASE -> 2 + random.nextInt(4);
                        case FORK -> 2;
                        case PRIVATE, SMALL_CLUSTERS, SUBCLUSTERS, OLD, RAW_BASE, COMPRESSED_BASE -> 1;
                    });
            Shape made = count == 1 && (shape == Shape.FORK || shape == Shape.SHARED_BASE) ? Shape.PRIVATE : shape;
            String name = "t" + seed + "-" + i;
            int pool = i % pools.size();
            long own = random.nextLong();
            trees.add(() -> {
                tree(made, name, pool, count, new Random(own));
                return made;
            });
            left -= count;
        }
        try (ExecutorService threads = Executors.newFixedThreadPool(THREADS)) {
            for (Future<Object> tree : threads.invokeAll(trees)) {
                tree.get();
            }
        } catch (ExecutionException e) {
            throw new IOException("the fleet could not be made: " + e.getCause(), e);
        }
    }

    private void tree(Shape shape, String name, int pool, int leaves, Random random) throws IOException {
        LocalPool home = pools.get(pool);
        Layering layers = new Layering(random.nextLong(), 4 * mib, PIECE_BYTES);
        String format = shape == Shape.RAW_BASE ? "raw" : "qcow2";
        Path base = home.folder().resolve(name + "-0." + format);
        layers.base(base, format, shape.options(), mib);
        switch (shape) {
            case PRIVATE, SMALL_CLUSTERS, SUBCLUSTERS, OLD, RAW_BASE ->
                alone(home, base, format, layers, shape, 1 + random.nextInt(4));
            case COMPRESSED_BASE -> {
                Path plain = Files.move(base, home.folder().resolve(name + ".tmp"));
                Qemu.img("convert", "-c", "-O", "qcow2", plain, base);
                Files.delete(plain);
                alone(home, base, format, layers, shape, 1 + random.nextInt(3));
            }
            case SHARED_BASE -> {
                shared.add(new Disk(home, base, layers.content(), 1, 1));
                LocalPool other = pools.get((pool + 1) % pools.size());
                for (int i = 1; i <= leaves; i++) {
                    Layering own = layers.fork();
                    Path snapshot = other.folder().resolve(name + "-" + i + "-s.qcow2");
                    own.overlay(snapshot, base.toString(), format, overlayMib());
                    Path leaf = other.folder().resolve(name + "-" + i + ".qcow2");
                    own.overlay(leaf, snapshot.getFileName().toString(), "qcow2", overlayMib());
                    disks.add(new Disk(other, leaf, own.content(), 3, 2));
                }
            }
            case FORK -> {
                Path trunk = home.folder().resolve(name + "-1.qcow2");
                layers.overlay(trunk, base.getFileName().toString(), format, overlayMib());
                for (int i = 1; i <= leaves; i++) {
                    Layering own = layers.fork();
                    Path leaf = home.folder().resolve(name + "-vm" + i + ".qcow2");
                    own.overlay(leaf, trunk.getFileName().toString(), "qcow2", overlayMib());
                    disks.add(new Disk(home, leaf, own.content(), 3, 2));
                }
            }
        }
    }

    /** A chain of one VM, {@code overlays} long above its base. */
    private void alone(LocalPool pool, Path base, String format, Layering layers, Shape shape, int overlays)
            throws IOException {
        String name = base.getFileName().toString().replaceFirst("-0\\..*", "");
        Path below = base;
        String formatBelow = format;
        for (int i = 1; i <= overlays; i++) {
            Path overlay = pool.folder().resolve(i == overlays ? name + ".qcow2" : name + "-" + i + ".qcow2");
            layers.overlay(
                    overlay,
                    below.getFileName().toString(),
                    formatBelow,
                    format.equals("raw") ? "" : shape.options(),
                    overlayMib());
            below = overlay;
            formatBelow = "qcow2";
        }
        disks.add(new Disk(pool, below, layers.content(), overlays + 1, 1));
    }

    private int overlayMib() {
        return Math.max(1, mib / 4);
    }
}
