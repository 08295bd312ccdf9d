package io.planish.storage;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryIteratorException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * Who on this machine has files open, as far as {@code /proc} shows it; told in words, nothing is decided from it. Looks at all processes
 * once, when first asked. Thread-safe.
 */
public final class Holders {
    private static final Pattern GUEST = Pattern.compile("(?:^|\0)-name\0(?:guest=)?([^,\0]+)");
    private static final int NAMED = 3;
    private static final int TEXT_BYTES = 1 << 16;

    private final Path proc;
    private @Nullable Map<Long, List<Path>> descriptorsByInode;

    public Holders() {
        this(Path.of("/proc"));
    }

    Holders(Path proc) {
        this.proc = proc;
    }

    /** {@code qemu-system-x86 (pid 4242, guest web-1)}; empty: nobody that can be seen from here. */
    public synchronized Optional<String> of(Path file, FileStatus status) {
        if (descriptorsByInode == null) {
            descriptorsByInode = descriptors();
        }
        TreeSet<Long> pids = new TreeSet<>();
        for (Path descriptor : descriptorsByInode.getOrDefault(status.inode(), List.of())) {
            try {
                if (Files.isSameFile(descriptor, file)) {
                    pids.add(Long.valueOf(String.valueOf(descriptor.getName(descriptor.getNameCount() - 3))));
                }
            } catch (IOException e) {
                // it was closed meanwhile
            }
        }
        List<String> names = pids.stream().limit(NAMED).map(this::process).toList();
        if (names.isEmpty()) {
            return Optional.empty();
        }
        int more = pids.size() - names.size();
        return Optional.of(String.join(", ", names) + (more == 0 ? "" : " and " + more + " more"));
    }

    private String process(long pid) {
        String name = text(pid, "comm").strip().replaceAll("\\p{C}", "?");
        Matcher guest = GUEST.matcher(text(pid, "cmdline"));
        return (name.isEmpty() ? "a process" : name) + " (pid " + pid
                + (guest.find() ? ", guest " + guest.group(1).replaceAll("\\p{C}", "?") : "") + ")";
    }

    private String text(long pid, String file) {
        try (var in = Files.newInputStream(proc.resolve(Long.toString(pid)).resolve(file))) {
            return new String(in.readNBytes(TEXT_BYTES), StandardCharsets.UTF_8);
        } catch (IOException e) {
            return "";
        }
    }

    private Map<Long, List<Path>> descriptors() {
        Map<Long, List<Path>> found = new HashMap<>();
        String self = Long.toString(ProcessHandle.current().pid());
        try (DirectoryStream<Path> processes = Files.newDirectoryStream(proc, "[0-9]*")) {
            for (Path process : processes) {
                if (!process.endsWith(self)) {
                    descriptors(process, found);
                }
            }
        } catch (IOException e) {
            // then it cannot be told
        }
        return found;
    }

    private static void descriptors(Path process, Map<Long, List<Path>> found) {
        try (DirectoryStream<Path> descriptors = Files.newDirectoryStream(process.resolve("fd"))) {
            for (Path descriptor : descriptors) {
                if (Files.readSymbolicLink(descriptor).isAbsolute()
                        && Files.getAttribute(descriptor, "unix:ino") instanceof Long inode) {
                    found.computeIfAbsent(inode, i -> new ArrayList<>()).add(descriptor);
                }
            }
        } catch (IOException | DirectoryIteratorException e) {
            // the process has ended, or is none of ours
        }
    }
}
