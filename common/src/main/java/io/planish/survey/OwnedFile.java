package io.planish.survey;

import io.planish.ErrorKind;
import io.planish.ImageException;
import io.planish.plan.Owned;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import org.roaringbitmap.InvalidRoaringFormat;
import org.roaringbitmap.RoaringBitmap;

/**
 * What one image owns, or why that cannot be told, big-endian:
 *
 * <pre>
 *   1  version
 *   1  0: it owns what follows; 1: it cannot be told, and two strings follow, the kind of error and the message
 *   4  cluster size
 *      clusters with data, clusters of zeroes: RoaringBitmap's own portable form
 *   …  form of compressed clusters: a string as of writeUTF; empty where there are none to be taken over
 *      compressed clusters: RoaringBitmap's own portable form; then 4 bytes for the length of each
 * </pre>
 */
public final class OwnedFile {
    private static final int VERSION = 1;
    private static final int OWNED = 0;
    private static final int FAILED = 1;
    private static final int MESSAGE_CHARS = 2000;

    private OwnedFile() {}

    /** Writes it and closes the stream. */
    public static void write(Owned owned, OutputStream to) throws IOException {
        try (DataOutputStream out = new DataOutputStream(to)) {
            out.writeByte(VERSION);
            out.writeByte(OWNED);
            out.writeInt(owned.clusterBytes());
            owned.data().serialize(out);
            owned.zero().serialize(out);
            out.writeUTF(owned.streams().form());
            owned.streams().clusters().serialize(out);
            for (int length : owned.streams().lengthBytes()) {
                out.writeInt(length);
            }
        }
    }

    /** Writes why it cannot be told, and closes the stream. */
    public static void write(IOException failure, OutputStream to) throws IOException {
        ErrorKind kind = failure instanceof ImageException image ? image.kind() : ErrorKind.IO;
        String message = String.valueOf(failure.getMessage());
        try (DataOutputStream out = new DataOutputStream(to)) {
            out.writeByte(VERSION);
            out.writeByte(FAILED);
            out.writeUTF(kind.name());
            out.writeUTF(message.substring(0, Math.min(MESSAGE_CHARS, message.length())));
        }
    }

    /**
     * Reads it and closes the stream.
     *
     * @throws ImageException as it was written, if it cannot be told
     */
    public static Owned read(InputStream from) throws IOException {
        try (DataInputStream in = new DataInputStream(from)) {
            int version = in.readUnsignedByte();
            if (version != VERSION) {
                throw new IOException("the answer is of version " + version + ", and only " + VERSION
                        + " is understood (run the same version everywhere)");
            }
            if (in.readUnsignedByte() == FAILED) {
                throw new ImageException(ErrorKind.valueOf(in.readUTF()), in.readUTF(), "");
            }
            int clusterBytes = in.readInt();
            RoaringBitmap data = bitmap(in);
            RoaringBitmap zero = bitmap(in);
            String form = in.readUTF();
            RoaringBitmap compressed = bitmap(in);
            int[] lengths = new int[form.isEmpty() ? 0 : compressed.getCardinality()];
            for (int i = 0; i < lengths.length; i++) {
                lengths[i] = in.readInt();
            }
            return new Owned(clusterBytes, data, zero, new Owned.Streams(form, compressed, lengths));
        } catch (InvalidRoaringFormat | IllegalArgumentException e) {
            throw new IOException("the answer cannot be read: " + e.getMessage(), e);
        }
    }

    private static RoaringBitmap bitmap(DataInputStream in) throws IOException {
        RoaringBitmap bitmap = new RoaringBitmap();
        bitmap.deserialize(in);
        return bitmap;
    }
}
