package io.planish.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.planish.chain.BackingLink;
import io.planish.chain.FileFacts;
import io.planish.chain.Forest;
import io.planish.chain.ImageFormat;
import io.planish.chain.ImageNode;
import io.planish.chain.ImageRef;
import io.planish.chain.Problem;
import io.planish.chain.Use;
import io.planish.job.SkipReason;
import io.planish.plan.Finding;
import io.planish.plan.ScanSummary;
import io.planish.plan.Snapshot;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

class ScanTextTest {
    private final List<ImageNode> nodes = new ArrayList<>();

    @Test
    void aFewChainsAreAllShown() {
        add("golden", null);
        add("a", "golden");
        add("b", "golden");
        add("b2", "b");

        assertThat(text(false)).isEqualTo("""
                files  on disk  chain
                2      2.0 MiB  [p/golden] <- p/a
                3      3.0 MiB  [p/golden] <- p/b <- p/b2

                Chains by how many files they have
                  2       1  ########################################
                  3 to 4  1  ########################################

                4 images take 4.0 MiB on disk; 1 is shared, 1.0 MiB, p/golden by 2 overlays
                2 chains, 2 offline, 0 need a running-guest executor
                """);
    }

    @Test
    void aHundredThousandImagesFitOnAPage() {
        for (int vm = 0; vm < 10_000; vm++) {
            int files = vm == 0 ? 800 : 2 + vm % 17;
            for (int i = 0; i < files; i++) {
                add("vm-%05d/s%d".formatted(vm, i), i == 0 ? null : "vm-%05d/s%d".formatted(vm, i - 1));
            }
            if (vm % 4 == 1) {
                ImageNode leaf = nodes.removeLast();
                nodes.add(leaf.withProblem(new Problem(SkipReason.CORRUPT, leaf.ref() + " is damaged")));
            } else if (vm % 4 == 2) {
                nodes.add(nodes.removeLast().withUse(Use.WRITTEN));
            }
        }

        String page = text(false);

        assertThat(page.lines()).hasSizeLessThan(50).allMatch(line -> line.length() <= 200);
        assertThat(page)
                .contains("800    800.0 MiB")
                .contains("… and 9,990 more")
                .contains("CORRUPT", "2,497 more")
                .endsWith("10000 chains, 5000 offline, 2500 need a running-guest executor, 2500 left alone\n");
        assertThat(text(true).lines()).hasSizeGreaterThan(15_000);
    }

    private String text(boolean all) {
        Snapshot snapshot = new Snapshot(
                "s",
                Instant.EPOCH,
                List.of(),
                Forest.of(nodes),
                image -> {
                    throw new AssertionError("a scan needs no cluster maps");
                },
                Set.of(),
                List.<Finding>of());
        StringWriter text = new StringWriter();
        ScanText.print(ScanSummary.of(snapshot), all, new PrintWriter(text));
        return text.toString();
    }

    private void add(String path, @Nullable String backing) {
        nodes.add(new ImageNode(
                ImageRef.parse("p/" + path),
                List.of(),
                new FileFacts("id", nodes.size(), 1, 1, 1, 1),
                ImageFormat.QCOW2,
                1 << 30,
                65536,
                1 << 20,
                0,
                Use.FREE,
                Optional.ofNullable(backing).map(b -> BackingLink.to(b, ImageRef.parse("p/" + b))),
                Set.of(),
                List.of()));
    }
}
