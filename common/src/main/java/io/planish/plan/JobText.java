package io.planish.plan;

import io.planish.chain.ImageRef;
import io.planish.job.Expectation;
import io.planish.job.Job;
import io.planish.job.JobKind;
import io.planish.job.Relink;
import java.util.List;
import java.util.function.Function;
import java.util.stream.Collectors;

/** Jobs in the field's words. */
public final class JobText {
    private static final int NAMED = 3;

    private JobText() {}

    /** What a job does, without what it costs: {@code commit hi and pull lo into mid, which takes the name hi}. */
    public static String of(Job job, Function<ImageRef, String> name) {
        String target = name.apply(job.target());
        if (job.kind() == JobKind.REBASE) {
            return "rebase " + target + " onto " + job.base().map(name).orElse("nothing");
        }
        List<ImageRef> chain = job.expects().stream().map(Expectation::image).toList();
        int lo = job.base().map(chain::indexOf).orElse(-1) + 1;
        int at = Math.max(lo, chain.indexOf(job.target()));
        int top = Math.max(at, chain.indexOf(job.top()));
        String down = at < top ? "commit " + range(chain.subList(at + 1, top + 1), name) : "";
        String up = lo < at ? "pull " + range(chain.subList(lo, at), name) : "";
        return down + (down.isEmpty() || up.isEmpty() ? "" : " and ") + up + " into " + target
                + job.replaces()
                        .map(leaf -> ", which takes the name " + name.apply(leaf))
                        .orElse("")
                + relinks(job.relinks(), name);
    }

    private static String relinks(List<Relink> relinks, Function<ImageRef, String> name) {
        if (relinks.isEmpty()) {
            return "";
        }
        if (relinks.size() > NAMED) {
            return ", for " + relinks.size() + " overlays";
        }
        return relinks.stream().map(r -> name.apply(r.overlay())).collect(Collectors.joining(", ", ", for ", ""));
    }

    private static String range(List<ImageRef> images, Function<ImageRef, String> name) {
        return switch (images.size()) {
            case 1 -> name.apply(images.getFirst());
            case 2 -> name.apply(images.getFirst()) + ", " + name.apply(images.getLast());
            default ->
                name.apply(images.getFirst()) + " to " + name.apply(images.getLast()) + " (" + images.size()
                        + " files)";
        };
    }
}
