package io.planish.demo;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.planish.standalone.LocalPool;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/** Looks at the fleet with QEMU's tools only. */
final class Judge {
    private static final ObjectMapper JSON = new ObjectMapper();

    private Judge() {}

    /** What is wrong with a chain after the run; nothing if all is well. */
    static List<String> faults(Chain chain) throws IOException {
        List<String> faults = new ArrayList<>();
        int layers = layers(chain);
        if (layers != chain.expectedLayers()) {
            faults.add(chain.image() + ": " + layers + " layers, expected " + chain.expectedLayers());
        }
        if (chain.reference().isPresent()) {
            // -U: the image may be open elsewhere, as the one of the running guest is.
            Qemu.Answer compared = Qemu.run(List.of(
                    "qemu-img",
                    "compare",
                    "-U",
                    chain.reference().get().toString(),
                    chain.leaf().toString()));
            if (compared.exit() != 0) {
                faults.add(chain.image() + ": qemu-img compare: " + compared.text());
            }
        }
        Qemu.Answer checked = Qemu.run(List.of("qemu-img", "check", "-U", "-q", alone(chain.leaf())));
        if (checked.exit() != 0) {
            faults.add(chain.image() + ": qemu-img check: " + checked.text());
        }
        return faults;
    }

    /** Files in the chain, as its headers say; a backing file that is missing does not count. */
    static int layers(Chain chain) throws IOException {
        String hostPath = chain.pool().settings().getOrDefault("host-path", "");
        int layers = 0;
        for (Path image = chain.leaf(); Files.exists(image); layers++) {
            String backing = Qemu.info(image).path("backing-filename").asText();
            if (backing.isEmpty()) {
                return layers + 1;
            }
            if (!hostPath.isEmpty() && backing.startsWith(hostPath + "/")) {
                backing = chain.pool().folder() + backing.substring(hostPath.length());
            }
            image = image.resolveSibling(backing);
        }
        return layers;
    }

    /** Bytes that the pool's files take on disk, by pool. */
    static Map<String, Long> used(Fleet fleet) throws IOException {
        Map<String, Long> used = new TreeMap<>();
        for (LocalPool pool : fleet.pools()) {
            Qemu.Answer du = Qemu.run(List.of("du", "-s", "-B1", pool.folder().toString()));
            used.put(pool.name(), Long.parseLong(du.text().split("\\s", 2)[0]));
        }
        return used;
    }

    /** The image without its backing file, so that one whose backing file is missing can be checked too. */
    private static String alone(Path image) throws IOException {
        ObjectNode options = JSON.createObjectNode().put("driver", "qcow2").putNull("backing");
        options.putObject("file").put("driver", "file").put("filename", image.toString());
        return "json:" + JSON.writeValueAsString(options);
    }
}
