package io.planish.acceptance;

import static org.assertj.core.api.Assertions.assertThat;

import io.planish.cli.Cli;
import io.planish.cli.Cli.Answer;
import io.planish.job.JobResult;
import io.planish.job.Outcome;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * Random chains, a random operation, and QEMU's tools as judges: what survives shows what it showed, with sound tables.
 *
 * <p>{@code -Dplanish.random.cases=N} for more cases, {@code -Dplanish.random.seed=S} to begin with another one, such as one that failed.
 */
class RandomMergesTest {
    private static final int CASES =
            Integer.getInteger("planish.random.cases", Boolean.getBoolean("planish.test.all") ? 2000 : 200);
    /** On a machine that is too slow fewer cases are tried, unless somebody asked for their number. */
    private static final boolean IN_BUDGET =
            System.getProperty("planish.random.cases") == null && !Boolean.getBoolean("planish.test.all");

    private static final int ENOUGH = 50;
    private static final Duration BUDGET = Duration.ofMinutes(5);
    private static final long FIRST_SEED = Long.getLong("planish.random.seed", 1);

    @TempDir
    Path dir;

    @Test
    @Timeout(value = 2, unit = TimeUnit.HOURS)
    void anyOperationOnAnyChainKeepsWhatGuestsSee() throws IOException {
        List<String> failures = new ArrayList<>();
        int refused = 0;
        long seed = FIRST_SEED;
        long started = System.nanoTime();
        for (; seed < FIRST_SEED + CASES && failures.size() < 5; seed++) {
            if (IN_BUDGET && System.nanoTime() - started > BUDGET.toNanos()) {
                break;
            }
            Case one = new Case(seed);
            try {
                one.run();
            } catch (AssertionError | RuntimeException e) {
                failures.add("seed " + seed + "\n" + one.story + "\n" + e);
            }
            refused += one.refused ? 1 : 0;
            delete(one.folder);
        }
        Duration took = Duration.ofNanos(System.nanoTime() - started);
        System.out.println(seed - FIRST_SEED + " of " + CASES + " random cases from seed " + FIRST_SEED + " in "
                + took.toSeconds() + " s, " + refused + " of them rightly refused");
        assertThat(failures)
                .as("failing cases; repeat one with -Dplanish.random.cases=1 -Dplanish.random.seed=SEED")
                .isEmpty();
        assertThat(seed - FIRST_SEED)
                .as("cases that the time was enough for")
                .isGreaterThanOrEqualTo(Math.min(CASES, ENOUGH));
        assertThat(refused).as("operations that were rightly refused").isLessThanOrEqualTo(CASES / 2);
    }

    private static void delete(Path folder) throws IOException {
        try (Stream<Path> files = Files.walk(folder)) {
            for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
                Files.delete(file);
            }
        }
    }

    /** One tree and what is done to it. */
    private final class Case {
        private final Random random;
        private final Path folder;
        private final QemuImages images;
        private final Merges merges;
        private final RandomTree tree;
        private String story;
        private boolean refused;

        Case(long seed) throws IOException {
            random = new Random(seed);
            folder = Files.createDirectory(dir.resolve("case-" + seed));
            images = new QemuImages(
                    Files.createDirectory(folder.resolve("images")), Files.createDirectory(folder.resolve("m")));
            merges = new Merges(images.folder(), Files.createDirectory(folder.resolve("state")));
            tree = new RandomTree(images, random);
            story = tree.story();
        }

        void run() throws IOException {
            switch (random.nextInt(8)) {
                case 0 -> rebaseOntoAnUnrelatedImage();
                case 1 -> rebaseWithinTheChain();
                case 2 -> commitAsQemuDoes();
                default -> merge();
            }
        }

        private void merge() throws IOException {
            List<String> chain = tree.chain();
            int top = 1 + random.nextInt(chain.size() - 1);
            int lo = random.nextInt(top);
            int target = random.nextInt(3) == 0 ? top : lo + random.nextInt(top - lo + 1);
            story += "merge l" + lo + "..l" + top + " into l" + target;
            images.remember(tree.all());
            boolean shared = chain.subList(target, top).stream()
                    .anyMatch(layer -> tree.overlays(layer).size() > 1);
            JobResult result =
                    merges.run(merges.merge(lo == 0 ? "" : chain.get(lo - 1), chain.get(target), chain.get(top)));
            if (shared) {
                refused = true;
                assertThat(result.outcome()).isInstanceOf(Outcome.Stale.class);
                assertSame(tree.all());
                return;
            }
            assertThat(result.outcome()).isEqualTo(new Outcome.Done());
            boolean leaf = tree.overlays(chain.get(top)).isEmpty();
            List<String> survivors = new ArrayList<>(tree.all());
            if (target < top) {
                survivors.removeAll(chain.subList(target, leaf ? top : top + 1));
            }
            assertSame(survivors);
            if (target < top && !leaf) {
                images.assertSameContent(chain.get(target), chain.get(top));
                images.assertClean(chain.get(target));
            }
        }

        private void rebaseOntoAnUnrelatedImage() {
            tree.make("n0", "");
            tree.make("n1", "n0");
            String overlay = tree.chain().get(random.nextInt(tree.chain().size()));
            rebase(overlay, "n1");
        }

        private void rebaseWithinTheChain() {
            int at = 1 + random.nextInt(tree.chain().size() - 1);
            rebase(
                    tree.chain().get(at),
                    random.nextInt(3) == 0 ? "" : tree.chain().get(random.nextInt(at)));
        }

        private void rebase(String overlay, String onto) {
            story = tree.story() + "rebase " + overlay + " onto '" + onto + "'";
            images.remember(tree.all());
            Answer answer = onto.isEmpty()
                    ? Cli.planish("rebase", "-b", "", images.path(overlay))
                    : Cli.planish("rebase", "-b", onto + ".qcow2", "-F", "qcow2", images.path(overlay));
            assertThat(answer.exit()).as(answer.err()).isZero();
            assertSame(tree.all());
            assertThat(images.chainOf(overlay)).endsWith(onto.isEmpty() ? overlay : onto + " <- " + overlay);
        }

        private void commitAsQemuDoes() {
            List<String> chain = tree.chain();
            int top = 1 + random.nextInt(chain.size() - 1);
            int into = random.nextInt(top);
            String what = random.nextInt(3) == 0 ? "" : chain.get(into);
            if (what.isEmpty()) {
                into = top - 1;
            }
            story += "qemu's commit of l" + top + " into l" + into + (what.isEmpty() ? ", emptied" : "");
            images.remember(tree.all());
            Answer answer = what.isEmpty()
                    ? Cli.planish("commit", images.path(chain.get(top)))
                    : Cli.planish("commit", "-b", what + ".qcow2", images.path(chain.get(top)));
            boolean shared = chain.subList(into, top).stream()
                    .anyMatch(layer -> tree.overlays(layer).size() > 1);
            if (shared) {
                refused = true;
                assertThat(answer.exit()).isEqualTo(1);
                assertThat(answer.err()).contains("other overlays");
                assertSame(tree.all());
                return;
            }
            assertThat(answer.exit()).as(answer.err()).isZero();
            List<String> survivors = new ArrayList<>(tree.all());
            survivors.removeAll(chain.subList(into, top));
            assertSame(survivors);
            images.assertClean(chain.get(into));
        }

        private void assertSame(List<String> names) {
            images.assertUnchangedAndClean(names.toArray(String[]::new));
        }
    }
}
