package io.planish.engine;

import io.planish.ImageException;
import io.planish.chain.ImageRef;
import io.planish.image.ChainMap;
import io.planish.image.Compressed;
import io.planish.image.HeaderFile;
import io.planish.image.ImageChain;
import io.planish.image.Images;
import io.planish.image.Layer;
import io.planish.image.MetadataCheck;
import io.planish.job.Job;
import io.planish.job.JobKind;
import io.planish.job.Outcome;
import io.planish.qcow2.Backing;
import io.planish.qcow2.Header;
import io.planish.storage.ImageFile;
import io.planish.storage.SimulatedStorage;
import io.planish.storage.Storage.OpenMode;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;

/**
 * What Jazzer feeds: the first byte says what is done, the rest is a compressed stream or an image. Whatever it is, it is rejected
 * with an {@link ImageException} or works; and where a job on a sound image is done, the guest reads what it read before.
 */
public final class ImageFuzzer {
    /** Folder with {@code base}, an image, and {@code over}, an overlay of {@code image}. */
    static final String PARTNERS = "planish.fuzz.partners";

    static final int MODES = 8;

    private static final int LARGEST_FILE = 1 << 20;
    private static final int LARGEST_DISK = 1 << 20;
    private static final int WINDOW = 64 << 10;
    private static final ImageRef IMAGE = Simulated.ref("image");
    private static final ImageRef BASE = Simulated.ref("base");
    private static final ImageRef OVER = Simulated.ref("over");

    private ImageFuzzer() {}

    /** Called by Jazzer. */
    public static void fuzzerTestOneInput(byte[] data) {
        if (data.length < 2 || data.length > LARGEST_FILE) {
            return;
        }
        byte[] rest = Arrays.copyOfRange(data, 1, data.length);
        try {
            switch (Math.floorMod(data[0], MODES)) {
                case 0 -> Compressed.inflate(Header.DEFLATE, rest);
                case 1 -> Compressed.inflate(Header.ZSTD, rest);
                case 2, 3 -> look(pool(rest));
                case 4 -> repair(pool(rest));
                case 5 -> merge(pool(rest), JobKind.COMMIT, IMAGE, OVER);
                case 6 -> merge(pool(rest), JobKind.COMMIT, BASE, IMAGE);
                default -> merge(pool(rest), JobKind.PULL, IMAGE, IMAGE);
            }
        } catch (ImageException rejected) {
            // what is to happen to a damaged image
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static Simulated pool(byte[] image) throws IOException {
        SimulatedStorage storage = new SimulatedStorage();
        storage.makeFolders(Simulated.ROOT.resolve(".planish"));
        Path partners = Path.of(System.getProperty(PARTNERS));
        put(storage, BASE, Files.readAllBytes(partners.resolve("base")));
        put(storage, OVER, Files.readAllBytes(partners.resolve("over")));
        put(storage, IMAGE, image);
        storage.syncDirectory(Simulated.ROOT);
        return new Simulated(storage);
    }

    private static void put(SimulatedStorage storage, ImageRef image, byte[] content) throws IOException {
        try (ImageFile file = storage.create(Simulated.ROOT.resolve(image.path()))) {
            file.write(ByteBuffer.wrap(content), 0);
            file.sync();
        }
    }

    private static void look(Simulated pool) throws IOException {
        try (ImageFile file = pool.storage.open(pool.path(IMAGE), OpenMode.READ)) {
            HeaderFile.read(file);
            Layer layer = Images.open(file, "image", Images.QCOW2);
            ImageChain chain = new ImageChain(List.of(layer));
            long size = layer.virtualSizeBytes();
            chain.read(0, 0, ByteBuffer.allocate((int) Math.min(size, WINDOW)));
            chain.read(0, Math.max(0, size - WINDOW), ByteBuffer.allocate((int) Math.min(size, WINDOW)));
            ChainMap.forEach(chain, extent -> {});
            MetadataCheck.run(file, "image");
        }
    }

    private static void repair(Simulated pool) throws IOException {
        Optional<byte[]> before = content(pool, IMAGE);
        try (ImageFile file = pool.storage.open(pool.path(IMAGE), OpenMode.READ_WRITE)) {
            MetadataCheck.repair(file, "image");
            MetadataCheck.Result result = MetadataCheck.run(file, "image");
            if (!result.isClean()) {
                throw new AssertionError("a repair leaves " + result);
            }
        }
        requireSame(before, content(pool, IMAGE));
    }

    private static void merge(Simulated pool, JobKind kind, ImageRef target, ImageRef top) throws IOException {
        Optional<String> backing = pool.header(IMAGE).backing().map(Backing::name);
        if (!backing.equals(target.equals(IMAGE) && kind == JobKind.COMMIT ? Optional.empty() : Optional.of("base"))) {
            return;
        }
        Optional<byte[]> before = content(pool, top);
        Job job = pool.job(kind, target.path(), Optional.empty(), top.path(), List.of(), false, List.of());
        if (pool.run(job).outcome() instanceof Outcome.Done) {
            requireSame(before, content(pool, top));
            if (pool.check(target).corruptions() > pool.check(target).missingFlags()) {
                throw new AssertionError("a finished job leaves " + pool.check(target));
            }
        }
    }

    /** What a guest reads of an image whose tables are sound and whose disk is not too large to be looked at in whole. */
    private static Optional<byte[]> content(Simulated pool, ImageRef image) throws IOException {
        Optional<String> backing = pool.header(IMAGE).backing().map(Backing::name);
        if (backing.isPresent() && !backing.get().equals("base")) {
            return Optional.empty();
        }
        for (ImageRef one : pool.chain(image)) {
            if (pool.header(one).virtualSizeBytes() > LARGEST_DISK
                    || pool.check(one).corruptions() > pool.check(one).missingFlags()) {
                return Optional.empty();
            }
        }
        return Optional.of(pool.content(image));
    }

    private static void requireSame(Optional<byte[]> before, Optional<byte[]> after) {
        if (before.isPresent() && !(after.isPresent() && startsWith(after.get(), before.get()))) {
            throw new AssertionError("the guest does not read what it read before");
        }
    }

    private static boolean startsWith(byte[] whole, byte[] start) {
        return whole.length >= start.length && Arrays.equals(whole, 0, start.length, start, 0, start.length);
    }
}
