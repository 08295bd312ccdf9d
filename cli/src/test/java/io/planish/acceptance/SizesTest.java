package io.planish.acceptance;

import static org.assertj.core.api.Assertions.assertThat;

import io.planish.cli.Cli;
import io.planish.cli.Cli.Answer;
import io.planish.job.Job;
import io.planish.job.Outcome;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Layers of three lengths in every order under a leaf of a fourth, of versions and cluster sizes that change from layer to layer. The
 * base is full of data, so that whatever shows through where it must not is seen.
 */
class SizesTest {
    private static final long SHORT = 2 << 20;
    private static final long LONGER = (3 << 20) + 512;
    private static final long LEAF = 4 << 20;
    private static final long LONGEST = 5 << 20;

    private static final List<List<String>> SHAPES = List.of(
            List.of("compat=0.10", "compat=0.10", "compat=0.10", "compat=0.10"),
            List.of("cluster_size=4k", "compat=0.10", "cluster_size=64k", "compat=0.10,cluster_size=4k"),
            List.of("compat=0.10", "cluster_size=1M", "compat=0.10,cluster_size=512", ""));

    @TempDir
    Path dir;

    private QemuImages images;
    private Merges merges;

    @BeforeEach
    void makeFolders() throws IOException {
        images = QemuImages.in(dir);
        merges = Merges.in(images, dir);
    }

    /** The lengths of base, s1 and s2, and the shapes of these and the leaf. */
    record Chain(List<Long> sizes, List<String> shapes) {}

    static List<Chain> chains() {
        List<Chain> chains = new ArrayList<>();
        for (List<Long> sizes : List.of(
                List.of(SHORT, LONGER, LONGEST),
                List.of(SHORT, LONGEST, LONGER),
                List.of(LONGER, SHORT, LONGEST),
                List.of(LONGER, LONGEST, SHORT),
                List.of(LONGEST, SHORT, LONGER),
                List.of(LONGEST, LONGER, SHORT))) {
            List<List<String>> some = Boolean.getBoolean("planish.test.all")
                    ? SHAPES
                    : List.of(SHAPES.get(chains.size() % SHAPES.size()));
            some.forEach(shapes -> chains.add(new Chain(sizes, shapes)));
        }
        return chains;
    }

    @ParameterizedTest
    @MethodSource("chains")
    void commitIntoTheBaseKeepsWhatTheLayersAboveShow(Chain chain) throws IOException {
        make(chain);
        done(merges.merge("", "base", "s1"));
        images.assertUnchangedAndClean("s2", "leaf");
        images.assertSameContent("base", "s1");
        done(merges.merge("", "base", "s2"));
        images.assertUnchangedAndClean("leaf");
        images.assertSameContent("base", "s2");
        done(merges.merge("", "base", "leaf"));
        images.assertUnchangedAndClean("leaf");
    }

    @ParameterizedTest
    @MethodSource("chains")
    void aLayerInTheMiddleTakesInWhatIsAboveAndBelowIt(Chain chain) throws IOException {
        make(chain);
        done(merges.merge("", "s1", "s2"));
        images.assertUnchangedAndClean("leaf");
        images.assertSameContent("s1", "s2");
        done(merges.merge("", "s1", "leaf"));
        images.assertUnchangedAndClean("leaf");
    }

    @ParameterizedTest
    @MethodSource("chains")
    void pullIntoALayerChangesNothingThatAnyImageShows(Chain chain) throws IOException {
        make(chain);
        done(merges.merge("base", "s2", "s2"));
        images.assertUnchangedAndClean("base", "s1", "s2", "leaf");
        done(merges.merge("", "leaf", "leaf"));
        images.assertUnchangedAndClean("base", "s1", "s2", "leaf");
    }

    @ParameterizedTest
    @MethodSource("chains")
    void commitAsQemuHasItNeverShortensTheBase(Chain chain) {
        make(chain);
        Answer answer = Cli.planish("commit", "-b", "base.qcow2", images.path("s2"));
        assertThat(answer.exit()).as(answer.err()).isZero();
        images.assertUnchangedAndClean("s2", "leaf");
        images.assertClean("base");
        assertThat(images.virtualSize("base"))
                .isEqualTo(Math.max(chain.sizes().getFirst(), chain.sizes().getLast()));
    }

    private void make(Chain chain) {
        String below = "";
        List<String> names = List.of("base", "s1", "s2", "leaf");
        for (int i = 0; i < names.size(); i++) {
            long size = i < 3 ? chain.sizes().get(i) : LEAF;
            images.overlay(names.get(i), below, chain.shapes().get(i), String.valueOf(size));
            below = names.get(i);
        }
        images.write("base", "write -P 1 0 " + chain.sizes().getFirst());
        for (int i = 1; i < 3; i++) {
            long size = chain.sizes().get(i);
            images.write(
                    names.get(i),
                    "write -P " + (10 + i) + " " + (size - 5120) + " 5120",
                    "write -P " + (20 + i) + " " + i * 300 + "k 100k",
                    "write -z " + (size - (200 << 10)) + " 70k");
        }
        images.write("leaf", "write -P 30 1M 3k", "write -z 3M 100k");
        images.remember(names);
    }

    private void done(Job job) {
        assertThat(merges.run(job).outcome()).isEqualTo(new Outcome.Done());
    }
}
