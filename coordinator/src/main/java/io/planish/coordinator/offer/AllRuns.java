package io.planish.coordinator.offer;

import io.planish.ledger.LedgerException;
import io.planish.ledger.Table;
import io.planish.run.RunRecord;
import java.time.Duration;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * All runs that the ledger remembers. There may be tens of thousands that are over, and only a person makes one of these go on: what is over and told
 * is read again only every few seconds. Not thread-safe.
 */
final class AllRuns {
    private static final Duration AGAIN = Duration.ofSeconds(5);

    private final Table<RunRecord> table;
    private final Map<String, RunRecord> over = new HashMap<>();
    private Optional<Long> readNanos = Optional.empty();

    AllRuns(Table<RunRecord> table) {
        this.table = table;
    }

    Collection<RunRecord> read(long nowNanos) throws LedgerException {
        Set<String> keys = table.keys();
        if (readNanos.isEmpty() || nowNanos - readNanos.get() > AGAIN.toNanos()) {
            over.clear();
            readNanos = Optional.of(nowNanos);
        }
        over.keySet().retainAll(keys);
        Set<String> open = new HashSet<>(keys);
        open.removeAll(over.keySet());
        Map<String, RunRecord> read = table.get(open);
        read.values().stream()
                .filter(r -> r.state().isOver() && r.announced().equals(Optional.of(r.state())))
                .forEach(r -> over.put(r.id(), r));
        Map<String, RunRecord> all = new HashMap<>(over);
        all.putAll(read);
        return all.values();
    }
}
