package io.planish.qcow2;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;

/**
 * The feature name table (QEMU's {@code docs/interop/qcow2.rst}, «Feature name table»): what an image itself calls its
 * feature bits, so that an unknown one can be refused by name.
 *
 * <pre>
 * each entry of 48 bytes:
 * byte       0  0: incompatible, 1: compatible, 2: autoclear
 *            1  bit number, 0 to 63
 *       2 - 47  name, padded with NUL
 * </pre>
 *
 * An incomplete last entry is passed over.
 */
final class FeatureNames {
    static final int ENTRY_BYTES = 48;
    private static final int INCOMPATIBLE = 0;

    private FeatureNames() {}

    /** A name for each set bit of {@code bits}, lowest first; {@code bit N} where the table has none. */
    static List<String> incompatible(long bits, List<Extension> extensions) {
        List<String> names = new ArrayList<>();
        for (int bit = 0; bit < Long.SIZE; bit++) {
            if ((bits >>> bit & 1) != 0) {
                names.add(incompatible(bit, extensions));
            }
        }
        return names;
    }

    private static String incompatible(int bit, List<Extension> extensions) {
        for (Extension extension : extensions) {
            if (extension.type() == Extension.FEATURE_NAMES) {
                ByteBuffer table = extension.data();
                for (int at = 0; at + ENTRY_BYTES <= table.limit(); at += ENTRY_BYTES) {
                    if (table.get(at) == INCOMPATIBLE && table.get(at + 1) == bit) {
                        return "'" + name(table.slice(at + 2, ENTRY_BYTES - 2)) + "' (incompatible bit " + bit + ")";
                    }
                }
            }
        }
        return "incompatible bit " + bit;
    }

    /** Printable characters only: the name comes from the image and goes to a terminal. */
    private static String name(ByteBuffer field) {
        int length = 0;
        while (length < field.limit() && field.get(length) != 0) {
            length++;
        }
        return UTF_8.decode(field.slice(0, length)).toString().replaceAll("\\p{C}", "?");
    }
}
