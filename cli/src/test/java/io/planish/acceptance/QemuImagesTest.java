package io.planish.acceptance;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The fixture itself: what it draws is there, and what it promises to notice it notices. */
class QemuImagesTest {
    @TempDir
    Path dir;

    @Test
    void drawnChainIsThere() throws IOException {
        QemuImages images = images();
        images.chain("base <- s1 <- [a, b]");
        assertThat(images.chainOf("a")).isEqualTo("base <- s1 <- a");
        assertThat(images.chainOf("b")).isEqualTo("base <- s1 <- b");
    }

    @Test
    void changedByteIsNoticed() throws IOException {
        QemuImages images = images();
        images.remember(images.chain("base <- s1"));
        images.assertUnchangedAndClean("base", "s1");
        images.write("s1", "write -P 1 7M 1");
        images.assertUnchangedAndClean("base");
        assertThatThrownBy(() -> images.assertUnchangedAndClean("s1")).isInstanceOf(AssertionError.class);
    }

    @Test
    void changedSizeIsNoticed() throws IOException {
        QemuImages images = images();
        images.remember(images.chain("base"));
        Qemu.img("resize", "-q", "-f", "qcow2", images.path("base"), "9M");
        assertThatThrownBy(() -> images.assertSameContent("base", "base")).isInstanceOf(AssertionError.class);
    }

    @Test
    void layersOfAChainShowDifferentContent() throws IOException {
        QemuImages images = images();
        images.remember(List.copyOf(images.chain("base <- s1 <- s2")));
        assertThatThrownBy(() -> images.assertSameContent("s2", "s1")).isInstanceOf(AssertionError.class);
        assertThatThrownBy(() -> images.assertSameContent("s1", "base")).isInstanceOf(AssertionError.class);
    }

    private QemuImages images() throws IOException {
        return new QemuImages(
                Files.createDirectory(dir.resolve("images")), Files.createDirectory(dir.resolve("memory")));
    }
}
