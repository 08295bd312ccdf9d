package io.planish.acceptance.random;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Collectors;

/** A layer while its shapes are drawn. */
final class LayerDraft {
    static final int SECTOR = 512;

    private final String name;
    private final Optional<Layer> backing;
    private final Map<String, String> options = new TreeMap<>();
    private final Set<LayerShape> shapes = EnumSet.noneOf(LayerShape.class);
    private final List<String> writes = new ArrayList<>();
    private final List<List<Object>> afterwards = new ArrayList<>();
    private String format = "qcow2";
    private long sizeBytes;

    private LayerDraft(String name, Optional<Layer> backing) {
        this.name = name;
        this.backing = backing;
    }

    static LayerDraft draw(String name, Optional<Layer> backing, Random random) {
        LayerDraft draft = new LayerDraft(name, backing);
        draft.sizeBytes = (1 + random.nextInt(6 << 20 >> 9)) * (long) SECTOR;
        for (LayerShape shape : LayerShape.values()) {
            boolean suits = draft.isQcow2() || shape.suitsRaw();
            if (random.nextInt(shape.oneIn()) == 0 && suits && shape.draw(draft, random)) {
                draft.shapes.add(shape);
            }
        }
        return draft;
    }

    boolean is(LayerShape shape) {
        return shapes.contains(shape);
    }

    Optional<Layer> backing() {
        return backing;
    }

    boolean isQcow2() {
        return format.equals("qcow2");
    }

    /** Makes it an image of another format, without any option. */
    void format(String other) {
        format = other;
        options.clear();
    }

    void option(String key, Object value) {
        options.put(key, value.toString());
    }

    int clusterBytes() {
        return Integer.parseInt(options.getOrDefault("cluster_size", "65536"));
    }

    long sizeBytes() {
        return sizeBytes;
    }

    void sizeBytes(long bytes) {
        sizeBytes = bytes;
    }

    /** A command for {@code qemu-io}, carried out in the order in which they are added. */
    void write(String command) {
        writes.add(command);
    }

    /** A whole command that is run after all writes; {@code FILE} stands for the image's path. */
    void afterwards(Object... command) {
        afterwards.add(List.of(command));
    }

    /** Adds what makes it to a script, without what is in it. */
    Layer create(Script script, Path folder) {
        Layer layer = new Layer(name, backing.map(Layer::name).orElse(""), format, sizeBytes, shapes, story());
        Path path = folder.resolve(layer.file());
        List<Object> create = new ArrayList<>(List.of("qemu-img", "create", "-q", "-f", format));
        if (!options.isEmpty()) {
            create.addAll(List.of("-o", optionText()));
        }
        backing.ifPresent(below -> create.addAll(List.of("-b", below.file(), "-F", below.format())));
        create.addAll(List.of(path, sizeBytes));
        script.must(create.toArray());
        return layer;
    }

    /** What {@code qemu-io} has to do with it; layers below come first. */
    List<String> writes(Path folder) {
        List<String> commands = new ArrayList<>();
        if (!writes.isEmpty()) {
            commands.add("open -o driver=" + format + ",cache.no-flush=on,discard=unmap "
                    + folder.resolve(name + "." + format));
            commands.addAll(writes);
            commands.add("close");
        }
        return commands;
    }

    /** Adds what is done to it once it is written. */
    void finish(Script script, Path folder) {
        Path path = folder.resolve(name + "." + format);
        for (List<Object> command : afterwards) {
            script.may(command.stream()
                    .map(word -> word.equals("FILE") ? path : word)
                    .toArray());
        }
    }

    private String optionText() {
        return options.entrySet().stream()
                .map(option -> option.getKey() + "=" + option.getValue())
                .collect(Collectors.joining(","));
    }

    private String story() {
        return backing.map(below -> below.name() + " <- ").orElse("") + name + " " + format + " size=" + sizeBytes + " "
                + optionText() + " " + writes + (afterwards.isEmpty() ? "" : " " + afterwards);
    }
}
