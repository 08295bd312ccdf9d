package io.planish.storage;

import io.planish.ErrorKind;
import io.planish.ImageException;
import io.planish.storage.SimulatedNames.Slot;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * A filesystem in memory that forgets what was not made durable.
 *
 * <p>It counts steps: each call that changes something or makes it durable is one, in {@link Storage} and in
 * {@link ImageFile} alike, and can lose power around any of them ({@link #losePowerBefore}, {@link #losePowerAfter}): from then on
 * every call throws {@link PowerLost}. {@link #afterPowerLoss} is the storage as it may be found then:
 *
 * <ul>
 *   <li>a 512-byte sector that was written since the last sync holds any of the versions since then, the size too;
 *   <li>an operation on names that no {@link #syncDirectory} made durable has happened or not, on its own;
 *   <li>modification times may be old although the content is new (fdatasync does not write them);
 *   <li>no lock is held.
 * </ul>
 *
 * <p>{@link #fork} copies the whole state at little cost. There are no symbolic links. Thread-safe.
 */
public final class SimulatedStorage implements Storage {
    private static final long ROOT = 1;
    private static final long FIRST_MOMENT = 1_000_000_000_000_000_000L;
    private static final long NEVER = Long.MAX_VALUE;

    private final Map<Long, SimulatedInode> inodes;
    private final SimulatedNames names;
    private final List<SimulatedFile> open = new ArrayList<>();
    private long lastInode;
    private long now;
    private long freeBytes = 1L << 40;

    private long steps;
    private long losesPowerBefore = NEVER;
    private long losesPowerAfter = NEVER;
    private final Map<Long, Failure> failures = new HashMap<>();
    private @Nullable String powerLostAt;
    private Consumer<String> listener = step -> {};

    /** The machine has no power: nothing happens any more. */
    public static final class PowerLost extends Error {
        private static final long serialVersionUID = 1L;

        PowerLost(String at) {
            super("power lost " + at);
        }
    }

    /** What a step can be made to fail with. */
    public enum Failure {
        /** No space left; a write has written its first half. */
        NO_SPACE,
        /** An I/O error; after a sync that fails so, what was to be synced never becomes durable. */
        IO
    }

    public SimulatedStorage() {
        this(new TreeMap<>(), new SimulatedNames(), ROOT, FIRST_MOMENT);
        inodes.put(ROOT, new SimulatedInode(ROOT, FileStatus.Type.DIRECTORY, 0755, now));
    }

    private SimulatedStorage(Map<Long, SimulatedInode> inodes, SimulatedNames names, long lastInode, long now) {
        this.inodes = inodes;
        this.names = names;
        this.lastInode = lastInode;
        this.now = now;
    }

    // ---- the experiment

    /** The same state with all that is not durable in it; no file is open, no step taken, no accident planned. */
    public synchronized SimulatedStorage fork() {
        Map<Long, SimulatedInode> copies = new TreeMap<>();
        inodes.forEach((number, inode) -> copies.put(number, inode.fork()));
        return new SimulatedStorage(copies, names.fork(), lastInode, now);
    }

    /**
     * The storage as it may be found after a power loss now. Seed 0: nothing survives that was not durable; seed 1: all of it;
     * any other: some of it, always the same for the same seed.
     */
    public synchronized SimulatedStorage afterPowerLoss(long seed) {
        Random random = new Random(seed);
        Survival survival = Survival.of(seed);
        Map<Long, SimulatedInode> found = new TreeMap<>();
        inodes.forEach((number, inode) -> found.put(number, inode.afterPowerLoss(random, survival)));
        SimulatedNames foundNames = names.afterPowerLoss(ROOT, random, survival);
        found.keySet().removeIf(number -> number != ROOT && foundNames.count(number) == 0);
        return new SimulatedStorage(found, foundNames, lastInode, now + 1_000_000_000);
    }

    /** The step with this number, from 1 on, does not happen any more. */
    public void losePowerBefore(long step) {
        losesPowerBefore = step;
    }

    /** The step with this number, from 1 on, is the last that happens; its caller does not learn of it. */
    public void losePowerAfter(long step) {
        losesPowerAfter = step;
    }

    /** The step with this number, from 1 on, fails. */
    public void failStep(long step, Failure failure) {
        failures.put(step, failure);
    }

    public synchronized long steps() {
        return steps;
    }

    /** Told of every step before it happens, in words. */
    public void onStep(Consumer<String> newListener) {
        listener = newListener;
    }

    public void setFreeBytes(long bytes) {
        freeBytes = bytes;
    }

    /** A hypervisor's or a tool's lock, held until it is closed. */
    public AutoCloseable lockElsewhere(Path path, ImageFile.LockMode mode) throws IOException {
        SimulatedFile file = (SimulatedFile) open(path, OpenMode.READ_WRITE);
        file.lockAsOther(mode);
        return file;
    }

    public void setExtendedAttribute(Path path, String name, String value) throws IOException {
        inode(path).setExtendedAttribute(name, value);
    }

    public Map<String, String> extendedAttributes(Path path) throws IOException {
        return inode(path).attributes().extended();
    }

    /** Brings a real file in, durable, with the folders it needs. */
    public synchronized void load(Path real, Path path) throws IOException {
        makeFolders(parent(path));
        SimulatedInode inode = newInode(FileStatus.Type.REGULAR, 0644);
        try (FileChannel channel = FileChannel.open(real, StandardOpenOption.READ)) {
            ByteBuffer buffer = ByteBuffer.allocate(SectorMap.SECTOR_BYTES);
            for (long offset = 0; offset < channel.size(); offset += SectorMap.SECTOR_BYTES) {
                channel.read(buffer.clear(), offset);
                if (isNotZero(buffer.flip())) {
                    inode.write(buffer, offset, now);
                }
            }
            inode.truncate(channel.size(), now);
        }
        inode.settle();
        names.add(slot(path), inode.number);
        settleNames(parent(path));
    }

    /** Makes a folder and those above it, durable. */
    public synchronized void makeFolders(Path directory) throws IOException {
        Path parent = directory.getParent();
        if (parent != null && !exists(directory)) {
            makeFolders(parent);
            names.add(slot(directory), newInode(FileStatus.Type.DIRECTORY, 0755).number);
            settleNames(parent);
        }
    }

    private void settleNames(Path folder) throws IOException {
        names.sync(inode(folder).number);
    }

    /** Writes a file out as it is seen now, durable or not. */
    public synchronized void save(Path path, Path real) throws IOException {
        SimulatedInode inode = inode(path);
        try (FileChannel channel = FileChannel.open(
                real, StandardOpenOption.CREATE, StandardOpenOption.TRUNCATE_EXISTING, StandardOpenOption.WRITE)) {
            ByteBuffer buffer = ByteBuffer.allocate(1 << 16);
            long data = inode.next(true, 0);
            while (data < inode.sizeBytes()) {
                buffer.clear().limit((int) Math.min(buffer.capacity(), inode.next(false, data) - data));
                inode.read(buffer, data);
                channel.write(buffer.flip(), data);
                data = inode.next(true, data + buffer.limit());
            }
            if (channel.size() < inode.sizeBytes()) {
                channel.write(ByteBuffer.allocate(1), inode.sizeBytes() - 1);
            }
        }
    }

    /** Every file's path. */
    public synchronized List<Path> files() {
        List<Path> files = new ArrayList<>();
        collect(ROOT, Path.of("/"), files);
        return files;
    }

    private void collect(long folder, Path path, List<Path> into) {
        names.list(folder).forEach((name, number) -> {
            if (known(number).type == FileStatus.Type.DIRECTORY) {
                collect(number, path.resolve(name), into);
            } else {
                into.add(path.resolve(name));
            }
        });
    }

    // ---- the storage

    @Override
    public synchronized ImageFile open(Path path, OpenMode mode) throws IOException {
        requirePower();
        SimulatedInode inode = inode(path);
        if (inode.type == FileStatus.Type.DIRECTORY) {
            throw failure(ErrorKind.IO, path, "cannot open: it is a folder");
        }
        return opened(new SimulatedFile(this, inode, path, mode));
    }

    private SimulatedFile opened(SimulatedFile file) {
        open.add(file);
        return file;
    }

    @Override
    public synchronized ImageFile create(Path path) throws IOException {
        Slot slot = freeSlot(path);
        return step("create " + path, path, () -> {
            SimulatedInode inode = newInode(FileStatus.Type.REGULAR, 0600);
            names.add(slot, inode.number);
            return opened(new SimulatedFile(this, inode, path, OpenMode.READ_WRITE));
        });
    }

    @Override
    public synchronized FileStatus status(Path path) throws IOException {
        requirePower();
        return status(inode(path));
    }

    FileStatus status(SimulatedInode inode) {
        return inode.status(names.count(inode.number));
    }

    @Override
    public synchronized boolean exists(Path path) {
        requirePower();
        return find(path) != null;
    }

    @Override
    public synchronized List<Path> list(Path directory) throws IOException {
        requirePower();
        return names.list(folder(directory).number).keySet().stream()
                .map(directory::resolve)
                .toList();
    }

    @Override
    public synchronized Path realPath(Path path) throws IOException {
        requirePower();
        inode(path.normalize());
        return path.normalize();
    }

    @Override
    public String readLink(Path link) throws IOException {
        throw failure(ErrorKind.IO, link, "there are no symbolic links here");
    }

    @Override
    public synchronized void createDirectory(Path directory) throws IOException {
        Slot slot = freeSlot(directory);
        step("mkdir " + directory, directory, () -> {
            names.add(slot, newInode(FileStatus.Type.DIRECTORY, 0700).number);
            return slot;
        });
    }

    @Override
    public synchronized void link(Path existing, Path newName) throws IOException {
        SimulatedInode inode = inode(existing);
        Slot slot = freeSlot(newName);
        step("link " + existing + " " + newName, existing, () -> {
            names.add(slot, inode.number);
            inode.changed(now);
            return slot;
        });
    }

    @Override
    public synchronized void rename(Path from, Path to) throws IOException {
        SimulatedInode inode = inode(from);
        Slot oldSlot = slot(from);
        Slot newSlot = slot(to);
        step("rename " + from + " " + to, from, () -> {
            Long replaced = names.get(newSlot);
            if (replaced == null || replaced != inode.number) {
                names.move(oldSlot, newSlot, inode.number);
                inode.changed(now);
            }
            return newSlot;
        });
    }

    @Override
    public synchronized void unlink(Path path) throws IOException {
        SimulatedInode inode = inode(path);
        Slot slot = slot(path);
        step("unlink " + path, path, () -> {
            names.remove(slot, inode.number);
            inode.changed(now);
            return slot;
        });
    }

    @Override
    public synchronized void syncDirectory(Path directory) throws IOException {
        long folder = folder(directory).number;
        step("sync " + directory, directory, () -> {
            names.sync(folder);
            return folder;
        });
    }

    @Override
    public synchronized long freeBytes(Path path) throws IOException {
        requirePower();
        inode(path);
        return freeBytes;
    }

    @Override
    public synchronized boolean isReadOnly(Path directory) throws IOException {
        requirePower();
        folder(directory);
        return false;
    }

    // ---- for its open files

    void requirePower() {
        if (powerLostAt != null) {
            throw new PowerLost(powerLostAt);
        }
    }

    long now() {
        return now;
    }

    List<SimulatedFile> openFiles() {
        return open;
    }

    <T> T step(String what, Path path, Supplier<T> action) throws ImageException {
        return step(what, path, action, failure -> {});
    }

    /** Counts a step and takes it, unless an accident was planned for it; {@code onFailure} is what is done all the same. */
    <T> T step(String what, Path path, Supplier<T> action, Consumer<Failure> onFailure) throws ImageException {
        requirePower();
        steps++;
        now++;
        listener.accept(what);
        if (steps == losesPowerBefore) {
            losePower("before step " + steps + ": " + what);
        }
        Failure failure = failures.get(steps);
        if (failure != null) {
            onFailure.accept(failure);
            throw failure(
                    failure == Failure.NO_SPACE ? ErrorKind.NO_SPACE : ErrorKind.IO,
                    path,
                    "step " + steps + " was made to fail: " + what);
        }
        T result = action.get();
        if (steps == losesPowerAfter) {
            losePower("after step " + steps + ": " + what);
        }
        return result;
    }

    private void losePower(String at) {
        powerLostAt = at;
        requirePower();
    }

    private static ImageException failure(ErrorKind kind, Path path, String what) {
        return new ImageException(kind, path.toString(), what, "");
    }

    // ---- paths

    private SimulatedInode newInode(FileStatus.Type type, int mode) {
        SimulatedInode inode = new SimulatedInode(++lastInode, type, mode, now);
        inodes.put(inode.number, inode);
        return inode;
    }

    private SimulatedInode known(long number) {
        SimulatedInode inode = inodes.get(number);
        if (inode == null) {
            throw new AssertionError("a name leads to no inode");
        }
        return inode;
    }

    private @Nullable SimulatedInode find(Path path) {
        if (!path.isAbsolute()) {
            throw new IllegalArgumentException("'" + path + "' is not absolute");
        }
        long number = ROOT;
        for (Path segment : path) {
            Long next = names.get(new Slot(number, segment.toString()));
            if (next == null) {
                return null;
            }
            number = next;
        }
        return known(number);
    }

    private SimulatedInode inode(Path path) throws ImageException {
        SimulatedInode inode = find(path);
        if (inode == null) {
            throw failure(ErrorKind.MISSING, path, "no such file");
        }
        return inode;
    }

    private SimulatedInode folder(Path path) throws ImageException {
        SimulatedInode inode = inode(path);
        if (inode.type != FileStatus.Type.DIRECTORY) {
            throw failure(ErrorKind.MISSING, path, "not a folder");
        }
        return inode;
    }

    private static Path parent(Path path) {
        Path parent = path.getParent();
        if (parent == null) {
            throw new IllegalArgumentException("'" + path + "' has no folder");
        }
        return parent;
    }

    private Slot slot(Path path) throws ImageException {
        return new Slot(folder(parent(path)).number, path.getFileName().toString());
    }

    private Slot freeSlot(Path path) throws ImageException {
        requirePower();
        Slot slot = slot(path);
        if (names.get(slot) != null) {
            throw failure(ErrorKind.IO, path, "a file of this name exists already");
        }
        return slot;
    }

    private static boolean isNotZero(ByteBuffer buffer) {
        return buffer.mismatch(ByteBuffer.allocate(buffer.remaining())) >= 0;
    }
}
