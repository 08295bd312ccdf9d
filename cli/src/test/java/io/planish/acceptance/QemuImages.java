package io.planish.acceptance;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/** Chains of real images in one folder, made by QEMU's tools and looked at by them only. */
public final class QemuImages {
    static final String SIZE = "8M";

    private final Path folder;
    private final Path memory;
    private final Map<String, Long> sizes = new TreeMap<>();
    private int layers;

    /** @param memory a folder outside of what is scanned, for what images showed before */
    public QemuImages(Path folder, Path memory) {
        this.folder = folder;
        this.memory = memory;
    }

    /** In a new folder {@code images} of this one, in which nothing else is. */
    static QemuImages in(Path dir) throws IOException {
        return new QemuImages(Files.createDirectory(dir.resolve("images")), Files.createDirectory(dir.resolve("m")));
    }

    Path folder() {
        return folder;
    }

    Path path(String name) {
        return folder.resolve(name + ".qcow2");
    }

    /**
     * Makes a chain as drawn, {@code "base <- s1 <- [a, b]"}, of 8 MiB disks. Each layer writes a pattern of its own where nobody else
     * writes, and over a part of what the layer below wrote.
     *
     * @return the names, base first
     */
    List<String> chain(String drawing) {
        return chain(drawing, List.of(""));
    }

    /** @param options of the layers, from the base on, again from the first when there are more layers */
    List<String> chain(String drawing, List<String> options) {
        List<String> names = new ArrayList<>();
        String backing = "";
        for (String step : drawing.split("<-")) {
            for (String name : step.replaceAll("[\\[\\]]", "").split(",")) {
                overlay(name.strip(), backing, options.get(names.size() % options.size()), SIZE);
                write(name.strip(), pattern());
                names.add(name.strip());
            }
            backing = names.getLast();
        }
        return names;
    }

    /** Makes an image; {@code backing} is the name of another one of this folder, or empty. */
    void overlay(String name, String backing, String options, String size) {
        List<Object> command = new ArrayList<>(List.of("create", "-q", "-f", "qcow2"));
        if (!options.isEmpty()) {
            command.addAll(List.of("-o", options));
        }
        if (!backing.isEmpty()) {
            command.addAll(List.of("-b", backing + ".qcow2", "-F", "qcow2"));
        }
        command.addAll(List.of(path(name), size));
        Qemu.img(command.toArray());
    }

    void write(String name, String... commands) {
        Qemu.io(path(name), List.of(commands));
    }

    private String[] pattern() {
        int layer = ++layers;
        return new String[] {
            "write -P " + (16 + layer) + " " + layer * 512 + "k 256k",
            "write -P " + (64 + layer) + " " + (layer * 512 - 192) + "k 70k",
            "write -z " + (layer * 512 - 448) + "k 64k"
        };
    }

    /** Remembers what these images show, to compare with later. */
    void remember(List<String> names) {
        for (String name : names) {
            Qemu.img("convert", "-U", "-f", "qcow2", "-O", "raw", path(name), memory.resolve(name + ".raw"));
            sizes.put(name, virtualSize(name));
        }
    }

    /** The image shows, to its last byte, what it showed when it was remembered, and its own tables are sound and without leaks. */
    void assertUnchangedAndClean(String... names) {
        for (String name : names) {
            assertSameContent(name, name);
            assertClean(name);
        }
    }

    /** The image shows what {@code remembered} showed. */
    void assertSameContent(String name, String remembered) {
        Qemu.Result compared = Qemu.run(
                "qemu-img",
                "compare",
                "-U",
                "-f",
                "qcow2",
                "-F",
                "raw",
                path(name),
                memory.resolve(remembered + ".raw"));
        assertThat(compared.exit())
                .as("%s: %s%s", name, compared.out(), compared.err())
                .isZero();
        assertThat(virtualSize(name)).as("virtual size of " + name).isEqualTo(sizes.get(remembered));
    }

    void assertClean(String name) {
        Qemu.Result checked = Qemu.run("qemu-img", "check", "-U", "-f", "qcow2", path(name));
        assertThat(checked.exit())
                .as("%s: %s%s", name, checked.out(), checked.err())
                .isZero();
    }

    /** The chain that ends in this image, drawn. */
    public String chainOf(String top) {
        List<String> names = new ArrayList<>();
        for (JsonNode image :
                Qemu.json(Qemu.img("info", "-U", "--backing-chain", "--output=json", "-f", "qcow2", path(top)))) {
            String file = Path.of(image.path("filename").asText()).getFileName().toString();
            names.addFirst(file.replace(".qcow2", ""));
        }
        return String.join(" <- ", names);
    }

    long virtualSize(String name) {
        return virtualSize(path(name), "qcow2");
    }

    /** As the header has it, or the length of a raw image. */
    public static long virtualSize(Path image, String format) {
        try (RandomAccessFile file = new RandomAccessFile(image.toFile(), "r")) {
            if (format.equals("raw")) {
                return file.length();
            }
            file.seek(24);
            return file.readLong();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    boolean exists(String name) {
        return Files.exists(path(name));
    }

    byte[] bytes(String name) throws IOException {
        return Files.readAllBytes(path(name));
    }
}
