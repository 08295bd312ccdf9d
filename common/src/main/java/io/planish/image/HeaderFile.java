package io.planish.image;

import io.planish.ImageException;
import io.planish.qcow2.Header;
import io.planish.qcow2.HeaderEdit;
import io.planish.qcow2.HeaderWrite;
import io.planish.qcow2.Marks;
import io.planish.storage.ImageFile;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.function.UnaryOperator;

/** Reads and changes the header of an open image. */
public final class HeaderFile {
    private static final int HEAD_BYTES = 512;

    private HeaderFile() {}

    /** Whether the file starts as a QCOW2 image does. */
    public static boolean isQcow2(ImageFile file) throws IOException {
        ByteBuffer prefix = ByteBuffer.allocate(Header.PREFIX_BYTES);
        file.read(prefix, 0);
        return Header.hasMagic(prefix.clear());
    }

    /** The header as it is in the file now; the image may still be one that cannot be worked on. */
    public static Header read(ImageFile file) throws IOException {
        return Images.header(file, file.path().toString());
    }

    /**
     * Changes the header so that a crash leaves either the old or the new one. Durable on return; nothing is written where nothing
     * changes.
     */
    public static void edit(ImageFile file, UnaryOperator<HeaderEdit> change) throws IOException {
        ByteBuffer current = Images.firstCluster(file, file.path().toString());
        try {
            Header header = Header.decode(current, file.sizeBytes());
            for (HeaderWrite write :
                    change.apply(HeaderEdit.of(current, header)).writes()) {
                file.write(write.bytes(), write.offset());
                file.sync();
            }
        } catch (ImageException e) {
            throw e.at(file.path().toString());
        }
    }

    /**
     * Fails as {@link #edit} would if one of these changes, made one after the other, had no place in the header; writes nothing.
     *
     * @param roomBytes how much longer the file may have become by then
     */
    public static void rehearse(ImageFile file, List<UnaryOperator<HeaderEdit>> changes, long roomBytes)
            throws IOException {
        ByteBuffer current = Images.firstCluster(file, file.path().toString());
        long size = file.sizeBytes() + roomBytes;
        try {
            for (UnaryOperator<HeaderEdit> change : changes) {
                HeaderEdit edit = HeaderEdit.of(current, Header.decode(current, size));
                for (HeaderWrite write : change.apply(edit).writes()) {
                    current.put(
                            (int) write.offset(),
                            write.bytes(),
                            0,
                            write.bytes().remaining());
                }
            }
        } catch (ImageException e) {
            throw e.at(file.path().toString());
        }
    }

    /** Clears the autoclear bits that nobody here knows, durably; must precede every other write to an image. */
    public static void beginWriting(ImageFile file) throws IOException {
        edit(file, UnaryOperator.identity());
    }

    /** Makes the image unopenable for every program; durable on return. */
    public static void poison(ImageFile file) throws IOException {
        ByteBuffer head = ByteBuffer.allocate(HEAD_BYTES);
        file.read(head, 0);
        if (!Marks.isPoisoned(head.clear())) {
            edit(file, HeaderEdit::poison);
        }
    }
}
