package io.planish.scan;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.core.json.JsonReadFeature;
import java.io.IOException;
import java.util.LinkedHashSet;
import java.util.Set;

/** Takes backing names apart that are more than the path of a file: protocols and {@code json:}. */
public final class BackingNames {
    private static final String JSON = "json:";
    private static final String FILE = "file:";
    /** QEMU's dialect: strings in single quotes too. */
    private static final JsonFactory DIALECT = JsonFactory.builder()
            .enable(JsonReadFeature.ALLOW_SINGLE_QUOTES)
            .enable(JsonReadFeature.ALLOW_BACKSLASH_ESCAPING_ANY_CHARACTER)
            .build();

    private BackingNames() {}

    /**
     * All that could be the path of a file in a name that names a protocol; more than those that are.
     *
     * @throws JsonProcessingException if the name cannot be made sense of
     */
    public static Set<String> paths(String written) throws IOException {
        Set<String> paths = new LinkedHashSet<>();
        collect(written, paths);
        return paths;
    }

    private static void collect(String name, Set<String> into) throws IOException {
        if (name.startsWith(JSON)) {
            strings(name.substring(JSON.length()), into);
            return;
        }
        into.add(name);
        for (int colon = name.indexOf(':'); colon >= 0; colon = name.indexOf(':', colon + 1)) {
            String rest = name.substring(colon + 1);
            into.add(rest.startsWith(FILE) ? rest.substring(FILE.length()) : rest);
        }
    }

    private static void strings(String json, Set<String> into) throws IOException {
        try (JsonParser parser = DIALECT.createParser(json)) {
            for (JsonToken token = parser.nextToken(); token != null; token = parser.nextToken()) {
                if (token == JsonToken.VALUE_STRING) {
                    collect(parser.getText(), into);
                }
            }
        }
    }
}
