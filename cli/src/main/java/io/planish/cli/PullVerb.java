package io.planish.cli;

import io.planish.chain.ImageRef;
import io.planish.job.Job;
import io.planish.job.JobResult;
import io.planish.job.Verify;
import io.planish.plan.Bytes;
import java.io.PrintWriter;
import java.io.Writer;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** Brings data up into one image. */
@Command(
        name = "pull",
        mixinStandardHelpOptions = true,
        description = {
            "Brings what an image shows from its backing files up into it.",
            "With -b its chain then continues at BASE, else the image stands alone. No other file is touched."
        },
        footerHeading = "%nExamples:%n",
        footer = {"  planish pull disk.qcow2", "  planish pull -b golden.qcow2 disk.qcow2"})
final class PullVerb implements Callable<Integer> {
    @Spec
    private CommandSpec spec;

    @Parameters(paramLabel = "FILE", description = "A QCOW2 image.")
    private String file;

    @Option(names = "-b", paramLabel = "BASE", description = "The file of its chain that becomes its backing file.")
    private Optional<String> base = Optional.empty();

    @Option(names = "-q", description = "Say nothing but errors.")
    private boolean quiet;

    @Option(
            names = "--verify",
            paramLabel = "HOW",
            defaultValue = "metadata",
            description = "full (reads all that was written again), metadata or none. Default: ${DEFAULT-VALUE}.")
    private Verify verify;

    @Override
    public Integer call() throws Exception {
        OneShot one = OneShot.open(file);
        Optional<ImageRef> to = base.isPresent() ? Optional.of(one.requireInChain(base.get())) : Optional.empty();
        String now = to.map(ref -> "continues at " + one.nameOf(ref)).orElse("stands alone");
        if (one.chain().getLast().backingImage().equals(to)) {
            boolean left = BegunJobs.in(one.workspace())
                    .linking(one.top())
                    .finish(
                            new PrintWriter(Writer.nullWriter()),
                            spec.commandLine().getErr());
            say(file + " " + now + " already");
            return left ? ExitCode.DONE : ExitCode.FAILED;
        }
        Job job = OneShotJobs.pull(one.chain(), to);
        one.requireSafe(job);
        ProgressLine line = new ProgressLine(
                spec.commandLine().getErr(), quiet ? ProgressLine.Style.NONE : ProgressLine.forPeople(), file);
        JobResult result = one.run(job, Set.of(), verify, line);
        say(file + " now " + now + ", " + Bytes.text(result.bytesCopied()) + " written");
        return ExitCode.DONE;
    }

    private void say(String what) {
        if (!quiet) {
            spec.commandLine().getOut().println(what);
        }
    }
}
