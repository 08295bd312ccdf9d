package io.planish.acceptance.random;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.stream.Collectors;

/** A chain of 2 to 6 layers with now and then a fork, and sometimes images beside it, drawn from one seed and made by QEMU's tools. */
final class RandomTree {
    private final Path folder;
    private final Random random;
    private final List<Layer> chain = new ArrayList<>();
    private final List<Layer> all = new ArrayList<>();

    RandomTree(Path folder, Random random) {
        this.folder = folder;
        this.random = random;
        Making making = new Making();
        int layers = 2 + random.nextInt(5);
        for (int i = 0; i < layers; i++) {
            chain.add(making.make("l" + i, i == 0 ? Optional.empty() : Optional.of(chain.get(i - 1))));
        }
        for (Layer layer : chain) {
            if (random.nextInt(6) == 0) {
                making.make("fork-of-" + layer.name(), Optional.of(layer));
            }
        }
        making.run();
    }

    /** Another chain of two layers; returns its top. */
    Layer unrelated() {
        Making making = new Making();
        Layer base = making.make("n0", Optional.empty());
        Layer top = making.make("n1", Optional.of(base));
        making.run();
        return top;
    }

    /** Layers on their way: all are created, then all are written by one process, then each is finished. */
    private final class Making {
        private final Script script = new Script();
        private final List<LayerDraft> drafts = new ArrayList<>();

        Layer make(String name, Optional<Layer> backing) {
            LayerDraft draft = LayerDraft.draw(name, backing, random);
            drafts.add(draft);
            Layer layer = draft.create(script, folder);
            all.add(layer);
            return layer;
        }

        void run() {
            List<Object> io = new ArrayList<>(List.of("qemu-io"));
            for (LayerDraft draft : drafts) {
                draft.writes(folder).forEach(command -> io.addAll(List.of("-c", command)));
            }
            if (io.size() > 1) {
                script.may(io.toArray());
            }
            drafts.forEach(draft -> draft.finish(script, folder));
            String failed = script.run();
            if (!failed.isEmpty()) {
                throw new IllegalStateException(failed);
            }
        }
    }

    Path folder() {
        return folder;
    }

    Path path(Layer layer) {
        return folder.resolve(layer.file());
    }

    /** The chain, base first. */
    List<Layer> chain() {
        return chain;
    }

    /** The chain, and what else there is. */
    List<Layer> all() {
        return all;
    }

    /** The files that a guest of this layer reads, its own first. */
    List<Path> files(Layer layer) {
        List<Path> files = new ArrayList<>(List.of(path(layer)));
        all.stream().filter(below -> below.name().equals(layer.backing())).forEach(below -> files.addAll(files(below)));
        return files;
    }

    List<Layer> overlays(Layer layer) {
        return all.stream().filter(one -> one.backing().equals(layer.name())).toList();
    }

    boolean isShared(Layer layer) {
        return overlays(layer).size() > 1;
    }

    /** What was made, to be read when a case fails. */
    String story() {
        return all.stream().map(Layer::story).collect(Collectors.joining("\n", "", "\n"));
    }
}
