package io.planish.load.bench;

import io.planish.chain.ImageNode;
import io.planish.chain.ImageRef;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Optional;

/** Images of which there is nothing but the tables that QEMU's tools make: the same ones in each file, except for the backing file's name. */
final class HeaderFiles {
    private static final int NAME_OFFSET_AT = 8;
    private static final int NAME_LENGTH_AT = 16;
    private static final int LONGEST_NAME = 100;

    private final Path folder;
    private final Template alone;
    private final Template overlay;

    private record Template(byte[] begin, long sizeBytes) {}

    /** @param folder is made, with the images in it */
    HeaderFiles(Path folder) throws IOException, InterruptedException {
        this.folder = Files.createDirectories(folder);
        this.alone = template(List.of());
        this.overlay = template(List.of("-u", "-F", "qcow2", "-b", "x".repeat(LONGEST_NAME)));
    }

    private Template template(List<String> options) throws IOException, InterruptedException {
        Path file = folder.resolve("template");
        Tool.run(folder, List.of("qemu-img", "create", "-q", "-f", "qcow2", file.toString(), "30G"));
        if (!options.isEmpty()) {
            List<String> command = new ArrayList<>(List.of("qemu-img", "rebase", "-f", "qcow2"));
            command.addAll(options);
            command.add(file.toString());
            Tool.run(folder, command);
        }
        byte[] begin = new byte[1 << 12];
        try (FileChannel channel = FileChannel.open(file)) {
            channel.read(ByteBuffer.wrap(begin));
            return new Template(begin, channel.size());
        } finally {
            Files.delete(file);
        }
    }

    void write(Collection<ImageNode> images) throws IOException {
        String lastFolder = "";
        for (ImageNode image : images) {
            String path = image.ref().path();
            String itsFolder = path.substring(0, path.lastIndexOf('/'));
            if (!lastFolder.equals(itsFolder)) {
                Files.createDirectories(folder.resolve(itsFolder));
                lastFolder = itsFolder;
            }
            write(folder.resolve(path), image.backingImage());
        }
    }

    private void write(Path file, Optional<ImageRef> backing) throws IOException {
        Template template = backing.isPresent() ? overlay : alone;
        ByteBuffer begin = ByteBuffer.wrap(template.begin().clone());
        if (backing.isPresent()) {
            byte[] name = ("../" + backing.get().path()).getBytes(StandardCharsets.UTF_8);
            begin.putInt(NAME_LENGTH_AT, name.length);
            begin.put((int) begin.getLong(NAME_OFFSET_AT), name);
        }
        try (FileChannel channel = FileChannel.open(file, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE)) {
            channel.write(begin);
            channel.write(ByteBuffer.allocate(1), template.sizeBytes() - 1);
        }
    }
}
