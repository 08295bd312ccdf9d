package io.planish.load.bench;

import io.planish.chain.BackingLink;
import io.planish.chain.FileFacts;
import io.planish.chain.Forest;
import io.planish.chain.ImageFormat;
import io.planish.chain.ImageNode;
import io.planish.chain.ImageRef;
import io.planish.chain.PoolName;
import io.planish.chain.Trait;
import io.planish.chain.Use;
import io.planish.plan.Ownership;
import io.planish.plan.PoolState;
import io.planish.plan.Snapshot;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.SplittableRandom;
import org.jspecify.annotations.Nullable;

/**
 * A made-up fleet in the shape of a large provider's: most chains short, a bump at 25 to 30 layers, which is where schedules of snapshots end, a
 * tail up to 800. Half of the chains stand on golden images, each shared by hundreds; some have been cloned from one of their snapshots.
 * No guest runs, so that there is as much to plan as there can be. The same size and seed make the same fleet.
 */
final class SyntheticFleet {
    static final long DISK_BYTES = (long) Bitmaps.CLUSTERS * Bitmaps.CLUSTER_BYTES;

    private static final PoolName POOL = new PoolName("fleet");
    private static final Set<Trait> VERSION_3 = Set.of(Trait.ZERO_CLUSTERS);
    private static final int LONGEST = 800;

    private final SplittableRandom random;
    private final int wanted;
    private final List<ImageNode> nodes = new ArrayList<>();
    private int machines;

    SyntheticFleet(int images, long seed) {
        this.random = new SplittableRandom(seed);
        this.wanted = images;
    }

    /** @param ownership what its images own */
    Snapshot snapshot(Ownership ownership) {
        while (left() > 0) {
            tenant(100 + random.nextInt(800));
        }
        return new Snapshot(
                "synthetic",
                Instant.EPOCH,
                List.of(new PoolState(POOL, "0000-fleet", true, Long.MAX_VALUE / 4, 0)),
                Forest.of(nodes),
                ownership,
                Set.of(),
                List.of());
    }

    /** Some machines on a golden image, and as many that stand alone. */
    private void tenant(int pairs) {
        ImageNode golden = add("golden-%06d/base".formatted(nodes.size()), null);
        ImageNode template = random.nextBoolean() && left() > 0 ? add(folder(golden) + "/template", golden) : golden;
        for (int i = 0; i < pairs && left() > 0; i++) {
            machine(template);
            machine(null);
        }
    }

    private void machine(@Nullable ImageNode on) {
        String folder = "vm-%07d".formatted(machines++);
        List<ImageNode> chain = new ArrayList<>();
        int length = layers();
        for (int i = 0; i < length && left() > 0; i++) {
            chain.add(add(folder + "/s" + i, i == 0 ? on : chain.getLast()));
        }
        if (chain.size() > 3 && random.nextInt(30) == 0) {
            ImageNode at = chain.get(random.nextInt(chain.size() - 1));
            for (int i = random.nextInt(3); i >= 0 && left() > 0; i--) {
                at = add(folder + "/clone" + i, at);
            }
        }
    }

    private int layers() {
        int percentile = random.nextInt(1000);
        if (percentile < 620) {
            return 1 + random.nextInt(3);
        } else if (percentile < 800) {
            return 4 + (int) Math.min(20, random.nextExponential() * 6);
        } else if (percentile < 970) {
            return 25 + random.nextInt(6);
        }
        // what nobody looks after: half as many chains at each twofold length
        return (int) Math.min(LONGEST, 31 / Math.max(1e-3, random.nextDouble()));
    }

    private int left() {
        return wanted - nodes.size();
    }

    private static String folder(ImageNode node) {
        return node.ref().path().substring(0, node.ref().path().indexOf('/'));
    }

    private ImageNode add(String path, @Nullable ImageNode backing) {
        ImageRef ref = new ImageRef(POOL, path);
        long allocated = (long) (Bitmaps.share(ref) * DISK_BYTES);
        ImageNode node = new ImageNode(
                ref,
                List.of(),
                new FileFacts("0000-fleet", nodes.size(), 1, allocated, 1, 1),
                ImageFormat.QCOW2,
                DISK_BYTES,
                Bitmaps.CLUSTER_BYTES,
                allocated,
                0,
                Use.FREE,
                Optional.ofNullable(backing).map(b -> BackingLink.to(b.ref().path(), b.ref())),
                VERSION_3,
                List.of());
        nodes.add(node);
        return node;
    }
}
