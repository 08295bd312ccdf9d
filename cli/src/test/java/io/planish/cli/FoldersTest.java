package io.planish.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.planish.ImageException;
import io.planish.chain.PoolName;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class FoldersTest {
    @TempDir
    Path dir;

    @Test
    void poolIsNamedAfterItsFolder() throws IOException {
        Path folder = folder("VM Images (old)");
        assertThat(Folders.named(List.of(folder))).containsOnlyKeys(new PoolName("vm-images-old"));
    }

    @Test
    void foldersOfOneNameAreNumbered() throws IOException {
        assertThat(Folders.named(List.of(folder("b/images"), folder("a/images"))))
                .containsEntry(new PoolName("images"), dir.resolve("a/images").toRealPath())
                .containsEntry(new PoolName("images-2"), dir.resolve("b/images").toRealPath());
    }

    @Test
    void folderInsideAnotherBelongsToThatOnesPool() throws IOException {
        Path outer = folder("images");
        assertThat(Folders.named(List.of(folder("images/vm1/disks"), outer, outer.resolve("vm1"))))
                .containsOnlyKeys(new PoolName("images"));
    }

    @Test
    void linkedFolderIsTakenAtItsTarget() throws IOException {
        Path target = folder("target");
        Path link = Files.createSymbolicLink(dir.resolve("link"), target);
        assertThat(Folders.named(List.of(link, target))).containsOnlyKeys(new PoolName("target"));
    }

    @Test
    void nameWithNothingUsableStillBecomesOne() throws IOException {
        assertThat(Folders.named(List.of(folder("___")))).containsOnlyKeys(new PoolName("pool"));
    }

    @Test
    void fileIsNoPool() throws IOException {
        Path file = Files.createFile(dir.resolve("disk.qcow2"));
        assertThatThrownBy(() -> Folders.named(List.of(file)))
                .isInstanceOf(ImageException.class)
                .hasMessageContaining("not a folder");
    }

    private Path folder(String name) throws IOException {
        return Files.createDirectories(dir.resolve(name));
    }
}
