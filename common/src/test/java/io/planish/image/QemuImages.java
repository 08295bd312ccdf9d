package io.planish.image;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import io.planish.storage.ImageFile;
import io.planish.storage.LinuxStorage;
import io.planish.storage.Qemu;
import io.planish.storage.Storage.OpenMode;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Random;
import java.util.Set;

/** Images that QEMU's tools make in a folder, and what those tools say of them. */
final class QemuImages {
    private static final JsonMapper JSON = new JsonMapper();

    private final Path folder;
    private final LinuxStorage storage = new LinuxStorage();

    QemuImages(Path folder) throws IOException {
        this.folder = folder.toRealPath();
    }

    Path path(String name) {
        return folder.resolve(name);
    }

    Path create(String name, String options, String size) {
        Qemu.img("create", "-q", "-f", "qcow2", "-o", options, path(name).toString(), size);
        return path(name);
    }

    Path overlay(String name, String options, String backing, String format, String size) {
        Qemu.img(
                "create",
                "-q",
                "-f",
                "qcow2",
                "-o",
                options,
                "-b",
                backing,
                "-F",
                format,
                path(name).toString(),
                size);
        return path(name);
    }

    void io(String name, String... commands) {
        Qemu.Result result = Qemu.io(path(name), commands);
        if (result.exit() != 0) {
            throw new IllegalStateException(String.join("; ", commands) + ": " + result.output());
        }
    }

    /**
     * Compressed writes into some clusters, of which there must be none yet, then random writes and zero writes in units that do
     * not fit clusters.
     */
    void scribble(String name, long size, int clusterBytes, boolean compressed, Random random, int count) {
        List<String> commands = new ArrayList<>();
        Set<Long> clusters = new HashSet<>();
        for (int i = 0; i < count; i++) {
            long offset = random.nextLong(size / 512) * 512;
            long length = Math.min(size - offset, (1 + random.nextInt(3 * clusterBytes / 512)) * 512L);
            long start = offset / clusterBytes * clusterBytes;
            String pattern = " -P " + (1 + random.nextInt(255)) + " ";
            switch (random.nextInt(5)) {
                case 0 -> commands.add("write -z " + offset + " " + length);
                case 1 -> commands.add("write -z -u " + offset + " " + length);
                case 2, 3 -> commands.add("write" + pattern + offset + " " + length);
                default -> {
                    if (compressed && clusters.add(start)) {
                        long whole = Math.min(clusterBytes, size - start);
                        commands.addFirst("write -c" + pattern + start + " " + whole);
                    }
                }
            }
        }
        io(name, commands.toArray(String[]::new));
    }

    ImageFile file(String name) throws IOException {
        return storage.open(path(name), OpenMode.READ_WRITE);
    }

    Qcow2Image open(String name) throws IOException {
        return Qcow2Image.open(storage.open(path(name), OpenMode.READ), name, Images.CACHE_BYTES);
    }

    Layer open(String name, String format) throws IOException {
        return Images.open(storage.open(path(name), OpenMode.READ), name, format);
    }

    /** Base first; each name's format is its ending. */
    ImageChain chain(String... names) throws IOException {
        List<Layer> layers = new ArrayList<>();
        for (String name : names) {
            layers.add(open(name, name.endsWith(".raw") ? "raw" : "qcow2"));
        }
        return new ImageChain(layers);
    }

    static byte[] content(ImageChain chain) throws IOException {
        int top = chain.size() - 1;
        ByteBuffer content = ByteBuffer.allocate((int) chain.virtualSizeBytes(top));
        chain.read(top, 0, content);
        return content.array();
    }

    static void close(ImageChain chain) throws IOException {
        for (int i = 0; i < chain.size(); i++) {
            chain.layer(i).close();
        }
    }

    /** What a guest reads, by QEMU. */
    byte[] contentByQemu(String name) throws IOException {
        Path raw = path(name + ".oracle");
        Qemu.img("convert", "-O", "raw", path(name).toString(), raw.toString());
        byte[] content = Files.readAllBytes(raw);
        Files.delete(raw);
        return content;
    }

    /** What a tool prints with {@code --output=json}, whatever its exit code. */
    JsonNode json(String verb, String name) {
        Qemu.Result result =
                Qemu.run("sh", "-c", "qemu-img " + verb + " --output=json '" + path(name) + "' 2>/dev/null");
        try {
            return JSON.readTree(result.output());
        } catch (IOException e) {
            throw new IllegalStateException(result.output(), e);
        }
    }
}
