package io.planish.storage;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * The names of all inodes: as they are seen, and as they are on disk, with the operations in between in their order.
 *
 * <p>After a power loss each operation that is not durable has happened or not, on its own; a rename as a whole.
 */
final class SimulatedNames {
    private final Map<Slot, Long> seen;
    private final Map<Slot, Long> onDisk;
    private final List<Operation> sinceThen;

    /** A name in a folder. */
    record Slot(long folder, String name) {}

    /** {@code inode} leaves one name, gets another, or both at once. */
    private record Operation(
            @Nullable Slot leaves, @Nullable Slot gets, long inode, long madeBy, boolean durable) {
        boolean touches(long folder) {
            return (leaves != null && leaves.folder == folder) || (gets != null && gets.folder == folder);
        }

        Operation madeDurable() {
            return new Operation(leaves, gets, inode, madeBy, true);
        }

        void applyTo(Map<Slot, Long> names) {
            if (leaves != null) {
                names.remove(leaves, inode);
            }
            if (gets != null) {
                names.put(gets, inode);
            }
        }
    }

    SimulatedNames() {
        this(new HashMap<>(), new HashMap<>(), new ArrayList<>());
    }

    private SimulatedNames(Map<Slot, Long> seen, Map<Slot, Long> onDisk, List<Operation> sinceThen) {
        this.seen = seen;
        this.onDisk = onDisk;
        this.sinceThen = sinceThen;
    }

    SimulatedNames fork() {
        return new SimulatedNames(new HashMap<>(seen), new HashMap<>(onDisk), new ArrayList<>(sinceThen));
    }

    /** @param root the folder from which a name must be reached to be there still */
    SimulatedNames afterPowerLoss(long root, Survival survival) {
        Map<Slot, Long> names = new HashMap<>(onDisk);
        boolean goesOn = true;
        for (Operation operation : sinceThen) {
            boolean happened = operation.durable || survival.keeps(operation.madeBy);
            goesOn &= happened;
            if (operation.durable || (survival.inOrder() ? goesOn : happened)) {
                operation.applyTo(names);
            }
        }
        Set<Long> reached = new HashSet<>(Set.of(root));
        while (names.entrySet().stream()
                .anyMatch(n -> reached.contains(n.getKey().folder) && reached.add(n.getValue()))) {
            // one level further
        }
        names.keySet().removeIf(slot -> !reached.contains(slot.folder));
        return new SimulatedNames(names, new HashMap<>(names), new ArrayList<>());
    }

    @Nullable
    Long get(Slot slot) {
        return seen.get(slot);
    }

    int count(long inode) {
        return (int) seen.values().stream().filter(i -> i == inode).count();
    }

    SortedMap<String, Long> list(long folder) {
        SortedMap<String, Long> names = new TreeMap<>();
        seen.forEach((slot, inode) -> {
            if (slot.folder == folder) {
                names.put(slot.name, inode);
            }
        });
        return names;
    }

    /** The moments of the operations that are not durable. */
    void collectUndurable(Set<Long> moments) {
        sinceThen.stream().filter(o -> !o.durable).forEach(o -> moments.add(o.madeBy));
    }

    void add(Slot slot, long inode, long now) {
        happens(new Operation(null, slot, inode, now, false));
    }

    void remove(Slot slot, long inode, long now) {
        happens(new Operation(slot, null, inode, now, false));
    }

    void move(Slot from, Slot to, long inode, long now) {
        happens(new Operation(from, to, inode, now, false));
    }

    private void happens(Operation operation) {
        operation.applyTo(seen);
        sinceThen.add(operation);
    }

    void sync(long folder) {
        sinceThen.replaceAll(o -> o.touches(folder) ? o.madeDurable() : o);
        while (!sinceThen.isEmpty() && sinceThen.getFirst().durable) {
            sinceThen.removeFirst().applyTo(onDisk);
        }
    }
}
