package io.planish.storage;

import io.planish.ErrorKind;
import io.planish.ImageException;
import io.planish.storage.SimulatedNames.Slot;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Consumer;
import java.util.function.Supplier;

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
    private static final long FIRST_MOMENT = 1_000_000_000_000_000_000L;

    private final SimulatedTree tree;
    private final List<SimulatedFile> open = new ArrayList<>();
    private final Accidents accidents = new Accidents();
    private long now;
    private long freeBytes = 1L << 40;
    private boolean clones;
    private Copying copying = (right, source, sourceOffset) -> {};

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
        /** An I/O error; a sync that fails so leaves any part of what was to be synced on disk, and the rest is forgotten. */
        IO,
        /** As an I/O error, but a write has written its first half. */
        HALF
    }

    public SimulatedStorage() {
        this(new SimulatedTree(FIRST_MOMENT), FIRST_MOMENT);
    }

    private SimulatedStorage(SimulatedTree tree, long now) {
        this.tree = tree;
        this.now = now;
    }

    private SimulatedStorage(SimulatedTree tree, long now, boolean clones) {
        this(tree, now);
        this.clones = clones;
    }

    // ---- the experiment

    /** The same state with all that is not durable in it; no file is open, no step taken, no accident planned. */
    public synchronized SimulatedStorage fork() {
        return new SimulatedStorage(tree.fork(), now, clones);
    }

    /**
     * The storage as it may be found after a power loss now. Seed 0: nothing survives that was not durable; seed 1: all of it;
     * any other: some of it, always the same for the same seed.
     */
    public SimulatedStorage afterPowerLoss(long seed) {
        return afterPowerLoss(Survival.of(seed));
    }

    private synchronized SimulatedStorage afterPowerLoss(Survival survival) {
        return new SimulatedStorage(tree.afterPowerLoss(survival), now + 1_000_000_000, clones);
    }

    /**
     * Storages as they may be found after a power loss now, no two from the same choices: where at most {@code log2} steps are not
     * durable, each subset of them and a seeded few torn ones, else {@code 1 << log2} seeded ones.
     */
    public synchronized List<SimulatedStorage> afterPowerLosses(int log2, long seed) {
        List<Long> steps = List.copyOf(tree.undurable());
        List<Survival> survivals = new ArrayList<>();
        survivals.add(Survival.of(0));
        survivals.add(Survival.of(1));
        boolean all = steps.size() <= log2;
        for (long subset = 1; all && subset < (1L << steps.size()) - 1; subset++) {
            Set<Long> kept = new HashSet<>();
            for (int i = 0; i < steps.size(); i++) {
                if ((subset >> i & 1) != 0) {
                    kept.add(steps.get(i));
                }
            }
            survivals.add(Survival.of(kept));
        }
        int torn = steps.isEmpty() ? 0 : all ? 2 : (1 << log2) - 2;
        for (int i = 0; i < torn; i++) {
            survivals.add(Survival.of((seed + i) * 0x9E3779B97F4A7C15L | 2));
        }
        Map<Long, SimulatedStorage> found = new LinkedHashMap<>();
        for (Survival survival : survivals) {
            SimulatedStorage one = afterPowerLoss(survival);
            found.putIfAbsent(survival.signature(), one);
        }
        return List.copyOf(found.values());
    }

    /** The step with this number, from 1 on, does not happen any more. */
    public void losePowerBefore(long step) {
        accidents.losePowerBefore(step);
    }

    /** The step with this number, from 1 on, is the last that happens; its caller does not learn of it. */
    public void losePowerAfter(long step) {
        accidents.losePowerAfter(step);
    }

    /** The step with this number, from 1 on, fails. */
    public void failStep(long step, Failure failure) {
        accidents.failStep(step, failure);
    }

    public synchronized long steps() {
        return accidents.steps();
    }

    /** The steps that did not only make something durable. */
    public synchronized long changes() {
        return accidents.changes();
    }

    /** What becomes of bytes that are copied from one file into another. */
    public interface Copying {
        /** @param right the bytes as they should arrive; may be changed */
        void arrive(ByteBuffer right, ImageFile source, long sourceOffset) throws IOException;

        /** @return where a clone is taken from, instead of from {@code sourceOffset} */
        default long cloned(long sourceOffset) {
            return sourceOffset;
        }
    }

    /** From now on copies of whole blocks are clones. */
    public void makeClones() {
        clones = true;
    }

    boolean clones() {
        return clones;
    }

    public void onCopy(Copying newCopying) {
        copying = newCopying;
    }

    /** Told of every step before it happens, in words. */
    public void onStep(Consumer<String> newListener) {
        accidents.onStep(newListener);
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
        tree.inode(path).setExtendedAttribute(name, value);
    }

    public Map<String, String> extendedAttributes(Path path) throws IOException {
        return tree.inode(path).attributes().extended();
    }

    /** Brings a real file in, durable, with the folders it needs. */
    public synchronized void load(Path real, Path path) throws IOException {
        makeFolders(SimulatedTree.parent(path));
        SimulatedInode inode = tree.newInode(FileStatus.Type.REGULAR, 0644, now);
        RealFiles.load(real, inode, now);
        tree.names.add(tree.slot(path), inode.number, now);
        settleNames(SimulatedTree.parent(path));
    }

    /** Makes a folder and those above it, durable. */
    public synchronized void makeFolders(Path directory) throws IOException {
        Path parent = directory.getParent();
        if (parent != null && !exists(directory)) {
            makeFolders(parent);
            tree.names.add(tree.slot(directory), tree.newInode(FileStatus.Type.DIRECTORY, 0755, now).number, now);
            settleNames(parent);
        }
    }

    private void settleNames(Path folder) throws IOException {
        tree.names.sync(tree.inode(folder).number);
    }

    /** Writes a file out as it is seen now, durable or not. */
    public synchronized void save(Path path, Path real) throws IOException {
        RealFiles.save(tree.inode(path), real);
    }

    /** Every file's path. */
    public synchronized List<Path> files() {
        return tree.files();
    }

    // ---- the storage

    @Override
    public synchronized ImageFile open(Path path, OpenMode mode) throws IOException {
        requirePower();
        SimulatedInode inode = tree.inode(path);
        if (inode.type == FileStatus.Type.DIRECTORY) {
            throw SimulatedTree.failure(ErrorKind.IO, path, "cannot open: it is a folder");
        }
        return opened(new SimulatedFile(this, inode, path, mode));
    }

    private SimulatedFile opened(SimulatedFile file) {
        open.add(file);
        return file;
    }

    @Override
    public synchronized ImageFile create(Path path) throws IOException {
        requirePower();
        Slot slot = tree.freeSlot(path);
        return step("create " + path, path, () -> {
            SimulatedInode inode = tree.newInode(FileStatus.Type.REGULAR, 0600, now);
            tree.names.add(slot, inode.number, now);
            return opened(new SimulatedFile(this, inode, path, OpenMode.READ_WRITE));
        });
    }

    @Override
    public synchronized FileStatus status(Path path) throws IOException {
        requirePower();
        return status(tree.inode(path));
    }

    FileStatus status(SimulatedInode inode) {
        return inode.status(tree.names.count(inode.number));
    }

    @Override
    public synchronized boolean exists(Path path) {
        requirePower();
        return tree.find(path) != null;
    }

    @Override
    public synchronized List<Path> list(Path directory) throws IOException {
        requirePower();
        return tree.names.list(tree.folder(directory).number).keySet().stream()
                .map(directory::resolve)
                .toList();
    }

    @Override
    public synchronized Path realPath(Path path) throws IOException {
        requirePower();
        tree.inode(path.normalize());
        return path.normalize();
    }

    @Override
    public String readLink(Path link) throws IOException {
        throw SimulatedTree.failure(ErrorKind.IO, link, "there are no symbolic links here");
    }

    @Override
    public synchronized void createDirectory(Path directory) throws IOException {
        requirePower();
        Slot slot = tree.freeSlot(directory);
        step("mkdir " + directory, directory, () -> {
            tree.names.add(slot, tree.newInode(FileStatus.Type.DIRECTORY, 0700, now).number, now);
            return slot;
        });
    }

    @Override
    public synchronized void link(Path existing, Path newName) throws IOException {
        SimulatedInode inode = tree.inode(existing);
        requirePower();
        Slot slot = tree.freeSlot(newName);
        step("link " + existing + " " + newName, existing, () -> {
            tree.names.add(slot, inode.number, now);
            inode.changed(now);
            return slot;
        });
    }

    @Override
    public synchronized void rename(Path from, Path to) throws IOException {
        SimulatedInode inode = tree.inode(from);
        Slot oldSlot = tree.slot(from);
        Slot newSlot = tree.slot(to);
        step("rename " + from + " " + to, from, () -> {
            Long replaced = tree.names.get(newSlot);
            if (replaced == null || replaced != inode.number) {
                tree.names.move(oldSlot, newSlot, inode.number, now);
                inode.changed(now);
            }
            return newSlot;
        });
    }

    @Override
    public synchronized void unlink(Path path) throws IOException {
        SimulatedInode inode = tree.inode(path);
        Slot slot = tree.slot(path);
        step("unlink " + path, path, () -> {
            tree.names.remove(slot, inode.number, now);
            inode.changed(now);
            return slot;
        });
    }

    @Override
    public synchronized void syncDirectory(Path directory) throws IOException {
        long folder = tree.folder(directory).number;
        step("sync " + directory, directory, () -> {
            tree.names.sync(folder);
            return folder;
        });
    }

    @Override
    public synchronized long freeBytes(Path path) throws IOException {
        requirePower();
        tree.inode(path);
        return freeBytes;
    }

    @Override
    public synchronized boolean isReadOnly(Path directory) throws IOException {
        requirePower();
        tree.folder(directory);
        return false;
    }

    // ---- for its open files

    void requirePower() {
        accidents.requirePower();
    }

    Copying copying() {
        return copying;
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

    /** A step; {@code onFailure} is what is done all the same when it is made to fail. */
    <T> T step(String what, Path path, Supplier<T> action, Consumer<Failure> onFailure) throws ImageException {
        now++;
        return accidents.step(what, path, action, onFailure);
    }
}
