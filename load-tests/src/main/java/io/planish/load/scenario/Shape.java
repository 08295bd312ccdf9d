package io.planish.load.scenario;

/** What a tree of a generated fleet looks like. */
enum Shape {
    /** A base and some overlays, of one VM. */
    PRIVATE,
    /** The same with clusters of 16 KiB. */
    SMALL_CLUSTERS,
    /** The same with subclusters. */
    SUBCLUSTERS,
    /** The same with images of version 2. */
    OLD,
    /** The same on a raw base. */
    RAW_BASE,
    /** The same on a compressed base. */
    COMPRESSED_BASE,
    /** One base under several VMs, each with a layer between, in the next pool. */
    SHARED_BASE,
    /** A base and an overlay, on which two VMs have their overlays. */
    FORK;

    /** For {@code qemu-img create -o}. */
    String options() {
        return switch (this) {
            case SMALL_CLUSTERS -> "cluster_size=16k";
            case SUBCLUSTERS -> "extended_l2=on,cluster_size=128k";
            case OLD -> "compat=0.10";
            case PRIVATE, RAW_BASE, COMPRESSED_BASE, SHARED_BASE, FORK -> "";
        };
    }
}
