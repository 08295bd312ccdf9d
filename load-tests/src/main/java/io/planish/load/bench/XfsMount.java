package io.planish.load.bench;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/** An XFS filesystem with reflink, in a sparse file, mounted at {@code mnt} in the given folder. Needs root. */
final class XfsMount implements MergeBench.Undo {
    private final Path folder;

    XfsMount(Path folder, int gib) throws IOException, InterruptedException {
        this.folder = folder;
        Files.createDirectory(folder.resolve("mnt"));
        Tool.run(folder, List.of("truncate", "-s", gib + "G", "xfs.img"));
        Tool.run(folder, List.of("mkfs.xfs", "-q", "-m", "reflink=1", "xfs.img"));
        Tool.run(folder, List.of("mount", "-o", "loop", "xfs.img", "mnt"));
    }

    @Override
    public void close() throws IOException, InterruptedException {
        Tool.run(folder, List.of("umount", "mnt"));
    }
}
