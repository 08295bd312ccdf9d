package io.planish.coordinator.ledger;

import io.planish.ledger.LedgerException;
import io.planish.ledger.Table;
import io.planish.run.RunRecord;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/**
 * All runs that the ledger remembers, of which there may be tens of thousands. What the grid tells of as changed is read each time, everything only as
 * often as that takes a tenth of the time: with few runs always, with very many every half minute, for what was not told. Thread-safe.
 */
public final class AllRuns {
    private static final int SHARE = 10;

    private final Table<RunRecord> table;
    private final Set<String> changed = ConcurrentHashMap.newKeySet();
    private final Map<String, RunRecord> known = new HashMap<>();
    private boolean watching;
    private long readAllAtNanos = System.nanoTime();

    public AllRuns(Table<RunRecord> table) {
        this.table = table;
    }

    /** As they are now, in no order. What was changed through another process a moment ago may not be seen yet. */
    public synchronized Collection<RunRecord> read() throws LedgerException {
        if (!watching) {
            table.watch(changed::add);
            watching = true;
        }
        long begunNanos = System.nanoTime();
        if (begunNanos - readAllAtNanos >= 0) {
            Set<String> keys = table.keys();
            known.keySet().retainAll(keys);
            read(keys);
            long now = System.nanoTime();
            readAllAtNanos = now + SHARE * (now - begunNanos);
        } else {
            read(Set.of());
        }
        return List.copyOf(known.values());
    }

    private void read(Set<String> keys) throws LedgerException {
        List<String> told = new ArrayList<>(changed);
        // Taken away before it is read: what changes meanwhile is told again.
        told.forEach(changed::remove);
        try {
            Set<String> wanted = new HashSet<>(keys);
            wanted.addAll(told);
            Map<String, RunRecord> found = table.get(wanted);
            wanted.removeAll(found.keySet());
            known.keySet().removeAll(wanted);
            known.putAll(found);
        } catch (LedgerException e) {
            changed.addAll(told);
            throw e;
        }
    }
}
