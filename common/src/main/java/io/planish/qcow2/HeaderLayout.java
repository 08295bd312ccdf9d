package io.planish.qcow2;

/**
 * Where the fields of the image header stand (QEMU's {@code docs/interop/qcow2.rst}, «Header»); big endian.
 *
 * <pre>
 * byte   0 -   3  magic "QFI\xfb"
 *        4 -   7  version, 2 or 3
 *        8 -  15  offset of the backing file's name; 0: no backing file
 *       16 -  19  length of that name in bytes, at most 1023
 *       20 -  23  cluster bits, 9 to 21
 *       24 -  31  virtual disk size in bytes
 *       32 -  35  encryption: 0 none, 1 AES, 2 LUKS
 *       36 -  39  number of entries in the active L1 table
 *       40 -  47  offset of the active L1 table, aligned to a cluster
 *       48 -  55  offset of the refcount table, aligned to a cluster
 *       56 -  59  length of the refcount table in clusters
 *       60 -  63  number of internal snapshots
 *       64 -  71  offset of the snapshot table, aligned to a cluster
 * version 2 ends here; its refcounts have 16 bits
 *       72 -  79  incompatible features: an unknown bit forbids opening
 *       80 -  87  compatible features: unknown bits are kept
 *       88 -  95  autoclear features: unknown bits are cleared before the first write
 *       96 -  99  log2 of the refcount width in bits, 0 to 6
 *      100 - 103  header length, a multiple of 8, at least 104
 *            104  compression type: 0 deflate, 1 zstd; present if the header is longer than this
 * </pre>
 *
 * Fields behind these are unknown and kept.
 */
final class HeaderLayout {
    static final int MAGIC = 0x514649fb;

    static final int VERSION = 4;
    static final int BACKING_OFFSET = 8;
    static final int BACKING_LENGTH = 16;
    static final int CLUSTER_BITS = 20;
    static final int VIRTUAL_SIZE = 24;
    static final int ENCRYPTION = 32;
    static final int L1_ENTRIES = 36;
    static final int L1_OFFSET = 40;
    static final int REFCOUNT_TABLE_OFFSET = 48;
    static final int REFCOUNT_TABLE_CLUSTERS = 56;
    static final int SNAPSHOT_COUNT = 60;
    static final int SNAPSHOT_OFFSET = 64;
    static final int V2_BYTES = 72;
    static final int INCOMPATIBLE = 72;
    static final int COMPATIBLE = 80;
    static final int AUTOCLEAR = 88;
    static final int REFCOUNT_ORDER = 96;
    static final int HEADER_LENGTH = 100;
    static final int V3_MIN_BYTES = 104;
    static final int COMPRESSION_TYPE = 104;

    private HeaderLayout() {}
}
