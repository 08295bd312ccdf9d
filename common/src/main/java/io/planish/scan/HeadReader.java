package io.planish.scan;

import io.planish.ImageException;
import io.planish.chain.FileFacts;
import io.planish.chain.Trait;
import io.planish.image.Directories;
import io.planish.image.Images;
import io.planish.job.SkipReason;
import io.planish.qcow2.Backing;
import io.planish.qcow2.Header;
import io.planish.qcow2.Marks;
import io.planish.scan.FileHead.Fault;
import io.planish.storage.ImageFile;
import io.planish.storage.Storage;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * Reads the beginnings of files, each only once as long as the file is unchanged. Thread-safe; one reader serves all scans and sweeps
 * of a process.
 */
public final class HeadReader {
    /**
     * A file changed so lately may change again without its times telling: they advance in steps, and on a network by a clock that may lag
     * behind this one.
     */
    private static final Duration TOO_FRESH = Duration.ofSeconds(10);

    /** Nothing that is kept of a file refers to it. */
    private static final ThreadLocal<ByteBuffer> BEGINNING =
            ThreadLocal.withInitial(() -> ByteBuffer.allocate(Images.USUAL_HEADER_BYTES));

    private static final int NAME_OFFSET_AT = 8;
    private static final int NAME_LENGTH_AT = 16;

    private final Storage storage;
    private final InstantSource clock;
    private final HeadMemory memory;

    /** Remembers for itself what it has read. */
    public HeadReader(Storage storage, InstantSource clock) {
        this(storage, clock, new ProcessMemory());
    }

    /** Relies on what earlier processes have read. */
    public HeadReader(Storage storage, InstantSource clock, ScanCache cache) {
        this(storage, clock, (HeadMemory) cache);
    }

    private HeadReader(Storage storage, InstantSource clock, HeadMemory memory) {
        this.storage = storage;
        this.clock = clock;
        this.memory = memory;
    }

    /** Told of a file that had to be opened, and what it begins with, while it is open. */
    interface WhileOpen {
        WhileOpen NOTHING = (file, head) -> {};

        void opened(ImageFile file, FileHead head);
    }

    FileHead read(FoundFile found) throws IOException {
        return read(found, WhileOpen.NOTHING);
    }

    FileHead read(FoundFile found, WhileOpen also) throws IOException {
        FileFacts facts = found.status().facts(found.pool().id());
        if (facts.sizeBytes() < Integer.BYTES) {
            return FileHead.NO_IMAGE;
        }
        FileHead known = memory.find(facts);
        if (known != null) {
            return known;
        }
        long now = clock.millis();
        Path path = found.path();
        try (ImageFile file = storage.openSeen(path, found.status())) {
            FileHead head = read(file, facts.sizeBytes());
            if (file.status().equals(found.status())) {
                if (facts.ctimeNanos() / 1_000_000 < now - TOO_FRESH.toMillis()) {
                    memory.put(facts, head);
                }
                also.opened(file, head);
                return head;
            }
        }
        try (ImageFile changed = storage.open(path, Storage.OpenMode.READ)) {
            FileHead head = read(changed, changed.sizeBytes());
            also.opened(changed, head);
            return head;
        }
    }

    /** What stands in a file that a symbolic link leads to; nothing is remembered of it. */
    FileHead read(SymbolicLinks.Target target) throws IOException {
        if (target.status().sizeBytes() < Integer.BYTES) {
            return FileHead.NO_IMAGE;
        }
        try (ImageFile file = storage.open(target.path(), Storage.OpenMode.READ)) {
            return read(file, file.sizeBytes());
        }
    }

    private static FileHead read(ImageFile file, long sizeBytes) throws IOException {
        ByteBuffer prefix = BEGINNING.get().clear();
        file.read(prefix, 0);
        Arrays.fill(prefix.array(), prefix.position(), prefix.capacity(), (byte) 0);
        prefix.clear();
        if (!Header.hasMagic(prefix)) {
            return Qed.backing(file, prefix).map(HeadReader::qed).orElse(FileHead.NO_IMAGE);
        }
        if (Marks.isPoisoned(prefix)) {
            return broken(
                    file,
                    prefix,
                    SkipReason.HALF_MERGED,
                    "is left over from a commit and no longer valid (let the run that made it remove it)");
        }
        try {
            int there = (int) Math.min(prefix.capacity(), sizeBytes);
            Header header = Images.header(file, prefix.slice(0, there), sizeBytes);
            return head(header, bitmapsAreConsistent(file, header));
        } catch (ImageException e) {
            return switch (e.kind()) {
                case MALFORMED_IMAGE -> broken(file, prefix, SkipReason.CORRUPT, "is damaged: " + e.what());
                case UNSUPPORTED_FEATURE ->
                    broken(file, prefix, SkipReason.UNSUPPORTED_FEATURE, "cannot be handled: " + e.what());
                case IMAGE_IN_USE,
                        CHANGED_UNDERNEATH,
                        HALF_MERGED,
                        UNSAFE,
                        OUTSIDE_ROOTS,
                        MISSING,
                        NO_SPACE,
                        IO,
                        LEASE_LOST -> throw e;
            };
        }
    }

    private static boolean bitmapsAreConsistent(ImageFile file, Header header) throws IOException {
        return header.bitmaps().isEmpty()
                || Directories.bitmaps(file, header).stream()
                        .noneMatch(
                                bitmap -> bitmap.isInUse() || bitmap.unknown().isPresent());
    }

    private static FileHead head(Header header, boolean bitmapsAreConsistent) {
        List<Fault> faults = new ArrayList<>();
        if (header.isCorrupt()) {
            faults.add(new Fault(SkipReason.CORRUPT, "is marked corrupt (repair it with qemu-img check -r all)"));
        } else if (!header.unsupported().isEmpty()) {
            faults.add(new Fault(
                    SkipReason.UNSUPPORTED_FEATURE,
                    "uses what is not supported: " + String.join("; ", header.unsupported())));
        }
        if (Marks.isHalfMerged(header)) {
            faults.add(
                    new Fault(
                            SkipReason.HALF_MERGED,
                            "takes part in a commit that is not finished"
                                    + " (finish it with planish flatten of all folders that its chain lies in, or with apply; where no folder remembers it, planish check -r mark lets go of it)"));
        }
        Set<Trait> traits = EnumSet.noneOf(Trait.class);
        if (header.version() >= 3) {
            traits.add(Trait.ZERO_CLUSTERS);
        }
        if (header.snapshotCount() > 0) {
            traits.add(Trait.INTERNAL_SNAPSHOTS);
        }
        if (header.bitmaps().isPresent()) {
            traits.add(Trait.BITMAPS);
        }
        if (!bitmapsAreConsistent) {
            traits.add(Trait.INCONSISTENT_BITMAPS);
        }
        return new FileHead(
                true,
                header.virtualSizeBytes(),
                header.geometry().granularityBytes(),
                header.backing(),
                traits,
                faults);
    }

    /** What can be told of an image whose header does not hold together: which file it may depend on. */
    private static FileHead broken(ImageFile file, ByteBuffer prefix, SkipReason reason, String phrase)
            throws IOException {
        long offset = prefix.getLong(NAME_OFFSET_AT);
        int length = prefix.getInt(NAME_LENGTH_AT);
        return closed(backing(file, offset, length), reason, phrase);
    }

    /** The backing file whose name stands at this place; empty if none can. */
    static Optional<Backing> backing(ImageFile file, long offset, int length) throws IOException {
        if (offset <= 0 || length <= 0 || length > Backing.MAX_NAME_BYTES || offset > file.sizeBytes() - length) {
            return Optional.empty();
        }
        ByteBuffer name = ByteBuffer.allocate(length);
        file.read(name, offset);
        return Optional.of(
                new Backing(StandardCharsets.UTF_8.decode(name.flip()).toString(), Optional.empty()));
    }

    private static FileHead qed(Backing backing) {
        return closed(
                Optional.of(backing),
                SkipReason.UNSUPPORTED_FEATURE,
                "is a QED image, and only qcow2 and raw can be read (convert it with qemu-img convert)");
    }

    private static FileHead closed(Optional<Backing> backing, SkipReason reason, String phrase) {
        return new FileHead(true, 0, 512, backing, Set.of(), List.of(new Fault(reason, phrase)));
    }
}
