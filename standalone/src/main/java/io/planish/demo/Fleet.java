package io.planish.demo;

import io.planish.fleet.Layering;
import io.planish.fleet.Qemu;
import io.planish.standalone.LocalPool;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** Twelve chains in four pools, made by {@code qemu-img} and {@code qemu-io}: what an operator's storage looks like, in small. */
final class Fleet {
    static final String RAW = ".img";
    private static final long SEED = 20_261_123;
    /** Where hypervisors see the pool {@code remote}; nothing on this machine has that path. */
    private static final String REMOTE_HOST_PATH = "/srv/hypervisor/remote";

    private final Path references;
    private final LocalPool golden;
    private final LocalPool vms;
    private final LocalPool bulk;
    private final LocalPool remote;
    private final List<Chain> chains = new ArrayList<>();

    private Fleet(Path folder) throws IOException {
        references = Files.createDirectories(folder.resolve("references"));
        golden = pool(folder, "golden", Map.of("complete", "true"));
        vms = pool(folder, "vms", Map.of("complete", "true"));
        // Slow enough that a worker can be killed in the middle of a job.
        bulk = pool(folder, "bulk", Map.of("complete", "true", "slots", "1", "bytes-per-second", "64M"));
        remote = pool(folder, "remote", Map.of("host-path", REMOTE_HOST_PATH));
    }

    static Fleet make(Path folder) throws IOException {
        Fleet fleet = new Fleet(folder);
        fleet.sharedGoldenImage();
        fleet.privateChainWithLargeBase();
        fleet.fork();
        fleet.longCopy();
        fleet.poolSeenElsewhere();
        fleet.missingBackingFile();
        fleet.heldOpen();
        return fleet;
    }

    List<LocalPool> pools() {
        return List.of(golden, vms, bulk, remote);
    }

    List<Chain> chains() {
        return List.copyOf(chains);
    }

    Chain chain(String name) {
        return chains.stream()
                .filter(c -> c.leaf().getFileName().toString().equals(name + ".qcow2"))
                .findFirst()
                .orElseThrow();
    }

    private void sharedGoldenImage() throws IOException {
        Path raw = references.resolve("golden.tmp");
        new Layering(SEED, 256).base(raw, "qcow2", 96);
        Path base = golden.folder().resolve("debian.qcow2");
        Qemu.img("convert", "-c", "-O", "qcow2", raw, base);
        Files.delete(raw);
        for (int i = 1; i <= 4; i++) {
            Layering layers = new Layering(SEED + i, 256);
            Path snapshot = vms.folder().resolve("web-" + i + "-monday.qcow2");
            layers.overlay(snapshot, base.toString(), "qcow2", 12);
            Path leaf = vms.folder().resolve("web-" + i + ".qcow2");
            layers.overlay(leaf, snapshot.getFileName().toString(), "qcow2", 6);
            readable(vms, leaf, 3, 2, "shares the golden image with three others");
        }
    }

    private void privateChainWithLargeBase() throws IOException {
        Layering layers = new Layering(SEED + 10, 512);
        Path below = vms.folder().resolve("ledger-base.qcow2");
        layers.base(below, "qcow2", 256);
        for (String name : List.of("ledger-monday", "ledger-tuesday", "ledger")) {
            Path overlay = vms.folder().resolve(name + ".qcow2");
            layers.overlay(overlay, below.getFileName().toString(), "qcow2", 5);
            below = overlay;
        }
        readable(vms, below, 4, 1, "large base, small overlays: committed, under the leaf's name");
    }

    private void fork() throws IOException {
        Layering layers = new Layering(SEED + 20, 256);
        Path os = vms.folder().resolve("os.qcow2");
        layers.base(os, "qcow2", 40);
        Path patched = vms.folder().resolve("os-patched.qcow2");
        layers.overlay(patched, "os.qcow2", "qcow2", 24);
        for (String name : List.of("app-blue", "app-green")) {
            Path leaf = vms.folder().resolve(name + ".qcow2");
            layers.overlay(leaf, "os-patched.qcow2", "qcow2", 8);
            readable(vms, leaf, 3, 2, "one side of a fork");
        }
    }

    private void longCopy() throws IOException {
        Layering layers = new Layering(SEED + 30, 1024);
        layers.base(bulk.folder().resolve("archive-base.qcow2"), "qcow2", 300);
        layers.overlay(bulk.folder().resolve("archive-june.qcow2"), "archive-base.qcow2", "qcow2", 150);
        Path leaf = bulk.folder().resolve("archive.qcow2");
        layers.overlay(leaf, "archive-june.qcow2", "qcow2", 280);
        readable(bulk, leaf, 3, 1, "its worker is killed in the middle");
    }

    /** Backing names as a hypervisor writes them, under a path that only it has. */
    private void poolSeenElsewhere() throws IOException {
        Layering layers = new Layering(SEED + 40, 256);
        Path raw = remote.folder().resolve("mail-base" + RAW);
        layers.base(raw, "raw", 32);
        List<Path> chain = new ArrayList<>(List.of(raw));
        for (int i = 1; i <= 5; i++) {
            Path overlay = remote.folder().resolve(i == 5 ? "mail.qcow2" : "mail-" + i + ".qcow2");
            layers.overlay(overlay, chain.getLast().toString(), i == 1 ? "raw" : "qcow2", 10);
            chain.add(overlay);
        }
        readable(remote, chain.getLast(), 6, 2, "keeps its raw base; backing names are the hypervisor's");
        Path base = remote.folder().resolve("appliance-base.qcow2");
        layers.base(base, "qcow2", 24);
        Path leaf = remote.folder().resolve("appliance.qcow2");
        layers.overlay(leaf, base.toString(), "qcow2", 8);
        chain.add(leaf);
        readable(remote, leaf, 2, 1, "pool not declared complete: pulled");
        for (Path image : chain) {
            String backing = Qemu.info(image).path("backing-filename").asText();
            if (!backing.isEmpty()) {
                String format = backing.endsWith(RAW) ? "raw" : "qcow2";
                Qemu.img(
                        "rebase",
                        "-u",
                        "-b",
                        REMOTE_HOST_PATH + "/" + Path.of(backing).getFileName(),
                        "-F",
                        format,
                        image);
            }
        }
    }

    private void missingBackingFile() throws IOException {
        Layering layers = new Layering(SEED + 50, 128);
        Path gone = vms.folder().resolve("gone.qcow2");
        layers.base(gone, "qcow2", 4);
        Path leaf = vms.folder().resolve("orphan.qcow2");
        layers.overlay(leaf, "gone.qcow2", "qcow2", 4);
        Files.delete(gone);
        chains.add(new Chain(
                vms, leaf, Optional.empty(), 1, 1, Optional.of("BACKING_MISSING"), "its backing file is missing"));
    }

    private void heldOpen() throws IOException {
        Layering layers = new Layering(SEED + 60, 128);
        layers.base(vms.folder().resolve("db-base.qcow2"), "qcow2", 16);
        layers.overlay(vms.folder().resolve("db-monday.qcow2"), "db-base.qcow2", "qcow2", 8);
        Path leaf = vms.folder().resolve("db.qcow2");
        layers.overlay(leaf, "db-monday.qcow2", "qcow2", 8);
        Path reference = reference(leaf);
        chains.add(new Chain(
                vms, leaf, Optional.of(reference), 3, 3, Optional.of("IN_USE"), "held open by qemu-io, as by a guest"));
    }

    private void readable(LocalPool pool, Path leaf, int layers, int expected, String story) throws IOException {
        chains.add(new Chain(pool, leaf, Optional.of(reference(leaf)), layers, expected, Optional.empty(), story));
    }

    private Path reference(Path leaf) throws IOException {
        Path copy = references.resolve(leaf.getFileName());
        Qemu.img("convert", "-O", "qcow2", leaf, copy);
        return copy;
    }

    private static LocalPool pool(Path folder, String name, Map<String, String> settings) throws IOException {
        return new LocalPool(
                name, Files.createDirectories(folder.resolve("pools").resolve(name)), settings);
    }
}
