package io.planish.trash;

import static org.assertj.core.api.Assertions.assertThat;

import io.planish.chain.FileFacts;
import io.planish.chain.ImageRef;
import io.planish.chain.PoolName;
import io.planish.storage.LinuxStorage;
import io.planish.storage.PoolConfig;
import io.planish.storage.Pools;
import io.planish.storage.Storage;
import java.io.IOException;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Proxy;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A process that dies between any two steps; the next one does the rest. */
class InterruptedTrashTest {
    private static final Set<String> STEPS =
            Set.of("link", "unlink", "rename", "syncDirectory", "create", "createDirectory", "ensureDirectory");
    private static final List<String> NAMES = List.of("base", "s1", "vms/s2");

    @TempDir
    Path dir;

    private final Storage storage = new LinuxStorage();

    @Test
    void aRestoreIsFinishedByTheNextWhereverItStopped() throws IOException {
        int steps = 0;
        for (boolean more = true; more; steps++) {
            Path root = trashed(steps);
            more = stopsAt(steps, root, trash -> trash.restore(entry -> true));
            new Trash(storage, pools(storage, root)).restore(entry -> true);
            for (String name : NAMES) {
                assertThat(root.resolve(name)).as("stopped at %d", steps).hasContent(name);
                assertThat(Files.getAttribute(root.resolve(name), "unix:nlink")).isEqualTo(1);
            }
            assertThat(new Trash(storage, pools(storage, root)).entries()).isEmpty();
            assertThat(root.resolve(".planish")).isEmptyDirectory();
        }
        assertThat(steps).isGreaterThan(10);
    }

    @Test
    void aPurgeIsFinishedByTheNextWhereverItStopped() throws IOException {
        int steps = 0;
        for (boolean more = true; more; steps++) {
            Path root = trashed(steps);
            more = stopsAt(steps, root, trash -> trash.purge(entry -> true));
            Trash trash = new Trash(storage, pools(storage, root));
            assertThat(trash.entries())
                    .as("what is left can still come back")
                    .allMatch(entry -> entry.obstacle().isEmpty());
            trash.purge(entry -> true);
            assertThat(trash.entries()).isEmpty();
            assertThat(trash.unknown()).isEmpty();
            assertThat(root.resolve(".planish")).isEmptyDirectory();
            assertThat(root.resolve(".planish-trash")).isEmptyDirectory();
        }
        assertThat(steps).isGreaterThan(6);
    }

    private interface Work {
        void on(Trash trash) throws IOException;
    }

    /** Whether there was such a step to stop at. */
    private boolean stopsAt(int step, Path root, Work work) throws IOException {
        int[] left = {step};
        Storage dying = (Storage) Proxy.newProxyInstance(
                Storage.class.getClassLoader(), new Class<?>[] {Storage.class}, (proxy, method, arguments) -> {
                    if (STEPS.contains(method.getName()) && left[0]-- <= 0) {
                        throw new IOException("the process has died");
                    }
                    try {
                        return method.invoke(storage, arguments);
                    } catch (InvocationTargetException e) {
                        throw e.getCause();
                    }
                });
        try {
            work.on(new Trash(dying, pools(storage, root)));
            return left[0] < 0;
        } catch (IOException e) {
            assertThat(e).hasMessage("the process has died");
            return true;
        }
    }

    /** A pool in which a pull has left over a chain of three. */
    private Path trashed(int number) throws IOException {
        Path root = Files.createDirectory(dir.toRealPath().resolve("pool" + number));
        Pools pools = pools(storage, root);
        TrashFolders folders = new TrashFolders(storage, pools);
        List<TrashRecord.Layer> chain = new ArrayList<>();
        List<TrashRecord.Leftover> leftovers = new ArrayList<>();
        for (String name : NAMES) {
            ImageRef image = new ImageRef(new PoolName("p"), name);
            Path away = folders.pathOf("run", image);
            Files.createDirectories(away.getParent());
            Files.writeString(away, name);
            FileFacts facts = storage.status(away).facts(pools.get(image.pool()).id());
            chain.add(new TrashRecord.Layer(image, facts));
            leftovers.add(new TrashRecord.Leftover(image, facts, true));
        }
        folders.save(new TrashRecord(
                TrashRecord.VERSION, "run", "j0001", Instant.EPOCH, Duration.ofDays(7), chain, leftovers));
        return root;
    }

    private static Pools pools(Storage storage, Path root) throws IOException {
        return Pools.open(storage, List.of(PoolConfig.of(new PoolName("p"), root)), Pools.MissingMarker.CREATE);
    }
}
