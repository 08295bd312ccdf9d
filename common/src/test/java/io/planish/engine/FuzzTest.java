package io.planish.engine;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * Jazzer for a while, in a process of its own with little memory. {@code -Dplanish.fuzz.seconds=N} for another while; {@code
 * -Dplanish.fuzz.corpus=DIR} keeps what it learned, and what it found, in a folder.
 */
class FuzzTest {
    private static final int SECONDS =
            Integer.getInteger("planish.fuzz.seconds", Boolean.getBoolean("planish.test.all") ? 600 : 25);

    @TempDir
    Path folder;

    private Path corpus;
    private Path partners;

    @BeforeEach
    void makeSeeds() throws IOException {
        corpus = Path.of(System.getProperty(
                "planish.fuzz.corpus", folder.resolve("corpus").toString()));
        partners = folder.resolve("partners");
        FuzzSeeds.make(corpus, partners);
    }

    @Test
    @Timeout(value = 1, unit = TimeUnit.DAYS)
    void anyImageIsRejectedOrWorksInBoundedTimeAndMemory() throws Exception {
        List<String> command = new ArrayList<>(List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-Xmx192m",
                "-XX:+UseSerialGC",
                "-XX:+EnableDynamicAgentLoading",
                "--enable-native-access=ALL-UNNAMED",
                "--sun-misc-unsafe-memory-access=allow",
                "-D" + ImageFuzzer.PARTNERS + "=" + partners,
                "-cp",
                System.getProperty("java.class.path"),
                "com.code_intelligence.jazzer.Jazzer",
                "--target_class=" + ImageFuzzer.class.getName(),
                "--instrumentation_includes=io.planish.**",
                "--reproducer_path=" + corpus.getParent(),
                "-artifact_prefix=" + corpus.getParent() + "/",
                "-max_total_time=" + SECONDS,
                "-timeout=60",
                "-rss_limit_mb=2048",
                "-max_len=131072",
                corpus.toString()));
        Path said = folder.resolve("said");
        Process process = new ProcessBuilder(command)
                .redirectErrorStream(true)
                .redirectOutput(said.toFile())
                .start();
        try {
            assertThat(process.waitFor(SECONDS + 120L, TimeUnit.SECONDS))
                    .as("it ended in time")
                    .isTrue();
        } finally {
            process.destroyForcibly();
        }
        List<String> lines = Files.readAllLines(said, StandardCharsets.ISO_8859_1);
        assertThat(process.exitValue())
                .as(String.join("\n", lines.subList(Math.max(0, lines.size() - 60), lines.size())))
                .isZero();
        System.out.println("fuzzing: " + lines.getLast());
    }

    /** The seeds, and what it once found. */
    @Test
    void whatItStartsFromAndWhatItOnceFoundIsRejectedOrWorks() throws Exception {
        System.setProperty(ImageFuzzer.PARTNERS, partners.toString());
        try (Stream<Path> seeds = Files.list(corpus);
                Stream<Path> found = Files.list(Path.of(Objects.requireNonNull(FuzzTest.class.getResource("/fuzz"))
                        .toURI()))) {
            for (Path input : Stream.concat(seeds, found).toList()) {
                ImageFuzzer.fuzzerTestOneInput(Files.readAllBytes(input));
            }
        } finally {
            System.clearProperty(ImageFuzzer.PARTNERS);
        }
    }
}
