package io.planish.ledger;

import io.planish.job.Json;
import java.io.IOException;
import java.net.SocketTimeoutException;
import java.time.Duration;
import java.util.Arrays;
import java.util.Collection;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.function.Function;
import org.infinispan.client.hotrod.Flag;
import org.infinispan.client.hotrod.MetadataValue;
import org.infinispan.client.hotrod.RemoteCache;
import org.infinispan.client.hotrod.RemoteCacheManager;
import org.infinispan.client.hotrod.exceptions.HotRodClientException;
import org.infinispan.commons.util.CloseableIterator;
import org.jspecify.annotations.Nullable;

/**
 * One kind of record in the grid. Thread-safe. When a call returns, what it changed is as durable as the grid's caches are
 * configured to be.
 *
 * <p>A compare-and-set has three answers: yes, no, and none, when the grid did not say or the client tried again by itself. So a
 * «no» is never believed: the value is read again, and what we meant to write standing there means yes. Two writers of the very same
 * state both hear yes; where only one may, the state names its writer.
 *
 * @param <T> a record with JSON form, no two states of which are equal
 */
public final class Table<T> {
    private static final int CONTENTION_LIMIT = 100;
    private static final int AT_ONCE = 2000;

    private final RemoteCacheManager grid;
    private final String cacheName;
    private final String prefix;
    private final Class<T> type;
    private final Duration patience;
    private final List<Consumer<String>> watchers = new CopyOnWriteArrayList<>();
    private volatile @Nullable RemoteCache<String, byte[]> cache;

    Table(RemoteCacheManager grid, String cacheName, String prefix, Class<T> type, Duration patience) {
        this.grid = grid;
        this.cacheName = cacheName;
        this.prefix = prefix;
        this.type = type;
        this.patience = patience;
    }

    public Optional<T> get(String key) throws LedgerException {
        Optional<byte[]> bytes = asked(() -> Optional.ofNullable(cache().get(prefix + key)));
        return bytes.isEmpty() ? Optional.empty() : Optional.of(decode(key, bytes.get()));
    }

    /** The records that exist of these, by key. */
    public Map<String, T> get(Collection<String> keys) throws LedgerException {
        List<String> all = List.copyOf(keys);
        Map<String, T> records = new TreeMap<>();
        for (int from = 0; from < all.size(); from += AT_ONCE) {
            Set<String> some = new HashSet<>();
            all.subList(from, Math.min(from + AT_ONCE, all.size())).forEach(k -> some.add(prefix + k));
            decodeAll(asked(() -> cache().getAll(some)), records);
        }
        return records;
    }

    /** All records, by key. */
    public Map<String, T> all() throws LedgerException {
        return get(keys());
    }

    /** The keys of all records. The grid goes through the whole cache for that, some 50 µs a key: not to be done all the time. */
    public Set<String> keys() throws LedgerException {
        return asked(() -> {
            Set<String> mine = new HashSet<>();
            try (CloseableIterator<String> all = cache().keySet().iterator()) {
                while (all.hasNext()) {
                    ownKey(all.next()).ifPresent(mine::add);
                }
            } catch (RuntimeException e) {
                throw e.getCause() instanceof IOException late ? new HotRodClientException(late) : e;
            }
            return mine;
        });
    }

    /**
     * Has the keys told of records that are made, changed or removed: at once where it is done through this table, else soon, by the grid. While the
     * connection to it is broken some are missed, so whoever must know all lists them now and then.
     *
     * @param changed called by any thread; returns at once
     */
    public void watch(Consumer<String> changed) throws LedgerException {
        ChangedKeys keys = new ChangedKeys(key -> ownKey(key).ifPresent(changed));
        asked(() -> {
            cache().addClientListener(keys);
            return true;
        });
        watchers.add(changed);
    }

    /** What this table calls a key of the cache, if it is one of its own. */
    private Optional<String> ownKey(String key) {
        return key.startsWith(prefix) && (!prefix.isEmpty() || !key.startsWith("/"))
                ? Optional.of(key.substring(prefix.length()))
                : Optional.empty();
    }

    private void changed(String key) {
        watchers.forEach(watcher -> watcher.accept(key));
    }

    /** Writes a record that does not exist yet; says whether it is this one that stands there now. */
    public boolean add(String key, T record) throws LedgerException {
        byte[] wanted = encode(record);
        Optional<byte[]> there = asked(() ->
                Optional.ofNullable(cache().withFlags(Flag.FORCE_RETURN_VALUE).putIfAbsent(prefix + key, wanted)));
        changed(key);
        return there.isEmpty() || Arrays.equals(there.get(), wanted);
    }

    /** Writes a record, whatever stood there. */
    public void put(String key, T record) throws LedgerException {
        byte[] wanted = encode(record);
        asked(() -> Optional.ofNullable(cache().put(prefix + key, wanted)));
        changed(key);
    }

    /** Writes a record, whatever stood there, that the grid forgets by itself after some time. */
    public void put(String key, T record, Duration lifespan) throws LedgerException {
        byte[] wanted = encode(record);
        asked(() -> Optional.ofNullable(cache().put(prefix + key, wanted, lifespan.toMillis(), TimeUnit.MILLISECONDS)));
        changed(key);
    }

    public void remove(String key) throws LedgerException {
        asked(() -> Optional.ofNullable(cache().remove(prefix + key)));
        changed(key);
    }

    /**
     * Changes a record by one compare-and-set.
     *
     * @param transition gives the next state, or nothing if the present one does not allow it; may be called several times
     * @return the new state; empty: there is no such record, or the transition gave nothing
     */
    public Optional<T> update(String key, Function<T, Optional<T>> transition) throws LedgerException {
        byte[] wanted = null;
        for (int i = 0; i < CONTENTION_LIMIT; i++) {
            Optional<MetadataValue<byte[]>> found =
                    asked(() -> Optional.ofNullable(cache().getWithMetadata(prefix + key)));
            if (found.isEmpty()) {
                return Optional.empty();
            }
            MetadataValue<byte[]> seen = found.get();
            T present = decode(key, seen.getValue());
            if (wanted != null && Arrays.equals(wanted, seen.getValue())) {
                changed(key);
                return Optional.of(present);
            }
            Optional<T> next = transition.apply(present);
            if (next.isEmpty()) {
                return next;
            }
            byte[] bytes = kept(seen.getValue(), encode(next.get()));
            wanted = bytes;
            if (replaced(prefix + key, bytes, seen.getVersion())) {
                changed(key);
                return next;
            }
        }
        throw new LedgerException(
                cacheName + "/" + prefix + key + ": others changed it " + CONTENTION_LIMIT + " times meanwhile", null);
    }

    /** False also where the grid gave no answer; reading again tells. */
    private boolean replaced(String fullKey, byte[] bytes, long version) throws LedgerException {
        try {
            return cache().replaceWithVersion(fullKey, bytes, version);
        } catch (HotRodClientException e) {
            return false;
        }
    }

    private RemoteCache<String, byte[]> cache() throws LedgerException {
        RemoteCache<String, byte[]> known = cache;
        if (known == null) {
            known = grid.getCache(cacheName);
            if (known == null) {
                throw new LedgerException(
                        "the grid has no cache " + cacheName + " (create it as docs/grid.md says)", null);
            }
            cache = known;
        }
        return known;
    }

    private <R> R asked(Call<R> call) throws LedgerException {
        long start = System.nanoTime();
        for (long pauseMillis = 50; ; pauseMillis = Math.min(1000, pauseMillis * 2)) {
            try {
                return call.ask();
            } catch (HotRodClientException | IllegalStateException e) {
                if (System.nanoTime() - start > patience.toNanos()) {
                    throw new LedgerException("the grid does not answer: " + why(e), e);
                }
                pause(pauseMillis);
            }
        }
    }

    private static void pause(long millis) throws LedgerException {
        try {
            Thread.sleep(millis);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new LedgerException("interrupted while waiting for the grid", e);
        }
    }

    private void decodeAll(Map<String, byte[]> values, Map<String, T> records) throws LedgerException {
        for (Map.Entry<String, byte[]> e : values.entrySet()) {
            String key = e.getKey().substring(prefix.length());
            records.put(key, decode(key, e.getValue()));
        }
    }

    private T decode(String key, byte[] bytes) throws LedgerException {
        try {
            return Json.MAPPER.readValue(bytes, type);
        } catch (IOException e) {
            throw new LedgerException(cacheName + "/" + prefix + key + " cannot be read: " + firstLine(e), e);
        }
    }

    private byte[] kept(byte[] before, byte[] after) throws LedgerException {
        try {
            return KeptFields.kept(type, before, after);
        } catch (IOException e) {
            throw new LedgerException(cacheName + ": a record cannot be changed: " + firstLine(e), e);
        }
    }

    private byte[] encode(T record) throws LedgerException {
        try {
            return Json.MAPPER.writeValueAsBytes(record);
        } catch (IOException e) {
            throw new LedgerException(cacheName + ": a record cannot be written: " + firstLine(e), e);
        }
    }

    /** The client's own words for a call that took too long are about its insides. */
    private static String why(Exception e) {
        return e.getCause() instanceof SocketTimeoutException ? "no answer in time" : firstLine(e);
    }

    private static String firstLine(Exception e) {
        return String.valueOf(e.getMessage()).lines().findFirst().orElse("");
    }

    /** One call to the grid. */
    private interface Call<R> {
        R ask() throws LedgerException;
    }
}
