package io.planish.acceptance.random;

import static org.assertj.core.api.Assertions.assertThat;

import io.planish.acceptance.DirtyBitmaps;
import io.planish.acceptance.Merges;
import io.planish.acceptance.QemuImages;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.io.UncheckedIOException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Collectors;

/** One tree and what is done to it. */
final class RandomCase {
    private static final int DIRTY_BYTE = 79;

    private final Path memory;
    private final RandomTree tree;
    private final Change change;
    /** What the bitmaps of each layer were: what QEMU says of them, and their dirty sectors, by name. */
    private final Map<Layer, Map<String, String>> bitmaps = new HashMap<>();

    private final Map<Layer, Map<String, BitSet>> dirty = new HashMap<>();
    /** Of the files behind each layer, so that what was not touched need not be judged. */
    private final Map<Layer, List<String>> facts = new HashMap<>();

    RandomCase(Path folder, long seed) throws IOException {
        Random random = new Random(seed);
        Path images = Files.createDirectory(folder.resolve("images"));
        memory = Files.createDirectory(folder.resolve("memory"));
        Merges merges = new Merges(images, Files.createDirectory(folder.resolve("state")));
        tree = new RandomTree(images, random);
        change = Operation.any(random).draw(tree, merges, random);
    }

    String story() {
        return tree.story() + change.story();
    }

    /** Carries it out and judges it; returns why it was rightly refused, if so. */
    Optional<Refusal> run() {
        remember();
        Change.Reply reply = change.act().get();
        if (reply.error().isEmpty()) {
            assertThat(change.due()).as("was not refused").isEmpty();
            Set<Layer> gone = change.mayGo().stream()
                    .filter(layer -> !Files.exists(tree.path(layer)))
                    .collect(Collectors.toSet());
            Map<Layer, Layer> shows = new LinkedHashMap<>(change.shows());
            shows.keySet().removeAll(gone);
            assertRight(
                    shows,
                    change.clean().stream()
                            .filter(layer -> !gone.contains(layer))
                            .toList());
            change.committed().forEach(this::assertCommitted);
            for (String chain : change.chains()) {
                assertThat(new QemuImages(tree.folder(), memory).chainOf(chain.substring(chain.lastIndexOf(' ') + 1)))
                        .endsWith(chain);
            }
            return Optional.empty();
        }
        Optional<Refusal> refusal =
                change.due().stream().filter(one -> one.isIn(reply.error())).findFirst();
        assertThat(refusal).as("refused: %s", reply.error()).isPresent();
        assertRight(Operation.unchanged(tree.all()), List.of());
        return refusal;
    }

    private void remember() {
        Script script = new Script();
        Set<Layer> judged =
                new LinkedHashSet<>(change.due().isEmpty() ? change.shows().values() : tree.all());
        judged.addAll(change.committed().keySet());
        judged.addAll(change.committed().values());
        for (Layer layer : judged) {
            script.must(
                    "qemu-img",
                    "convert",
                    "-t",
                    "unsafe",
                    "-f",
                    layer.format(),
                    "-O",
                    "raw",
                    tree.path(layer),
                    raw(layer));
        }
        String failed = script.run();
        if (!failed.isEmpty()) {
            throw new IllegalStateException(failed);
        }
        tree.all().forEach(layer -> facts.put(layer, facts(layer)));
        judged.stream().filter(layer -> layer.is(LayerShape.BITMAPS)).forEach(layer -> {
            bitmaps.put(layer, DirtyBitmaps.of(tree.path(layer)));
            dirty.put(layer, dirty(tree.path(layer)));
        });
    }

    private static Map<String, BitSet> dirty(Path image) {
        Map<String, BitSet> dirty = new TreeMap<>();
        DirtyBitmaps.of(image).keySet().forEach(name -> dirty.put(name, DirtyBitmaps.dirty(image, name)));
        return dirty;
    }

    /** What shows a layer's content has its bitmaps, with at least its dirty bits. */
    private void assertBitmaps(Layer file, Layer shown) {
        if (!bitmaps.containsKey(shown)) {
            return;
        }
        assertThat(DirtyBitmaps.of(tree.path(file))).containsAllEntriesOf(bitmaps.getOrDefault(shown, Map.of()));
        Map<String, BitSet> now = dirty(tree.path(file));
        dirty.getOrDefault(shown, Map.of()).forEach((name, before) -> {
            BitSet lost = (BitSet) before.clone();
            lost.andNot(now.getOrDefault(name, new BitSet()));
            assertThat(lost.isEmpty()).as("bits of %s in %s", name, file.name()).isTrue();
        });
    }

    private void assertCommitted(Layer file, Layer top) {
        try (FileChannel own = FileChannel.open(raw(file), StandardOpenOption.WRITE);
                FileChannel over = FileChannel.open(raw(top))) {
            long end = over.size();
            for (long at = 0; at < end; ) {
                at += over.transferTo(at, end - at, own.position(at));
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        Script script = new Script();
        script.must("qemu-img", "compare", "-f", file.format(), "-F", "raw", tree.path(file), raw(file));
        assertThat(script.run()).isEmpty();
    }

    private void assertRight(Map<Layer, Layer> shows, List<Layer> clean) {
        Script script = new Script();
        shows.forEach((file, shown) -> {
            if (!file.equals(shown) || isTouched(file)) {
                script.must("qemu-img", "compare", "-f", file.format(), "-F", "raw", tree.path(file), raw(shown));
            }
        });
        Set<Layer> checked = new LinkedHashSet<>(shows.keySet());
        checked.addAll(clean);
        checked.removeIf(file -> !isTouched(file));
        for (Layer file : checked) {
            if (file.format().equals("qcow2")) {
                if (isDirty(file)) {
                    script.must("qemu-img", "check", "-r", "all", "-f", "qcow2", tree.path(file));
                }
                script.must("qemu-img", "check", "-f", "qcow2", tree.path(file));
            }
        }
        assertThat(script.run()).isEmpty();
        List<String> sizes = new ArrayList<>();
        shows.forEach((file, shown) -> {
            long found = QemuImages.virtualSize(tree.path(file), file.format());
            if (found != shown.sizeBytes()) {
                sizes.add(file.name() + " has " + found + " bytes, not " + shown.sizeBytes());
            }
        });
        assertThat(sizes).isEmpty();
        shows.forEach(this::assertBitmaps);
    }

    /** What nobody had to write is as its writer left it, to be repaired. */
    private boolean isDirty(Layer layer) {
        try (RandomAccessFile file = new RandomAccessFile(tree.path(layer).toFile(), "r")) {
            file.seek(DIRTY_BYTE);
            return layer.is(LayerShape.DIRTY) && (file.read() & 1) != 0;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Whether anything that a guest of this layer reads was written since it was remembered. */
    private boolean isTouched(Layer layer) {
        return !facts(layer).equals(facts.get(layer));
    }

    private List<String> facts(Layer layer) {
        return tree.files(layer).stream().map(RandomCase::facts).toList();
    }

    private static String facts(Path file) {
        try {
            return Files.exists(file)
                    ? Files.readAttributes(file, "unix:ino,size,lastModifiedTime,ctime")
                            .toString()
                    : "gone";
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private Path raw(Layer layer) {
        return memory.resolve(layer.name() + ".raw");
    }
}
