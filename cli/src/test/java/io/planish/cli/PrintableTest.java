package io.planish.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.planish.cli.Cli.Answer;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class PrintableTest {
    @TempDir
    Path folder;

    @Test
    void aNameDoesNotSteerTheTerminal() throws IOException {
        Path image = folder.resolve("a\u001b[31mred");
        Files.writeString(image, "no image");

        Answer answer = Cli.planish("map", "-f", "raw", image);
        Answer info = Cli.planish("info", "-f", "raw", image);

        assertThat(answer.exit()).isZero();
        assertThat(info.exit()).isZero();
        assertThat(info.out()).contains("a?[31mred");
        assertThat(answer.out() + info.out()).doesNotContain("\u001b");
    }
}
