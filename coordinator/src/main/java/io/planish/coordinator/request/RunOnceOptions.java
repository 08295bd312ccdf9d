package io.planish.coordinator.request;

import io.planish.chain.PoolName;
import io.planish.plan.Durations;
import io.planish.plan.Tightening;
import io.planish.run.RunLimits;
import io.planish.run.RunRequest;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import picocli.CommandLine.Command;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.Option;

/** What {@code run-once} takes. */
@Command(
        name = "run-once",
        mixinStandardHelpOptions = true,
        usageHelpAutoWidth = false,
        description = {
            "Makes one run, watches it to its end, and says how it went: for a cluster's own scheduler.",
            "The run is carried on by whoever leads; by this process only if nobody does."
        },
        exitCodeListHeading = "%nExit codes:%n",
        exitCodeList = {
            "0:all jobs are done, or left alone for a reason",
            "1:a job failed, the deadline passed, or with --fail-on-skip something was left alone",
            "2:wrong usage"
        },
        footerHeading = "%nExamples:%n",
        footer = {
            "  run-once --pools gold,silver --policy nightly --deadline 4h",
            "  run-once --schedule nightly --json"
        })
final class RunOnceOptions {
    @Option(names = "--schedule", paramLabel = "NAME", description = "Pools and policy of this configured schedule.")
    Optional<String> schedule = Optional.empty();

    @Option(
            names = "--id",
            paramLabel = "ID",
            description = "The run's id; the same again watches the run that there is. Default: schedule and minute;"
                    + " without a schedule also what is asked for, so that two for different pools are two.")
    Optional<String> id = Optional.empty();

    @Option(
            names = "--pools",
            paramLabel = "POOL",
            split = ",",
            converter = PoolNames.class,
            description = "The pools.")
    List<PoolName> pools = List.of();

    @Option(names = "--policy", paramLabel = "NAME", description = "A configured policy. Default: ${DEFAULT-VALUE}.")
    String policy = "default";

    @Option(
            names = "--budget",
            paramLabel = "[POOL=]SIZE",
            description =
                    "Write at most this much to each pool (500M, 20G), or to the one named; no more than the policy"
                            + " allows. Repeatable.")
    List<String> budget = List.of();

    @Option(
            names = "--headroom",
            paramLabel = "[POOL=]SIZE",
            description =
                    "Leave at least this much free in each pool's filesystem, or in that of the one named; no less than the"
                            + " policy says. Repeatable.")
    List<String> headroom = List.of();

    @Option(
            names = "--canary",
            paramLabel = "N",
            description = "Begin at most N jobs, and nothing more in a pool once one of its jobs has failed.")
    Optional<Integer> canary = Optional.empty();

    @Option(
            names = "--deadline",
            paramLabel = "SPAN",
            converter = Spans.class,
            description =
                    "Cancel the run after so long, such as 4h: its jobs stop at their next checkpoint; a commit that has"
                            + " begun is finished.")
    Optional<Duration> deadline = Optional.empty();

    @Option(
            names = "--stop-within",
            paramLabel = "SPAN",
            converter = Spans.class,
            description = "Wait so long after the deadline for what has begun to end; then exit 1, and the run goes on."
                    + " Default: 5m.")
    Duration stopWithin = Duration.ofMinutes(5);

    @Option(names = "--fail-on-skip", description = "Exit 1 also if an image was left alone.")
    boolean failOnSkip;

    @Option(names = "--json", description = "At the end print the summary as one line of JSON, and nothing else.")
    boolean json;

    /** Eight digits that are the same for the same wish: pools, policy, budgets, headroom, canary. */
    String wish() {
        return String.format(
                "%08x",
                List.of(pools, policy, budget, headroom, canary).toString().hashCode());
    }

    /** The wish with what was said of budgets, headroom and canary. */
    RunRequest applied(RunRequest request) {
        RunRequest tightened = budget.isEmpty() && headroom.isEmpty()
                ? request
                : request.tightened(Optional.of(Tightening.ofSpace(budget, headroom)));
        RunLimits limits = request.limits().orElse(RunLimits.NONE);
        return canary.isEmpty()
                ? tightened
                : tightened.limited(Optional.of(new RunLimits(limits.pools(), limits.window(), canary)));
    }

    /** Names of pools. */
    static final class PoolNames implements ITypeConverter<PoolName> {
        @Override
        public PoolName convert(String text) {
            return new PoolName(text.strip());
        }
    }

    /** Spans of time. */
    static final class Spans implements ITypeConverter<Duration> {
        @Override
        public Duration convert(String text) {
            return Durations.parse(text);
        }
    }
}
