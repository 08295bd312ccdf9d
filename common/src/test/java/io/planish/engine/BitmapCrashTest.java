package io.planish.engine;

import static org.assertj.core.api.Assertions.assertThat;

import io.planish.chain.ImageRef;
import io.planish.image.Directories;
import io.planish.image.HeaderFile;
import io.planish.job.Job;
import io.planish.job.JobKind;
import io.planish.job.Outcome;
import io.planish.qcow2.BitmapEntry;
import io.planish.qcow2.Header;
import io.planish.storage.ImageFile;
import io.planish.storage.SimulatedStorage;
import io.planish.storage.SimulatedStorage.PowerLost;
import io.planish.storage.Storage.OpenMode;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.BitSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * The machine loses power around every step of commits between images with persistent bitmaps: at no moment does a bitmap that
 * the image vouches for pass over bytes that have changed, and after the resumed job all are there.
 */
class BitmapCrashTest {
    private static final int SURVIVALS = 6;
    private static final int SECTOR = 512;

    @TempDir
    private Path folder;

    @Test
    void bitmapsOfLayersThatBecomeOneUnderTheLeafsName() throws IOException {
        Images images = new Images(folder);
        images.make("base", "", "160k", "cluster_size=512", "write -P 1 0 120k");
        bitmap("base", "own", "--add", "-g", "512");
        images.make("s1", "base", "160k", "cluster_size=4k");
        bitmap("s1", "both", "--add", "-g", "2k");
        write("s1", "write -P 2 50k 10k");
        images.make("active", "s1", "160k", "cluster_size=4k");
        bitmap("active", "both", "--add", "-g", "4k");
        bitmap("active", "leaf", "--add", "-g", "1k");
        write("active", "write -P 3 100k 6k", "write -z 8k 4k");

        everyCrash(
                images,
                new Plan("base", "active", true, List.of("s1")),
                Map.of("own", "48k+12k 100k+8k 8k+4k", "both", "48k+12k 100k+8k 8k+4k", "leaf", "100k+6k 8k+4k"));
    }

    @Test
    void bitmapsOfABaseThatGrowsUnderItsOwnName() throws IOException {
        Images images = new Images(folder);
        images.make("base", "", "64k", "cluster_size=4k", "write -P 1 0 60k");
        bitmap("base", "own", "--add", "-g", "4k");
        bitmap("base", "still", "--add", "--disable", "-g", "4k");
        images.make("active", "base", "96k", "cluster_size=4k");
        bitmap("active", "leaf", "--add", "-g", "4k");
        write("active", "write -P 3 80k 4k", "write -P 4 4k 4k");
        bitmap("active", "leaf", "--disable");

        everyCrash(
                images,
                new Plan("base", "active", false, List.of()),
                Map.of("own", "4k+4k 64k+32k", "still", "", "leaf", "4k+4k 80k+4k"));
    }

    record Plan(String target, String top, boolean replaces, List<String> retires) {
        Job job(Simulated pool) throws IOException {
            return pool.job(JobKind.COMMIT, target, Optional.empty(), top, List.of(), replaces, retires);
        }

        ImageRef result() {
            return Simulated.ref(replaces ? top : target);
        }
    }

    private void everyCrash(Images images, Plan plan, Map<String, String> expected) throws IOException {
        Simulated before = Simulated.load(images, folder);
        Job job = plan.job(before);
        ImageRef target = Simulated.ref(plan.target());
        byte[] shown = before.content(target);
        byte[] top = before.content(Simulated.ref(plan.top()));
        SimulatedStorage whole = before.storage.fork();
        assertThat(new Simulated(whole).run(job).outcome()).isEqualTo(new Outcome.Done());
        assertThat(bitmaps(new Simulated(whole), plan.result())).isEqualTo(parsed(expected));

        for (long step = 1; step <= whole.steps(); step++) {
            SimulatedStorage storage = before.storage.fork();
            storage.losePowerAfter(step);
            try {
                new Simulated(storage).run(job);
            } catch (PowerLost gone) {
                // the point of the exercise
            }
            for (long seed = 0; seed < SURVIVALS; seed++) {
                String where = "power lost after step " + step + ", seed " + seed;
                Simulated found = new Simulated(storage.afterPowerLoss(seed));
                requireNothingPassedOver(found, target, shown, where);

                Outcome outcome = found.run(job).outcome();
                if (outcome instanceof Outcome.Stale) {
                    // it was done, and left no trace in links
                    outcome = found.run(plan.job(found)).outcome();
                }

                assertThat(outcome).as(where).isEqualTo(new Outcome.Done());
                assertThat(found.content(plan.result())).as(where).isEqualTo(top);
                assertThat(found.check(plan.result()).isClean()).as(where).isTrue();
                Map<String, BitSet> bits = bitmaps(found, plan.result());
                assertThat(bits).as(where).containsOnlyKeys(expected.keySet());
                parsed(expected).forEach((name, least) -> {
                    least.andNot(bits.get(name));
                    assertThat(least.isEmpty()).as(where + ": " + name).isTrue();
                });
            }
        }
    }

    /** What the target shows differently than at the start is dirty in its own bitmap. */
    private static void requireNothingPassedOver(Simulated found, ImageRef target, byte[] shown, String where)
            throws IOException {
        if (!found.images().contains(target)) {
            return;
        }
        BitSet own = bitmaps(found, target).get("own");
        assertThat(own).as(where).isNotNull();
        byte[] now = found.content(target);
        for (int i = 0; i < Math.max(now.length, shown.length); i++) {
            byte was = i < shown.length ? shown[i] : 0;
            byte is = i < now.length ? now[i] : 0;
            if (was != is) {
                assertThat(own.get(i / SECTOR)).as(where + ": byte " + i).isTrue();
            }
        }
    }

    /** The dirty sectors by name. */
    private static Map<String, BitSet> bitmaps(Simulated pool, ImageRef image) throws IOException {
        Map<String, BitSet> bitmaps = new TreeMap<>();
        try (ImageFile file = pool.storage.open(pool.path(image), OpenMode.READ)) {
            Header header = HeaderFile.read(file);
            for (BitmapEntry bitmap : Directories.bitmaps(file, header)) {
                assertThat(bitmap.isInUse()).isFalse();
                bitmaps.put(bitmap.name(), sectors(file, header, bitmap));
            }
        }
        return bitmaps;
    }

    private static BitSet sectors(ImageFile file, Header header, BitmapEntry bitmap) throws IOException {
        int clusterBytes = header.geometry().clusterBytes();
        assertThat((long) bitmap.tableEntries())
                .isEqualTo(bitmap.tableEntries(header.virtualSizeBytes(), clusterBytes));
        BitSet bits = new BitSet();
        for (int i = 0; i < bitmap.tableEntries(); i++) {
            ByteBuffer entry = ByteBuffer.allocate(Long.BYTES);
            file.read(entry, bitmap.tableOffset() + i * 8L);
            byte[] data = new byte[clusterBytes];
            if (entry.getLong(0) == BitmapEntry.ALL_ONES) {
                Arrays.fill(data, (byte) 0xff);
            } else if (entry.getLong(0) != 0) {
                file.read(ByteBuffer.wrap(data), entry.getLong(0));
            }
            BitSet part = BitSet.valueOf(data);
            for (int bit = part.nextSetBit(0); bit >= 0; bit = part.nextSetBit(bit + 1)) {
                bits.set(i * clusterBytes * 8 + bit);
            }
        }
        int perBit = (1 << bitmap.granularityBits()) / SECTOR;
        BitSet sectors = new BitSet();
        bits.stream().forEach(bit -> sectors.set(bit * perBit, (bit + 1) * perBit));
        return sectors;
    }

    private static Map<String, BitSet> parsed(Map<String, String> ranges) {
        Map<String, BitSet> parsed = new TreeMap<>();
        ranges.forEach((name, text) -> {
            BitSet sectors = new BitSet();
            for (String range : text.isEmpty() ? new String[0] : text.split(" ")) {
                String[] parts = range.replace("k", "").split("\\+");
                int start = Integer.parseInt(parts[0]) * 2;
                sectors.set(start, start + Integer.parseInt(parts[1]) * 2);
            }
            parsed.put(name, sectors);
        });
        return parsed;
    }

    private void bitmap(String image, String name, String... options) throws IOException {
        List<String> command = new ArrayList<>(List.of("qemu-img", "bitmap"));
        command.addAll(List.of(options));
        command.addAll(List.of(folder.resolve(image).toString(), name));
        Images.run(command);
    }

    private void write(String image, String... commands) throws IOException {
        List<String> io = new ArrayList<>(List.of("qemu-io", "-f", "qcow2"));
        for (String command : commands) {
            io.addAll(List.of("-c", command));
        }
        io.add(folder.resolve(image).toString());
        Images.run(io);
    }
}
