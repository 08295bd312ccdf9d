package io.planish.acceptance.random;

import static io.planish.acceptance.random.LayerDraft.SECTOR;

import java.util.List;
import java.util.Random;

/**
 * The ways in which layers differ; each is drawn for every layer on its own, in this order. To add one: a constant with how rare it is and what it
 * does to the draft; where the operations must expect something else because of it, {@link Refusal} asks {@link Layer#is}.
 */
enum LayerShape {
    EMPTY_DISK(25) {
        @Override
        boolean draw(LayerDraft draft, Random random) {
            draft.sizeBytes(0);
            return true;
        }
    },
    RAW(8) {
        @Override
        boolean draw(LayerDraft draft, Random random) {
            if (draft.backing().isPresent()) {
                return false;
            }
            draft.format("raw");
            return true;
        }
    },
    CLUSTER_SIZE(1) {
        @Override
        boolean draw(LayerDraft draft, Random random) {
            return option(draft, "cluster_size", random, 512, 1024, 4096, 16384, 65536, 65536, 1 << 20, 2 << 20);
        }
    },
    V2(3) {
        @Override
        boolean draw(LayerDraft draft, Random random) {
            return option(draft, "compat", random, "0.10");
        }
    },
    REFCOUNT_WIDTH(2) {
        @Override
        boolean draw(LayerDraft draft, Random random) {
            return !draft.is(V2) && option(draft, "refcount_bits", random, 1, 2, 4, 8, 32, 64);
        }
    },
    ZSTD(2) {
        @Override
        boolean draw(LayerDraft draft, Random random) {
            return !draft.is(V2) && option(draft, "compression_type", random, "zstd");
        }
    },
    SUBCLUSTERS(3) {
        @Override
        boolean draw(LayerDraft draft, Random random) {
            return !draft.is(V2) && draft.clusterBytes() >= 16384 && option(draft, "extended_l2", random, "on");
        }
    },
    PREALLOCATED(8) {
        @Override
        boolean draw(LayerDraft draft, Random random) {
            return (draft.backing().isEmpty() || draft.is(SUBCLUSTERS))
                    && option(draft, "preallocation", random, "metadata", "falloc", "full");
        }
    },
    COMPRESSED(2) {
        @Override
        boolean draw(LayerDraft draft, Random random) {
            if (draft.is(EMPTY_DISK)) {
                return false;
            }
            for (int i = 1 + random.nextInt(3); i > 0; i--) {
                long cluster = draft.clusterBytes();
                long at = random.nextLong(Math.max(1, draft.sizeBytes() / cluster)) * cluster;
                boolean text = random.nextBoolean();
                long length = text ? Math.max(cluster, (64 << 10) * (long) (1 + random.nextInt(16))) : cluster;
                draft.write("write -c " + (text ? "-s " + Text.FILE : "-P " + pattern(random)) + " " + at + " "
                        + Math.min(length, draft.sizeBytes() - at));
            }
            return true;
        }
    },
    WRITTEN(1) {
        @Override
        boolean draw(LayerDraft draft, Random random) {
            int count = draft.is(EMPTY_DISK) ? 0 : random.nextInt(7);
            for (int i = 0; i < count; i++) {
                long sectors = draft.sizeBytes() / SECTOR;
                long at = random.nextLong(sectors);
                long length = Math.min(sectors - at, 1 + random.nextInt(random.nextBoolean() ? 16 : 1024)) * SECTOR;
                String where = " " + at * SECTOR + " " + length;
                draft.write(
                        switch (random.nextInt(6)) {
                            case 0 -> "write -z" + where;
                            case 1 -> "write -z -u" + where;
                            case 2 -> "discard" + where;
                            default -> "write -P " + pattern(random) + where;
                        });
            }
            return count > 0;
        }
    },
    BITMAPS(6) {
        @Override
        boolean draw(LayerDraft draft, Random random) {
            if (draft.is(V2) || draft.is(EMPTY_DISK)) {
                return false;
            }
            for (int i = 1 + random.nextInt(2); i > 0; i--) {
                String granularity = List.of("512", "4096", "65536").get(random.nextInt(3));
                String state = random.nextInt(3) == 0 ? "--disable" : "--enable";
                draft.afterwards("qemu-img", "bitmap", "--add", state, "-g", granularity, "FILE", "g" + granularity);
            }
            overwrite(draft, random);
            return true;
        }
    },
    SNAPSHOT(10) {
        @Override
        boolean draw(LayerDraft draft, Random random) {
            if (draft.is(REFCOUNT_WIDTH) || draft.is(EMPTY_DISK)) {
                return false;
            }
            draft.afterwards("qemu-img", "snapshot", "-c", "s", "FILE");
            overwrite(draft, random);
            return true;
        }
    },
    /** Its writer dies with refcounts in its memory; what that one had open last cannot be changed without a repair. */
    DIRTY(8) {
        @Override
        boolean draw(LayerDraft draft, Random random) {
            if (draft.is(V2) || draft.is(EMPTY_DISK) || draft.is(BITMAPS)) {
                return false;
            }
            draft.option("lazy_refcounts", "on");
            long at = random.nextLong(draft.sizeBytes() / SECTOR) * SECTOR;
            long length = Math.min(draft.sizeBytes() - at, 1 + random.nextInt(400_000)) / SECTOR * SECTOR;
            draft.afterwards(
                    "qemu-io",
                    "-t",
                    "unsafe",
                    "-f",
                    "qcow2",
                    "-c",
                    "write -P " + pattern(random) + " " + at + " " + Math.max(SECTOR, length),
                    "-c",
                    "flush",
                    "-c",
                    "abort",
                    "FILE");
            return true;
        }
    };

    private final int oneIn;

    LayerShape(int oneIn) {
        this.oneIn = oneIn;
    }

    /** Whether a layer that is a raw image can have it. */
    boolean suitsRaw() {
        return this == EMPTY_DISK || this == WRITTEN;
    }

    /** One layer in so many has it. */
    int oneIn() {
        return oneIn;
    }

    /** Shapes the draft; false if it does not go with what was drawn before. */
    abstract boolean draw(LayerDraft draft, Random random);

    /** Some of what there is changes once more. */
    private static void overwrite(LayerDraft draft, Random random) {
        long at = random.nextLong(draft.sizeBytes() / SECTOR) * SECTOR;
        long length = Math.min(draft.sizeBytes() - at, 1 + random.nextInt(200_000)) / SECTOR * SECTOR;
        if (length > 0) {
            draft.afterwards(
                    "qemu-io",
                    "-t",
                    "unsafe",
                    "-f",
                    "qcow2",
                    "-c",
                    "write -P " + pattern(random) + " " + at + " " + length,
                    "FILE");
        }
    }

    static int pattern(Random random) {
        return 1 + random.nextInt(255);
    }

    static boolean option(LayerDraft draft, String key, Random random, Object... values) {
        draft.option(key, List.of(values).get(random.nextInt(values.length)));
        return true;
    }
}
