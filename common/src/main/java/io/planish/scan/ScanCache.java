package io.planish.scan;

import io.planish.chain.FileFacts;
import io.planish.storage.Pool;
import io.planish.storage.Pools;
import java.io.BufferedOutputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.stream.Stream;
import java.util.zip.CRC32C;
import java.util.zip.CheckedOutputStream;
import org.jspecify.annotations.Nullable;

/**
 * What earlier scans learnt of files, in a folder of this machine, so that the next scan reads only what is new or changed.
 *
 * <p>For scans that show and plan, not for what is checked before an image is touched: that reads for itself. A file that is damaged, of
 * another version, or of another folder counts as none. Several processes may use the folder at once: each replaces a file as a whole, and the last one's
 * stays. Images with something wrong are looked at anew each time.
 *
 * <p>One file a pool: a line of text that says whose it is, records ({@link HeadCodec}), and their CRC-32C in 4 bytes.
 */
public final class ScanCache implements HeadMemory {
    private static final int MAX_FILES = 64;
    private static final int MAX_FILE_BYTES = 768 << 20;
    private static final String SUFFIX = ".heads";

    private final Path folder;
    private final Map<String, Pool> pools = new HashMap<>();
    private final Map<String, RememberedHeads> heads = new HashMap<>();

    private ScanCache(Path folder) {
        this.folder = folder;
    }

    /** What is remembered of these pools; of none if the folder is not there. */
    public static ScanCache in(Path folder, Pools pools) {
        ScanCache cache = new ScanCache(folder);
        for (Pool pool : pools.all()) {
            cache.pools.put(pool.id(), pool);
            cache.heads.put(pool.id(), new RememberedHeads(cache.read(pool)));
        }
        return cache;
    }

    @Override
    public @Nullable FileHead find(FileFacts facts) {
        RememberedHeads pool = heads.get(facts.poolId());
        return pool == null ? null : pool.find(facts);
    }

    @Override
    public void put(FileFacts facts, FileHead head) {
        RememberedHeads pool = heads.get(facts.poolId());
        if (pool != null && head.faults().isEmpty()) {
            pool.put(facts, head);
        }
    }

    /**
     * Keeps for the next scan what this one has come across, and forgets all else of these pools. To be called after a scan of all that they
     * hold. Whether that can be done changes nothing but the next scan's speed.
     */
    public void save() {
        heads.forEach((id, remembered) -> {
            Pool pool = pools.get(id);
            if (pool != null && remembered.changed()) {
                try {
                    write(pool, remembered);
                } catch (IOException notKept) {
                    // the next scan reads again
                }
            }
        });
    }

    private ByteBuffer read(Pool pool) {
        ByteBuffer none = ByteBuffer.allocate(0);
        Path file = file(pool);
        try {
            if (!Files.isRegularFile(file) || Files.size(file) > MAX_FILE_BYTES) {
                return none;
            }
            ByteBuffer all = ByteBuffer.wrap(Files.readAllBytes(file));
            byte[] owner = owner(pool);
            int end = all.limit() - Integer.BYTES;
            if (end < owner.length || !all.slice(0, owner.length).equals(ByteBuffer.wrap(owner))) {
                return none;
            }
            CRC32C sum = new CRC32C();
            sum.update(all.slice(0, end));
            return (int) sum.getValue() == all.getInt(end) ? all.slice(owner.length, end - owner.length) : none;
        } catch (IOException | OutOfMemoryError notThere) {
            return none;
        }
    }

    private void write(Pool pool, RememberedHeads remembered) throws IOException {
        Files.createDirectories(folder);
        Path draft = folder.resolve(UUID.randomUUID() + ".next");
        try {
            CheckedOutputStream summed = new CheckedOutputStream(Files.newOutputStream(draft), new CRC32C());
            try (OutputStream out = new BufferedOutputStream(summed, 1 << 16)) {
                out.write(owner(pool));
                remembered.writeTo(out);
                out.flush();
                new DataOutputStream(out).writeInt((int) summed.getChecksum().getValue());
            }
            Files.move(draft, file(pool), StandardCopyOption.ATOMIC_MOVE);
        } finally {
            Files.deleteIfExists(draft);
        }
        forgetOldest();
    }

    /** Pools come and go. */
    private void forgetOldest() throws IOException {
        try (Stream<Path> files = Files.list(folder)) {
            List<Path> newestFirst = files.filter(file -> file.toString().endsWith(SUFFIX))
                    .sorted(Comparator.comparing(ScanCache::age))
                    .toList();
            for (Path file : newestFirst.subList(Math.min(MAX_FILES, newestFirst.size()), newestFirst.size())) {
                Files.deleteIfExists(file);
            }
        }
    }

    private static long age(Path file) {
        try {
            return -Files.getLastModifiedTime(file).toMillis();
        } catch (IOException gone) {
            return 0;
        }
    }

    private Path file(Pool pool) {
        return folder.resolve(UUID.nameUUIDFromBytes(owner(pool)) + SUFFIX);
    }

    /** A folder without a marker has no id that nothing else has, hence its path too. */
    private static byte[] owner(Pool pool) {
        return ("planish scan cache " + HeadCodec.meaning() + " of " + pool.id() + " at " + pool.root() + "\n")
                .getBytes(StandardCharsets.UTF_8);
    }
}
