package io.planish.acceptance.random;

import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Supplier;

/**
 * What one operation does to a tree, and how that is judged.
 *
 * @param story what is done
 * @param due reasons for which it must be refused, leaving everything as it is; empty: it must succeed
 * @param shows file that is there afterwards → the layer whose content, as it was before, it must show
 * @param clean files whose tables must be sound, besides these
 * @param mayGo files that may also be gone
 * @param chains drawn chains that must be there afterwards, {@code "a <- b <- c"}
 * @param committed file that is there afterwards → the layer whose content it shows, and behind that one's end what it showed itself
 * @param act does it
 */
record Change(
        String story,
        Set<Refusal> due,
        Map<Layer, Layer> shows,
        List<Layer> clean,
        Set<Layer> mayGo,
        List<String> chains,
        Map<Layer, Layer> committed,
        Supplier<Reply> act) {

    /** What came of it: an error message, or nothing. */
    record Reply(String error) {
        static final Reply DONE = new Reply("");
    }
}
