package io.planish.qcow2;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.planish.ImageException;
import java.nio.ByteBuffer;

/** A hand-built first cluster: header at 0, refcount table in cluster 1, L1 table in cluster 2, file of 4 clusters. */
final class HeaderBytes {
    final ByteBuffer bytes;
    private int extensionsAt;

    private HeaderBytes(int version, int clusterBits) {
        bytes = ByteBuffer.allocate(1 << clusterBits);
        bytes.putInt(0, 0x514649fb).putInt(4, version).putInt(20, clusterBits);
        bytes.putLong(24, 1 << 20);
        long tables = 1L << clusterBits;
        int l1Entries = (int) new Geometry(clusterBits, 16, 8).l1Entries(1 << 20);
        bytes.putInt(36, l1Entries).putLong(40, 2 * tables);
        bytes.putLong(48, tables).putInt(56, 1);
        extensionsAt = 72;
        if (version >= 3) {
            bytes.putInt(96, 4).putInt(100, 112);
            extensionsAt = 112;
        }
    }

    static HeaderBytes v2(int clusterBits) {
        return new HeaderBytes(2, clusterBits);
    }

    static HeaderBytes v3(int clusterBits) {
        return new HeaderBytes(3, clusterBits);
    }

    /** Appends an extension; the end marker is the zero bytes behind it. */
    HeaderBytes extension(int type, byte... data) {
        bytes.putInt(extensionsAt, type).putInt(extensionsAt + 4, data.length).put(extensionsAt + 8, data);
        extensionsAt += 8 + (data.length + 7) / 8 * 8;
        return this;
    }

    HeaderBytes featureNames(int entries) {
        byte[] table = new byte[48 * entries];
        for (int i = 0; i < entries; i++) {
            table[i * 48 + 1] = (byte) (40 + i);
            byte[] name = ("feature " + i).getBytes(UTF_8);
            System.arraycopy(name, 0, table, i * 48 + 2, name.length);
        }
        return extension(Extension.FEATURE_NAMES, table);
    }

    /** As QEMU lays it out: format first, so call this before other extensions, and {@link #name} last. */
    HeaderBytes format(String format) {
        return extension(Extension.BACKING_FORMAT, format.getBytes(UTF_8));
    }

    HeaderBytes name(String name) {
        byte[] text = name.getBytes(UTF_8);
        bytes.putLong(8, extensionsAt + 8).putInt(16, text.length).put(extensionsAt + 8, text);
        return this;
    }

    HeaderBytes putInt(int at, int value) {
        bytes.putInt(at, value);
        return this;
    }

    HeaderBytes putLong(int at, long value) {
        bytes.putLong(at, value);
        return this;
    }

    Header decode() throws ImageException {
        return Header.decode(bytes, 4L * bytes.capacity());
    }
}
