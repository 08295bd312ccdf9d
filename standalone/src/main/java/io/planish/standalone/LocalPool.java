package io.planish.standalone;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.regex.Pattern;

/**
 * A storage pool of this machine, as {@code --pool} takes it.
 *
 * @param name 1 to 63 of {@code a-z}, {@code 0-9} and {@code -}
 * @param folder absolute, existing
 * @param settings more keys of {@code planish.pools.<name>}, such as {@code host-path} and {@code complete}
 */
public record LocalPool(String name, Path folder, Map<String, String> settings) {
    private static final Pattern NAME = Pattern.compile("[a-z0-9-]{1,63}");
    private static final Pattern NEXT_SETTING = Pattern.compile(",(?=[a-z-]+=)");

    public LocalPool {
        settings = Map.copyOf(settings);
    }

    /**
     * Reads {@code name=folder[,key=value]...}; a relative folder is taken from the working directory.
     *
     * @throws IllegalArgumentException saying what is wrong with which part
     */
    static LocalPool parse(String text) {
        String[] parts = NEXT_SETTING.split(text);
        int equals = parts[0].indexOf('=');
        if (equals < 0) {
            throw new IllegalArgumentException("pool '" + text + "' is not NAME=FOLDER[,KEY=VALUE]...");
        }
        String name = parts[0].substring(0, equals);
        if (!NAME.matcher(name).matches()) {
            throw new IllegalArgumentException("pool name '" + name + "' is not 1 to 63 of a-z, 0-9 and -");
        }
        Path folder = Path.of(parts[0].substring(equals + 1)).toAbsolutePath().normalize();
        if (!Files.isDirectory(folder)) {
            throw new IllegalArgumentException("pool " + name + ": " + folder + " is not a folder");
        }
        Map<String, String> settings = new LinkedHashMap<>();
        for (int i = 1; i < parts.length; i++) {
            int at = parts[i].indexOf('=');
            settings.put(parts[i].substring(0, at), parts[i].substring(at + 1));
        }
        return new LocalPool(name, folder, settings);
    }

    /** As coordinator and worker are configured. */
    Map<String, String> configuration() {
        String prefix = "planish.pools." + name + ".";
        Map<String, String> all = new LinkedHashMap<>();
        all.put(prefix + "path", folder.toString());
        settings.forEach((key, value) -> all.put(prefix + key, value));
        return all;
    }
}
