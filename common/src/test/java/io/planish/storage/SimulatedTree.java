package io.planish.storage;

import io.planish.ErrorKind;
import io.planish.ImageException;
import io.planish.storage.SimulatedNames.Slot;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.SortedSet;
import java.util.TreeMap;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/** All inodes and their names, found by path. */
final class SimulatedTree {
    private static final long ROOT = 1;

    final SimulatedNames names;
    private final Map<Long, SimulatedInode> inodes;
    private long lastInode;

    SimulatedTree(long nowNanos) {
        this(new TreeMap<>(), new SimulatedNames(), 0);
        newInode(FileStatus.Type.DIRECTORY, 0755, nowNanos);
    }

    private SimulatedTree(Map<Long, SimulatedInode> inodes, SimulatedNames names, long lastInode) {
        this.inodes = inodes;
        this.names = names;
        this.lastInode = lastInode;
    }

    SimulatedTree fork() {
        Map<Long, SimulatedInode> copies = new TreeMap<>();
        inodes.forEach((number, inode) -> copies.put(number, inode.fork()));
        return new SimulatedTree(copies, names.fork(), lastInode);
    }

    SimulatedTree afterPowerLoss(Survival survival) {
        Map<Long, SimulatedInode> found = new TreeMap<>();
        inodes.forEach((number, inode) -> found.put(number, inode.afterPowerLoss(survival)));
        survival.nextFile();
        SimulatedNames foundNames = names.afterPowerLoss(ROOT, survival);
        found.keySet().removeIf(number -> number != ROOT && foundNames.count(number) == 0);
        return new SimulatedTree(found, foundNames, lastInode);
    }

    /** The moments of all steps that are not durable, the oldest first. */
    SortedSet<Long> undurable() {
        SortedSet<Long> moments = new TreeSet<>();
        inodes.values().forEach(inode -> inode.collectUndurable(moments));
        names.collectUndurable(moments);
        return moments;
    }

    SimulatedInode newInode(FileStatus.Type type, int mode, long nowNanos) {
        SimulatedInode inode = new SimulatedInode(++lastInode, type, mode, nowNanos);
        inodes.put(inode.number, inode);
        return inode;
    }

    List<Path> files() {
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

    private SimulatedInode known(long number) {
        SimulatedInode inode = inodes.get(number);
        if (inode == null) {
            throw new AssertionError("a name leads to no inode");
        }
        return inode;
    }

    @Nullable
    SimulatedInode find(Path path) {
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

    SimulatedInode inode(Path path) throws ImageException {
        SimulatedInode inode = find(path);
        if (inode == null) {
            throw failure(ErrorKind.MISSING, path, "no such file");
        }
        return inode;
    }

    SimulatedInode folder(Path path) throws ImageException {
        SimulatedInode inode = inode(path);
        if (inode.type != FileStatus.Type.DIRECTORY) {
            throw failure(ErrorKind.MISSING, path, "not a folder");
        }
        return inode;
    }

    static Path parent(Path path) {
        Path parent = path.getParent();
        if (parent == null) {
            throw new IllegalArgumentException("'" + path + "' has no folder");
        }
        return parent;
    }

    Slot slot(Path path) throws ImageException {
        return new Slot(folder(parent(path)).number, path.getFileName().toString());
    }

    Slot freeSlot(Path path) throws ImageException {
        Slot slot = slot(path);
        if (names.get(slot) != null) {
            throw failure(ErrorKind.IO, path, "a file of this name exists already");
        }
        return slot;
    }

    static ImageException failure(ErrorKind kind, Path path, String what) {
        return new ImageException(kind, path.toString(), what, "");
    }
}
