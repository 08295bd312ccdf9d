package io.planish.engine;

import static org.assertj.core.api.Assertions.assertThat;

import io.planish.chain.ImageRef;
import io.planish.qcow2.Backing;
import io.planish.storage.SimulatedStorage;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** A sample of the states in which crashes leave images, written out for QEMU's tools to look at. */
final class QemuJudge {
    private static final int SAMPLE = 20;

    private final Path folder;
    private final List<SimulatedStorage> sample = new ArrayList<>();
    private int offered;

    QemuJudge(Path folder) {
        this.folder = folder;
    }

    /** Takes part in the draw with all others; which are drawn depends on their number only. */
    void offer(SimulatedStorage found, long number) {
        int place = sample.size() < SAMPLE
                ? sample.size()
                : (int) Math.floorMod((number + 1) * 0x9E3779B97F4A7C15L >>> 11, (long) offered + 1);
        offered++;
        if (place < SAMPLE) {
            if (place < sample.size()) {
                sample.set(place, found.fork());
            } else {
                sample.add(found.fork());
            }
        }
    }

    /** {@code qemu-img check} finds nothing but leaks in any image of the sample, and QEMU reads of the kept ones what is expected. */
    void judge(Map<ImageRef, byte[]> contents) throws IOException {
        List<String> script = new ArrayList<>();
        for (int i = 0; i < sample.size(); i++) {
            Simulated pool = new Simulated(sample.get(i));
            Path images = Files.createDirectories(folder.resolve("sample-" + i));
            for (ImageRef image : pool.images()) {
                Path file = images.resolve(image.path());
                Files.createDirectories(file.getParent());
                pool.storage.save(pool.path(image), file);
                if (!Simulated.isRaw(image)) {
                    // a flag that lacks where the count is one costs a copy, and harms nothing
                    script.add(
                            "qemu-img check 'json:{\"driver\":\"qcow2\",\"backing\":null,\"file\":{\"driver\":\"file\",\"filename\":\""
                                    + file
                                    + "\"}}' >'" + file + ".said' 2>&1; [ $? -ne 1 ] || echo '"
                                    + file + " cannot be checked'");
                    script.add("grep ERROR '" + file + ".said' | grep -v 'OFLAG_COPIED.*refcount=1$' | sed 's|^|" + file
                            + ": |'");
                }
            }
            for (Map.Entry<ImageRef, byte[]> kept : contents.entrySet()) {
                if (onlyRelativeNames(pool, kept.getKey())) {
                    Path raw = images.resolve(kept.getKey().path() + ".expected");
                    Files.write(raw, kept.getValue());
                    String format = Simulated.isRaw(kept.getKey()) ? "raw" : "qcow2";
                    script.add("qemu-img compare -q -f " + format + " -F raw '"
                            + images.resolve(kept.getKey().path()) + "' '" + raw + "' || echo 'differs: " + raw + "'");
                }
            }
        }
        Path file = folder.resolve("judge.sh");
        Files.write(file, script);
        assertThat(Images.run(List.of("sh", file.toString()))).isEmpty();
    }

    /** Absolute names are those of the hypervisor, where this folder is not. */
    private static boolean onlyRelativeNames(Simulated pool, ImageRef image) throws IOException {
        for (ImageRef one : pool.chain(image)) {
            if (!Simulated.isRaw(one)
                    && pool.header(one)
                            .backing()
                            .map(Backing::name)
                            .filter(name -> name.startsWith("/"))
                            .isPresent()) {
                return false;
            }
        }
        return true;
    }
}
