package io.planish.demo;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.planish.fleet.Qemu;
import io.planish.standalone.LocalPool;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Stream;

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
                    "qemu-img", "compare", "-U", chain.reference().get().toString(), json(asHypervisorSees(chain))));
            if (compared.exit() != 0) {
                faults.add(chain.image() + ": qemu-img compare: " + compared.text());
            }
        }
        Qemu.Answer checked = Qemu.run(List.of("qemu-img", "check", "-U", "-q", json(alone(chain.leaf()))));
        if (checked.exit() != 0) {
            faults.add(chain.image() + ": qemu-img check: " + checked.text());
        }
        return faults;
    }

    /** Files in the chain, as its headers say. */
    static int layers(Chain chain) throws IOException {
        return files(chain).size();
    }

    /** The chain's files, leaf first; a backing file that is missing is not among them. */
    private static List<Path> files(Chain chain) throws IOException {
        String hostPath = chain.pool().settings().getOrDefault("host-path", "");
        List<Path> files = new ArrayList<>();
        Path image = chain.leaf();
        while (Files.exists(image)) {
            files.add(image);
            String backing = Qemu.info(image).path("backing-filename").asText();
            if (backing.isEmpty()) {
                break;
            }
            if (!hostPath.isEmpty() && backing.startsWith(hostPath + "/")) {
                backing = chain.pool().folder() + backing.substring(hostPath.length());
            }
            image = image.resolveSibling(backing);
        }
        return files;
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

    /** What is still in the pools' trash, although the policy's grace period is zero. */
    static List<Path> trash(Fleet fleet) throws IOException {
        List<Path> left = new ArrayList<>();
        for (LocalPool pool : fleet.pools()) {
            Path trash = pool.folder().resolve(".planish-trash");
            if (Files.exists(trash)) {
                try (Stream<Path> files = Files.walk(trash)) {
                    files.filter(Files::isRegularFile).forEach(left::add);
                }
            }
        }
        return left;
    }

    /** The chain with each backing file where this machine has it, whatever path the headers have for hypervisors. */
    private static ObjectNode asHypervisorSees(Chain chain) throws IOException {
        List<Path> files = files(chain).reversed();
        ObjectNode node = alone(files.getFirst());
        for (Path overlay : files.subList(1, files.size())) {
            node = alone(overlay).set("backing", node);
        }
        return node;
    }

    /** The image without its backing file, so that one whose backing file is missing can be checked too. */
    private static ObjectNode alone(Path image) {
        ObjectNode file = JSON.createObjectNode().put("driver", "file").put("filename", image.toString());
        if (image.toString().endsWith(Fleet.RAW)) {
            return JSON.createObjectNode().put("driver", "raw").set("file", file);
        }
        return JSON.createObjectNode().put("driver", "qcow2").putNull("backing").set("file", file);
    }

    private static String json(ObjectNode image) throws IOException {
        return "json:" + JSON.writeValueAsString(image);
    }
}
