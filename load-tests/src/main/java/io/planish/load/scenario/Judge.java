package io.planish.load.scenario;

import io.planish.fleet.Qemu;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;

/** Looks at a fleet with QEMU's tools only. */
final class Judge {
    private static final int THREADS = 2;

    private Judge() {}

    /** Every disk shows what it must, is sound, and its chain is as long as it was made. */
    static List<String> before(Fleet fleet) throws IOException, InterruptedException {
        return faults(fleet.disks(), Fleet.Disk::files);
    }

    /** Every disk shows what it must, is sound and flat. */
    static List<String> after(Fleet fleet) throws IOException, InterruptedException {
        return faults(fleet.disks(), Fleet.Disk::filesAfter);
    }

    /** Every disk shows what it must and is sound, however many files it has. */
    static List<String> meanwhile(List<Fleet.Disk> disks) throws IOException, InterruptedException {
        return faults(disks, disk -> Integer.MAX_VALUE);
    }

    /** What is shared is there, shows what it must and is sound. */
    static List<String> shared(Fleet fleet) throws IOException, InterruptedException {
        return faults(fleet.shared(), disk -> Integer.MAX_VALUE);
    }

    private interface Limit {
        int files(Fleet.Disk disk);
    }

    private static List<String> faults(List<Fleet.Disk> disks, Limit limit) throws IOException, InterruptedException {
        List<Callable<List<String>>> looks = new ArrayList<>();
        disks.forEach(disk -> looks.add(() -> faults(disk, limit.files(disk))));
        List<String> faults = new ArrayList<>();
        try (ExecutorService threads = Executors.newFixedThreadPool(THREADS)) {
            for (Future<List<String>> look : threads.invokeAll(looks)) {
                faults.addAll(look.get());
            }
        } catch (ExecutionException e) {
            throw new IOException("the fleet could not be looked at: " + e.getCause(), e);
        }
        return faults;
    }

    private static List<String> faults(Fleet.Disk disk, int limit) throws IOException {
        List<String> faults = new ArrayList<>();
        if (!Files.exists(disk.image())) {
            return List.of(disk.ref() + ": is gone");
        }
        String difference = disk.content().differenceIn(disk.image(), "qcow2");
        if (!difference.isEmpty()) {
            faults.add(disk.ref() + ": " + difference);
        }
        Qemu.Answer checked =
                Qemu.run(List.of("qemu-img", "check", "-U", "-q", disk.image().toString()));
        if (checked.exit() != 0) {
            faults.add(disk.ref() + ": qemu-img check: " + checked.text());
        }
        if (limit < Integer.MAX_VALUE) {
            int files = files(disk.image());
            if (files > limit) {
                faults.add(disk.ref() + ": " + files + " files in its chain, expected " + limit);
            }
        }
        return faults;
    }

    /** Files in an image's chain, as its headers say. */
    static int files(Path image) throws IOException {
        int files = 1;
        Path at = image;
        while (true) {
            String backing = Qemu.info(at).path("backing-filename").asText();
            if (backing.isEmpty() || !Files.exists(at.resolveSibling(backing))) {
                return files;
            }
            at = at.resolveSibling(backing);
            files++;
            if (at.toString().endsWith(".raw")) {
                return files;
            }
        }
    }
}
