package io.planish.cli;

import io.planish.ErrorKind;
import io.planish.ImageException;
import io.planish.chain.PoolName;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import java.util.TreeSet;

/** Folders that a user names, as pools. */
final class Folders {
    private static final int NAME_LENGTH = 63;

    private Folders() {}

    /**
     * A pool name for each folder, in the order of their paths: the folder's own name as far as a pool may have it, numbered where two
     * are alike. A folder inside another one belongs to that one's pool. Symbolic links are resolved.
     */
    static Map<PoolName, Path> named(Collection<Path> folders) throws IOException {
        TreeSet<Path> outermost = new TreeSet<>();
        for (Path folder : folders) {
            outermost.add(real(folder));
        }
        Map<PoolName, Path> pools = new LinkedHashMap<>();
        for (Path folder : outermost) {
            if (pools.values().stream().noneMatch(folder::startsWith)) {
                pools.put(freeName(folder, pools), folder);
            }
        }
        return pools;
    }

    private static Path real(Path folder) throws IOException {
        if (!Files.exists(folder)) {
            throw new ImageException(ErrorKind.MISSING, folder.toString(), "there is no such folder", "check the name");
        }
        if (!Files.isDirectory(folder)) {
            throw new ImageException(
                    ErrorKind.MISSING, folder.toString(), "it is not a folder", "name the folder that the image is in");
        }
        return folder.toRealPath();
    }

    private static PoolName freeName(Path folder, Map<PoolName, Path> taken) {
        Path last = folder.getFileName();
        String plain = (last == null ? "" : last.toString())
                .toLowerCase(Locale.ROOT)
                .replaceAll("[^a-z0-9]+", "-")
                .replaceAll("^-+|-+$", "");
        String name = plain.isEmpty() ? "pool" : plain;
        for (int i = 1; ; i++) {
            String number = i == 1 ? "" : "-" + i;
            PoolName candidate =
                    new PoolName(name.substring(0, Math.min(name.length(), NAME_LENGTH - number.length())) + number);
            if (!taken.containsKey(candidate)) {
                return candidate;
            }
        }
    }
}
