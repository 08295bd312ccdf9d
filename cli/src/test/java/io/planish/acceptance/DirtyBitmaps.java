package io.planish.acceptance;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.BitSet;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;

/** Persistent bitmaps as QEMU reads them. */
public final class DirtyBitmaps {
    static final int UNIT = 512;

    private DirtyBitmaps() {}

    /** What {@code qemu-img info} says of each, by name: granularity and flags. */
    public static Map<String, String> of(Path image) {
        Map<String, String> bitmaps = new TreeMap<>();
        JsonNode info = Qemu.json(Qemu.img("info", "-U", "--output=json", "-f", "qcow2", image));
        for (JsonNode bitmap : info.path("format-specific").path("data").path("bitmaps")) {
            bitmaps.put(bitmap.path("name").asText(), bitmap.path("granularity").asInt() + " " + bitmap.path("flags"));
        }
        return bitmaps;
    }

    /** The dirty parts of the disk in units of 512 bytes, as a client of QEMU's NBD server sees them. */
    public static BitSet dirty(Path image, String name) {
        try {
            Path folder = Files.createTempDirectory("nbd");
            Path socket = folder.resolve("s");
            Path pid = folder.resolve("pid");
            Process server = new ProcessBuilder(
                            "qemu-nbd",
                            "-r",
                            "-f",
                            "qcow2",
                            "-B",
                            name,
                            "-k",
                            socket.toString(),
                            "--pid-file=" + pid,
                            image.toString())
                    .redirectErrorStream(true)
                    .start();
            // written once it listens
            while (!Files.exists(pid)) {
                if (!server.isAlive()) {
                    throw new IllegalStateException(
                            server.inputReader(StandardCharsets.UTF_8).readLine());
                }
                Thread.onSpinWait();
            }
            BitSet dirty = new BitSet();
            JsonNode map = Qemu.json(Qemu.img(
                    "map",
                    "--output=json",
                    "--image-opts",
                    "driver=nbd,server.type=unix,server.path=" + socket + ",x-dirty-bitmap=qemu:dirty-bitmap:" + name));
            for (JsonNode range : map) {
                if (!range.path("data").asBoolean()) {
                    long start = range.path("start").asLong();
                    dirty.set((int) (start / UNIT), (int)
                            ((start + range.path("length").asLong() + UNIT - 1) / UNIT));
                }
            }
            // it ends with its only client, and holds the image until then
            server.waitFor();
            for (Path file : List.of(socket, pid, folder)) {
                Files.deleteIfExists(file);
            }
            return dirty;
        } catch (IOException | InterruptedException e) {
            throw new IllegalStateException(e);
        }
    }

    /** Ranges written {@code 64k+4k 1M+64k}: start and length. */
    static BitSet ranges(String text) {
        BitSet set = new BitSet();
        for (String range : text.isEmpty() ? new String[0] : text.split(" ")) {
            String[] parts = range.split("\\+");
            long start = bytes(parts[0]);
            set.set((int) (start / UNIT), (int) ((start + bytes(parts[1])) / UNIT));
        }
        return set;
    }

    /** Leaves the image as a crash of its hypervisor leaves it: its enabled bitmaps were not saved. */
    static void crash(Path image) throws IOException {
        Process guest = new ProcessBuilder("qemu-io", "-f", "qcow2", image.toString())
                .redirectErrorStream(true)
                .start();
        guest.getOutputStream().write("write 0 512\n".getBytes(StandardCharsets.UTF_8));
        guest.getOutputStream().flush();
        guest.inputReader(StandardCharsets.UTF_8).readLine();
        guest.destroyForcibly();
        try {
            guest.waitFor(20, TimeUnit.SECONDS);
        } catch (InterruptedException e) {
            throw new IllegalStateException(e);
        }
    }

    private static long bytes(String text) {
        long unit = switch (text.charAt(text.length() - 1)) {
            case 'k' -> 1 << 10;
            case 'M' -> 1 << 20;
            default -> 1;
        };
        return Long.parseLong(unit == 1 ? text : text.substring(0, text.length() - 1)) * unit;
    }
}
