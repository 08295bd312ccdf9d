package io.planish.trash;

import com.fasterxml.jackson.annotation.JsonIgnore;
import io.planish.chain.FileFacts;
import io.planish.chain.ImageRef;
import io.planish.chain.PoolName;
import io.planish.storage.FileStatus;
import io.planish.storage.Pool;
import io.planish.storage.Pools;
import java.time.Duration;
import java.time.Instant;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * What one job left over, written before any of it is moved.
 *
 * @param chain the images of the job's chain below its target, base first, as they were then: what a leftover needs is all that stands before it
 * @param leftovers what goes to the trash
 * @param retired when
 * @param grace how long it is to stay
 */
public record TrashRecord(
        int version,
        String run,
        String job,
        Instant retired,
        Duration grace,
        List<Layer> chain,
        List<Leftover> leftovers) {

    public static final int VERSION = 1;

    /** One image as it was when the job retired what was left over. */
    public record Layer(ImageRef image, FileFacts facts) {}

    /**
     * One file in the trash.
     *
     * @param restorable whether it still shows what it showed: what a commit left over does not
     */
    public record Leftover(ImageRef image, FileFacts facts, boolean restorable) {}

    public TrashRecord {
        chain = List.copyOf(chain);
        leftovers = List.copyOf(leftovers);
    }

    @JsonIgnore
    Instant keptUntil() {
        return retired.plus(grace);
    }

    /** What a leftover needs, base first. */
    List<Layer> below(Leftover left) {
        return chain.stream()
                .takeWhile(layer -> !layer.image().equals(left.image()))
                .toList();
    }

    /** A rename changes the time of the last change of the inode, and nothing that can be read. */
    static boolean isUnchanged(FileStatus now, FileFacts then) {
        FileFacts facts = now.facts(then.poolId());
        return facts.sameFile(then) && facts.sizeBytes() == then.sizeBytes() && facts.mtimeNanos() == then.mtimeNanos();
    }

    TrashRecord without(List<Leftover> gone) {
        return new TrashRecord(
                version,
                run,
                job,
                retired,
                grace,
                chain,
                leftovers.stream().filter(left -> !gone.contains(left)).toList());
    }

    /** The same in the words of whoever reads it: pools are known by their ids, and may be called otherwise here. */
    TrashRecord readBy(Pools pools) {
        Map<String, PoolName> names = new HashMap<>();
        for (Pool pool : pools.all()) {
            names.put(pool.id(), pool.name());
        }
        return new TrashRecord(
                version,
                run,
                job,
                retired,
                grace,
                chain.stream()
                        .map(layer -> new Layer(renamed(layer.image(), layer.facts(), names), layer.facts()))
                        .toList(),
                leftovers.stream()
                        .map(left -> new Leftover(
                                renamed(left.image(), left.facts(), names), left.facts(), left.restorable()))
                        .toList());
    }

    private static ImageRef renamed(ImageRef image, FileFacts facts, Map<String, PoolName> names) {
        return new ImageRef(names.getOrDefault(facts.poolId(), image.pool()), image.path());
    }
}
