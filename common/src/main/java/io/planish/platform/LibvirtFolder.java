package io.planish.platform;

import io.planish.ErrorKind;
import io.planish.ImageException;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Stream;
import javax.xml.stream.XMLInputFactory;
import javax.xml.stream.XMLStreamConstants;
import javax.xml.stream.XMLStreamException;
import javax.xml.stream.XMLStreamReader;
import org.jspecify.annotations.Nullable;

/**
 * Reads which files libvirt's XML names: domains, snapshots, checkpoints, with their disks' sources, backing stores and saved memory.
 *
 * <p>Every absolute path in any attribute or text counts, whatever its element is called: one too many keeps a file that could have gone,
 * one too few loses a restore point. A disk that is named by libvirt's storage pool and volume is found where the pool's own XML lies in the
 * folder too, and is an error where it does not. No document type, no entity, and nothing outside the file is ever looked at.
 */
final class LibvirtFolder {
    private static final int LARGEST_BYTES = 16 << 20;
    private static final int DEEPEST = 100;
    private static final XMLInputFactory XML = factory();

    private final Path folder;
    private final Set<String> paths = new TreeSet<>();
    private final List<Volume> volumes = new ArrayList<>();
    private final Map<String, Optional<String>> pools = new HashMap<>();

    /** A disk by libvirt's own names; {@code file} is where it was read. */
    private record Volume(String pool, String name, Path file) {}

    private LibvirtFolder(Path folder) {
        this.folder = folder;
    }

    private static XMLInputFactory factory() {
        XMLInputFactory factory = XMLInputFactory.newDefaultFactory();
        factory.setProperty(XMLInputFactory.SUPPORT_DTD, false);
        factory.setProperty(XMLInputFactory.IS_SUPPORTING_EXTERNAL_ENTITIES, false);
        factory.setXMLResolver((publicId, systemId, base, namespace) -> {
            throw new XMLStreamException("it refers to " + systemId);
        });
        return factory;
    }

    /**
     * The absolute paths that the {@code *.xml} files of the folder and of those inside it name, as hypervisors see them.
     *
     * @throws IOException if the folder is not there, holds no such file, or any of them cannot be read and understood
     */
    static Set<String> paths(Path folder) throws IOException {
        LibvirtFolder reader = new LibvirtFolder(folder);
        List<Path> files = reader.files();
        if (files.isEmpty()) {
            throw failure(folder, "holds no .xml file", "is it mounted, is it the right folder?");
        }
        for (Path file : files) {
            reader.read(file);
        }
        reader.resolveVolumes();
        return reader.paths;
    }

    private List<Path> files() throws IOException {
        if (!Files.isDirectory(folder)) {
            throw failure(folder, "is no folder", "name the folder with libvirt's XML");
        }
        try (Stream<Path> found = Files.walk(folder.toRealPath())) {
            return found.filter(file -> file.toString().endsWith(".xml") && !Files.isDirectory(file))
                    .sorted()
                    .toList();
        } catch (UncheckedIOException e) {
            throw failure(folder, "cannot be looked through: " + e.getMessage(), "check the rights");
        }
    }

    private void read(Path file) throws IOException {
        byte[] content;
        try (InputStream in = Files.newInputStream(file)) {
            content = in.readNBytes(LARGEST_BYTES + 1);
        } catch (IOException e) {
            throw failure(file, "cannot be read: " + e, "check the rights");
        }
        if (content.length > LARGEST_BYTES) {
            throw failure(file, "is larger than " + LARGEST_BYTES + " bytes", "no domain is; move it away");
        }
        try {
            XMLStreamReader xml = XML.createXMLStreamReader(new ByteArrayInputStream(content));
            try {
                read(xml, file);
            } finally {
                xml.close();
            }
        } catch (XMLStreamException e) {
            String why = String.valueOf(e.getMessage()).replaceAll("\\R", " ");
            throw failure(file, "is no XML that can be read: " + why, "mend it, or move it away");
        }
    }

    private void read(XMLStreamReader xml, Path file) throws XMLStreamException, IOException {
        int depth = 0;
        boolean inPool = false;
        StringBuilder text = new StringBuilder();
        @Nullable String poolName = null;
        @Nullable String poolPath = null;
        while (xml.hasNext()) {
            switch (xml.next()) {
                case XMLStreamConstants.DTD, XMLStreamConstants.ENTITY_REFERENCE ->
                    throw failure(file, "has a document type or an entity of its own", "libvirt writes none");
                case XMLStreamConstants.START_ELEMENT -> {
                    text.setLength(0);
                    if (++depth > DEEPEST) {
                        throw failure(file, "is nested deeper than " + DEEPEST, "libvirt writes no such file");
                    }
                    inPool |= depth == 1 && xml.getLocalName().equals("pool");
                    attributes(xml, file);
                }
                case XMLStreamConstants.CHARACTERS, XMLStreamConstants.CDATA -> text.append(xml.getText());
                case XMLStreamConstants.END_ELEMENT -> {
                    String value = text.toString().strip();
                    text.setLength(0);
                    add(value);
                    if (inPool && depth == 2 && xml.getLocalName().equals("name")) {
                        poolName = value;
                    } else if (inPool && depth == 3 && xml.getLocalName().equals("path")) {
                        poolPath = value;
                    }
                    depth--;
                }
                default -> {}
            }
        }
        if (poolName != null) {
            pools.put(poolName, Optional.ofNullable(poolPath));
        }
    }

    private void attributes(XMLStreamReader xml, Path file) {
        String pool = xml.getAttributeValue(null, "pool");
        String volume = xml.getAttributeValue(null, "volume");
        if (pool != null && volume != null) {
            volumes.add(new Volume(pool, volume, file));
        }
        for (int i = 0; i < xml.getAttributeCount(); i++) {
            add(xml.getAttributeValue(i));
        }
    }

    private void add(String value) {
        if (value.startsWith("/")) {
            paths.add(value);
        }
    }

    private void resolveVolumes() throws ImageException {
        for (Volume volume : volumes) {
            Optional<String> target = pools.get(volume.pool());
            if (target == null) {
                throw failure(
                        volume.file(),
                        "names volume '" + volume.name() + "' of libvirt's pool '" + volume.pool()
                                + "', and nothing tells where that is",
                        "put the pool's XML, such as from /etc/libvirt/storage, into the folder");
            }
            target.ifPresent(path -> add(path + "/" + volume.name()));
        }
    }

    private static ImageException failure(Path file, String what, String advice) {
        return new ImageException(ErrorKind.IO, file.toString(), what, advice);
    }
}
