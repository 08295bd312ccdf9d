package io.planish.cli;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.planish.job.Json;
import io.planish.plan.Bytes;
import io.planish.trash.Trash;
import io.planish.trash.Trash.Entry;
import io.planish.trash.Trash.Result;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** What jobs have left over. */
@Command(
        name = "trash",
        mixinStandardHelpOptions = true,
        description = "Lists, restores or removes what jobs have left over in .planish-trash.",
        subcommands = {TrashVerb.ListAll.class, TrashVerb.Restore.class, TrashVerb.Purge.class})
final class TrashVerb implements Runnable {
    private static final int VERSION = 1;

    @Spec
    private CommandSpec spec;

    @Override
    public void run() {
        throw new ParameterException(spec.commandLine(), "what to do is missing: list, restore or purge");
    }

    /** What all three have in common. */
    private abstract static class Verb implements Callable<Integer> {
        @Spec
        CommandSpec spec;

        @Parameters(paramLabel = "DIR", arity = "1..*", description = "Folders with images.")
        private List<Path> folders;

        @Option(names = "--run", paramLabel = "RUN", description = "Only what this run has left over.")
        private @Nullable String run;

        @Option(
                names = "--image",
                paramLabel = "POOL/PATH",
                description = "Only this image, named as the list names it. Repeatable.")
        private List<String> images = new ArrayList<>();

        @Mixin
        JsonOption json;

        Trash open() throws IOException {
            Workspace workspace = Workspace.toRead(folders, Optional.empty());
            return new Trash(workspace.storage(), workspace.pools());
        }

        boolean isChosen(Entry entry) {
            return (run == null || entry.run().equals(run))
                    && (images.isEmpty() || images.contains(entry.image().toString()));
        }

        PrintWriter out() {
            return spec.commandLine().getOut();
        }

        int report(List<Result> results, String done) throws IOException {
            long problems =
                    results.stream().filter(r -> r.problem().isPresent()).count();
            long bytes = results.stream()
                    .filter(r -> r.problem().isEmpty())
                    .mapToLong(r -> r.entry().bytes())
                    .sum();
            if (json.asked()) {
                ObjectNode answer = Json.MAPPER.createObjectNode().put("version", VERSION);
                answer.put("bytes", bytes);
                ArrayNode all = answer.putArray("leftovers");
                results.forEach(result -> all.add(json(result.entry(), result.problem())));
                out().println(Json.MAPPER.writeValueAsString(answer));
            } else {
                for (Result result : results) {
                    result.problem()
                            .ifPresent(problem -> spec.commandLine()
                                    .getErr()
                                    .println("planish: " + result.entry().image() + ": " + problem));
                }
                out().println(results.size() - problems + " " + done + ", " + Bytes.text(bytes));
            }
            if (problems == 0) {
                return ExitCode.DONE;
            }
            return problems == results.size() ? ExitCode.ALL_SKIPPED : ExitCode.FAILED;
        }

        static ObjectNode json(Entry entry, Optional<String> problem) {
            ObjectNode json =
                    Json.MAPPER.createObjectNode().put("image", entry.image().toString());
            json.put("run", entry.run())
                    .put("job", entry.job())
                    .put("path", entry.path().toString());
            json.put("bytes", entry.bytes()).put("retired", entry.retired().toString());
            json.put("keptUntil", entry.keptUntil().toString());
            problem.ifPresent(what -> json.put("problem", what));
            return json;
        }
    }

    /** What is there. */
    @Command(
            name = "list",
            mixinStandardHelpOptions = true,
            description = "Shows what is in the trash, how long it stays, and whether it can be restored.")
    static final class ListAll extends Verb {
        @Override
        public Integer call() throws Exception {
            Trash trash = open();
            List<Entry> entries =
                    trash.entries().stream().filter(this::isChosen).toList();
            List<Path> unknown = trash.unknown();
            if (json.asked()) {
                ObjectNode answer = Json.MAPPER.createObjectNode().put("version", VERSION);
                ArrayNode all = answer.putArray("leftovers");
                entries.forEach(entry -> all.add(json(entry, Optional.empty())
                        .put("restorable", entry.obstacle().isEmpty())
                        .put("reason", entry.obstacle().orElse(""))));
                unknown.forEach(path -> answer.withArray("unknown").add(path.toString()));
                out().println(Json.MAPPER.writeValueAsString(answer));
                return ExitCode.DONE;
            }
            Table table = new Table().row("image", "size", "run", "kept until", "can be restored");
            for (Entry entry : entries) {
                table.row(
                        entry.image(),
                        Bytes.text(entry.bytes()),
                        entry.run(),
                        entry.keptUntil().truncatedTo(ChronoUnit.MINUTES),
                        entry.obstacle().map(why -> "no: " + why).orElse("yes"));
            }
            if (entries.isEmpty()) {
                out().println("Nothing is in the trash.");
            } else {
                table.print(out(), "");
            }
            unknown.forEach(path -> out().println(path + " is no leftover of a job and is left alone"));
            return ExitCode.DONE;
        }
    }

    /** Back to where it was. */
    @Command(
            name = "restore",
            mixinStandardHelpOptions = true,
            description = {
                "Gives leftovers of a pull their names back, if all that they need is still as it was.",
                "What a commit has left over is no image any more and cannot be restored."
            })
    static final class Restore extends Verb {
        @Override
        public Integer call() throws Exception {
            return report(open().restore(this::isChosen), "restored");
        }
    }

    /** Away for good. */
    @Command(
            name = "purge",
            mixinStandardHelpOptions = true,
            description = "Removes for good what has been in the trash for its grace period.")
    static final class Purge extends Verb {
        @Option(
                names = "--older-than",
                paramLabel = "TIME",
                converter = PolicyOptions.DurationConverter.class,
                description = "Instead of the grace period that was wanted for it: remove what is older than this.")
        private @Nullable Duration olderThan;

        @Option(names = "--yes", description = "Do not ask.")
        private boolean yes;

        @Override
        public Integer call() throws Exception {
            if (!yes && !Terminal.isInput()) {
                throw new ParameterException(spec.commandLine(), "there is nobody to ask: add --yes");
            }
            Trash trash = open();
            Instant now = Instant.now();
            long due =
                    trash.entries().stream().filter(entry -> isDue(entry, now)).count();
            if (due > 0 && !yes && !agreed(due)) {
                out().println("Nothing was changed.");
                return ExitCode.DONE;
            }
            return report(trash.purge(entry -> isDue(entry, now)), "removed");
        }

        private boolean isDue(Entry entry, Instant now) {
            Instant until =
                    olderThan == null ? entry.keptUntil() : entry.retired().plus(olderThan);
            return isChosen(entry) && !now.isBefore(until);
        }

        private boolean agreed(long count) throws IOException {
            out().print("Remove " + count + " files for good? [y/N] ");
            out().flush();
            String answer = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8)).readLine();
            return answer != null && (answer.equalsIgnoreCase("y") || answer.equalsIgnoreCase("yes"));
        }
    }
}
