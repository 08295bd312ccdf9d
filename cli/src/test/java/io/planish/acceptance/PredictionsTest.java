package io.planish.acceptance;

import static org.assertj.core.api.Assertions.assertThat;

import io.planish.cli.Cli;
import io.planish.cli.Cli.Answer;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * What plans say would be written, held against what is written, on images that QEMU's tools made: the same to the byte, but for targets of version 2, whose
 * zeroes over nothing need not be written, and compressed clusters, whose streams are known to the sector.
 */
class PredictionsTest {
    @TempDir
    Path dir;

    /** @param least written of each hundred bytes that were predicted; never more than those */
    @ParameterizedTest
    @CsvSource({
        "even, cluster_size=64k, 100",
        "small, cluster_size=4k, 100",
        "mixed, 'cluster_size=4k|cluster_size=2M|cluster_size=64k', 100",
        "subclusters, 'cluster_size=64k,extended_l2=on', 100",
        "some-subclusters, 'cluster_size=128k,extended_l2=on|cluster_size=64k', 100",
        "version-2, compat=0.10, 80",
        "some-version-2, 'compat=0.10|compat=1.1', 80",
        "compressed, cluster_size=64k, 90"
    })
    void whatIsPredictedIsWritten(String shape, String options, int least) throws IOException {
        for (String direction : List.of("auto", "pull")) {
            int depth = direction.equals("auto") ? 2 : 1;
            Path folder = Files.createDirectory(dir.resolve(shape + "-" + direction));
            QemuImages images = QemuImages.in(folder);
            make(images, shape, List.of(options.split("\\|")));
            images.remember(List.of("a", "b"));
            List<Object> words = List.of(images.folder(), "--max-depth", depth, "--direction", direction, "--json");

            long predicted = predicted(planish("plan", words, List.of()));
            Answer answer = planish("flatten", words, List.of("--yes"));

            String what = folder.getFileName() + ": " + answer.out() + answer.err();
            long written = Qemu.json(answer.out()).path("bytesWritten").asLong();
            assertThat(predicted).as(what).isPositive();
            assertThat(written).as(what).isBetween(predicted * least / 100, predicted);
            images.assertUnchangedAndClean("a", "b");
        }
    }

    private static void make(QemuImages images, String shape, List<String> options) {
        images.chain("base <- s1 <- s2 <- s3 <- [a, b]", options);
        if (shape.equals("compressed")) {
            for (String name : List.of("base", "s1", "s3")) {
                images.write(name, "write -c -P 7 5M 64k", "write -c -P 8 5184k 64k", "write -c -P 9 6M 64k");
            }
        }
    }

    private static Answer planish(String verb, List<Object> words, List<Object> more) {
        List<Object> all = new ArrayList<>(List.of(verb));
        all.addAll(words);
        all.addAll(more);
        return Cli.planish(all.toArray());
    }

    private static long predicted(Answer plan) {
        return plan.out()
                .lines()
                .map(Qemu::json)
                .filter(line -> line.path("type").asText().equals("job"))
                .mapToLong(line -> line.path("bytesToWrite").asLong())
                .sum();
    }
}
