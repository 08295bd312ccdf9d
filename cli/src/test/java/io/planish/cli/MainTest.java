package io.planish.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.planish.ErrorKind;
import io.planish.ImageException;
import io.planish.cli.Cli.Answer;
import java.io.IOException;
import org.junit.jupiter.api.Test;

class MainTest {
    @Test
    void helpIsGivenWithoutAVerb() {
        Answer answer = Cli.planish();
        assertThat(answer.exit()).isZero();
        assertThat(answer.out()).contains("Usage: planish").contains("Examples:");
        assertThat(answer.err()).isEmpty();
    }

    @Test
    void versionIsOneLine() {
        Answer answer = Cli.planish("--version");
        assertThat(answer.exit()).isZero();
        assertThat(answer.out().lines()).hasSize(1).first().asString().startsWith("planish ");
    }

    @Test
    void unknownVerbIsWrongUsageInOneLine() {
        Answer answer = Cli.planish("flaten", "/tmp");
        assertThat(answer.exit()).isEqualTo(ExitCode.USAGE);
        assertThat(answer.err().lines())
                .hasSize(1)
                .first()
                .asString()
                .startsWith("planish: ")
                .contains("flaten");
    }

    @Test
    void failureIsOneLineThatNamesTheImageAndWhatToDo() {
        ImageException failure = new ImageException(
                ErrorKind.MALFORMED_IMAGE, "a/b.qcow2", "it has no magic,\n  found 0x0", "check the file");
        assertThat(Failures.line(failure)).isEqualTo("planish: a/b.qcow2: it has no magic, found 0x0 (check the file)");
    }

    @Test
    void failureWithoutAMessageStillSaysSomething() {
        assertThat(Failures.line(new IOException())).isEqualTo("planish: java.io.IOException");
    }
}
