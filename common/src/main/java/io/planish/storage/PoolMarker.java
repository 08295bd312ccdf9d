package io.planish.storage;

import io.planish.ErrorKind;
import io.planish.ImageException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Optional;
import java.util.UUID;
import java.util.regex.Pattern;

/**
 * The file {@code .planish-pool} at a pool's root: one line of text, the pool's random id. It tells the pool from an empty
 * mount point and one pool from another, on every machine.
 */
public final class PoolMarker {
    public static final String FILE_NAME = ".planish-pool";

    private static final int MAX_BYTES = 128;
    private static final Pattern ID = Pattern.compile("[0-9a-f-]{8,64}");

    private PoolMarker() {}

    /** The id; empty if there is no marker. */
    public static Optional<String> read(Storage storage, Path root) throws IOException {
        Path marker = root.resolve(FILE_NAME);
        if (!storage.exists(marker)) {
            return Optional.empty();
        }
        try (ImageFile file = storage.open(marker, Storage.OpenMode.READ)) {
            ByteBuffer content = ByteBuffer.allocate((int) Math.min(MAX_BYTES, file.sizeBytes()));
            file.read(content, 0);
            String id = StandardCharsets.UTF_8.decode(content.flip()).toString().strip();
            if (!ID.matcher(id).matches()) {
                throw new ImageException(
                        ErrorKind.MALFORMED_IMAGE,
                        marker.toString(),
                        "holds no pool id",
                        "remove it if it is not Planish's, then run `planish pool init`");
            }
            return Optional.of(id);
        }
    }

    /** Whether a marker can say so. */
    public static boolean isId(String text) {
        return ID.matcher(text).matches();
    }

    /**
     * The pool's id; makes the folder a pool first if it is none. A marker that is there is never changed, also when two
     * processes do this at once. Durable on return.
     */
    public static String init(Storage storage, Path root) throws IOException {
        return init(storage, root, UUID.randomUUID().toString());
    }

    /** The same for a pool that had the marker {@code id} before. */
    public static String init(Storage storage, Path root, String id) throws IOException {
        Optional<String> present = read(storage, root);
        if (present.isPresent()) {
            return present.get();
        }
        if (!isId(id)) {
            throw new IllegalArgumentException("'" + id + "' is no pool id");
        }
        Path draft = root.resolve(FILE_NAME + "-" + UUID.randomUUID());
        try (ImageFile file = storage.create(draft)) {
            file.write(ByteBuffer.wrap((id + "\n").getBytes(StandardCharsets.UTF_8)), 0);
            file.sync();
        }
        try {
            storage.link(draft, root.resolve(FILE_NAME));
        } catch (ImageException e) {
            if (!storage.exists(root.resolve(FILE_NAME))) {
                throw e;
            }
        } finally {
            storage.unlink(draft);
        }
        storage.syncDirectory(root);
        return read(storage, root)
                .orElseThrow(() -> new ImageException(
                        ErrorKind.CHANGED_UNDERNEATH, root.toString(), "its marker vanished again", "try again"));
    }
}
