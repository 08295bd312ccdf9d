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
        Script script = new Script();
        int layers = 2 + random.nextInt(5);
        for (int i = 0; i < layers; i++) {
            chain.add(make(script, "l" + i, i == 0 ? Optional.empty() : Optional.of(chain.get(i - 1))));
        }
        for (Layer layer : chain) {
            if (random.nextInt(6) == 0) {
                make(script, "fork-of-" + layer.name(), Optional.of(layer));
            }
        }
        run(script);
    }

    /** Another chain of two layers; returns its top. */
    Layer unrelated() {
        Script script = new Script();
        Layer base = make(script, "n0", Optional.empty());
        Layer top = make(script, "n1", Optional.of(base));
        run(script);
        return top;
    }

    private Layer make(Script script, String name, Optional<Layer> backing) {
        Layer layer = LayerDraft.draw(name, backing, random).make(script, folder);
        all.add(layer);
        return layer;
    }

    private static void run(Script script) {
        String failed = script.run();
        if (!failed.isEmpty()) {
            throw new IllegalStateException(failed);
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
