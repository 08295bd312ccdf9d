package io.planish.acceptance;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import io.planish.cli.Cli;
import io.planish.cli.Cli.Answer;
import io.planish.job.Json;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A pool on a filesystem that lets files share blocks. Needs root for a loop mount. */
class ReflinksTest {
    private static final long FILESYSTEM_BYTES = 400L << 20;
    private static final long METADATA_BYTES = 4L << 20;

    @TempDir
    Path dir;

    private LoopMount mount;
    private Path mounted;
    private QemuImages images;

    @BeforeEach
    void mountXfs() throws IOException {
        mount = LoopMount.in(dir, FILESYSTEM_BYTES, "mkfs.xfs", "-q", "-m", "reflink=1");
        mounted = mount.folder();
        images =
                new QemuImages(Files.createDirectory(mounted.resolve("pool")), Files.createDirectory(dir.resolve("m")));
        images.overlay("base", "", "", "64M");
        images.write("base", "write -P 1 0 24M");
        images.overlay("s1", "base", "", "64M");
        images.write("s1", "write -P 2 20M 16M", "write -z 3M 1M");
        images.overlay("active", "s1", "", "64M");
        images.write("active", "write -P 3 34M 24M");
        images.remember(List.of("active"));
    }

    @AfterEach
    void unmount() {
        mount.close();
    }

    @Test
    void mergesArePlannedAndCarriedOutAsMetadataOnly() throws IOException {
        for (String direction : List.of("pull", "commit")) {
            Answer answer =
                    Cli.planish("plan", images.folder(), "--max-depth", "2", "--direction", direction, "--json");
            assertThat(job(answer).path("bytesToWrite").asLong())
                    .as(answer.out())
                    .isZero();
            assertThat(job(answer).path("bytesToClone").asLong()).isPositive();
        }
        Answer text = Cli.planish("plan", images.folder(), "--max-depth", "1");
        assertThat(text.out()).contains("metadata only, clones ");
        Qemu.run("sync", "-f", mounted);
        long free = Files.getFileStore(mounted).getUsableSpace();

        Answer answer = Cli.planish("flatten", images.folder(), "--max-depth", "1", "--yes", "--json");

        assertThat(answer.exit()).as(answer.out() + answer.err()).isZero();
        assertThat(Json.MAPPER.readTree(answer.out()).path("bytesWritten").asLong())
                .isZero();
        Qemu.run("sync", "-f", mounted);
        assertThat(Files.getFileStore(mounted).getUsableSpace()).isGreaterThan(free - METADATA_BYTES);
        images.assertUnchangedAndClean("active");
        assertThat(images.chainOf("active")).isEqualTo("active");
    }

    @Test
    void whatIsSharedIsNotCountedAsFreed() throws IOException {
        JsonNode job = job(Cli.planish(
                "plan", images.folder(), "--max-depth", "1", "--direction", "pull", "--grace", "0", "--json"));
        Qemu.run("sync", "-f", mounted);
        long free = Files.getFileStore(mounted).getUsableSpace();

        Answer answer = Cli.planish(
                "flatten", images.folder(), "--max-depth", "1", "--direction", "pull", "--grace", "0", "--yes");

        assertThat(answer.exit()).as(answer.out() + answer.err()).isZero();
        // XFS gives back what removed files held a little later, in the background
        Awaitility.await().atMost(Duration.ofSeconds(30)).untilAsserted(() -> {
            Qemu.run("sync", "-f", mounted);
            assertThat(Files.getFileStore(mounted).getUsableSpace() - free)
                    .isBetween(
                            job.path("bytesToFree").asLong() - METADATA_BYTES,
                            job.path("bytesToFree").asLong() + METADATA_BYTES);
        });
    }

    private static JsonNode job(Answer plan) throws IOException {
        String line = plan.out()
                .lines()
                .filter(one -> one.contains("\"type\":\"job\""))
                .findFirst()
                .orElseThrow(() -> new AssertionError(plan.out() + plan.err()));
        return Json.MAPPER.readTree(line);
    }
}
