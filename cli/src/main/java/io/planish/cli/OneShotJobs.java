package io.planish.cli;

import io.planish.chain.ImageNode;
import io.planish.chain.ImageRef;
import io.planish.job.Expectation;
import io.planish.job.Job;
import io.planish.job.JobKind;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * The jobs of verbs that name one image: nothing is relinked, replaced or retired. The same wish has the same id each time, so that a run
 * that was stopped is found again.
 */
final class OneShotJobs {
    private static final int DIGEST_CHARS = 16;

    private OneShotJobs() {}

    /** @param chain base first; its last image is pulled into */
    static Job pull(List<ImageNode> chain, Optional<ImageRef> base) {
        ImageRef top = chain.getLast().ref();
        return job(JobKind.PULL, top, base, top, expects(chain));
    }

    /** Puts what stands above {@code base} down into it; all layers keep their names and links, as {@code qemu-img commit} has it. */
    static Job commit(List<ImageNode> chain, ImageNode base) {
        return job(
                JobKind.COMMIT, base.ref(), base.backingImage(), chain.getLast().ref(), expects(chain));
    }

    /** @param newChain of the new backing file, base first; at least that file */
    static Job rebase(List<ImageNode> chain, List<ImageNode> newChain) {
        ImageRef top = chain.getLast().ref();
        List<Expectation> expects = Stream.concat(expects(chain).stream(), expects(newChain).stream())
                .toList();
        return job(JobKind.REBASE, top, Optional.of(newChain.getLast().ref()), top, expects);
    }

    private static List<Expectation> expects(List<ImageNode> chain) {
        return chain.stream()
                .map(image -> new Expectation(image.ref(), image.backingImage(), Optional.of(image.facts())))
                .toList();
    }

    private static Job job(
            JobKind kind, ImageRef target, Optional<ImageRef> base, ImageRef top, List<Expectation> expects) {
        String wish = kind + " " + target + " " + base + " " + top + " "
                + expects.getFirst().unchanged().map(facts -> facts.poolId() + " " + facts.inode());
        return new Job(
                kind.name().toLowerCase(Locale.ROOT) + "-" + digest(wish),
                kind,
                target,
                base,
                top,
                List.of(),
                Optional.empty(),
                List.of(),
                List.of(),
                expects,
                0,
                0);
    }

    private static String digest(String text) {
        try {
            byte[] digest = MessageDigest.getInstance("SHA-256").digest(text.getBytes(StandardCharsets.UTF_8));
            return HexFormat.of().formatHex(digest).substring(0, DIGEST_CHARS);
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every Java platform has SHA-256", e);
        }
    }
}
