package io.planish.cli;

import picocli.CommandLine.Command;
import picocli.CommandLine.IVersionProvider;

/** The verbs, and what is said when there is none. */
@Command(
        name = "planish",
        mixinStandardHelpOptions = true,
        versionProvider = Planish.Version.class,
        synopsisSubcommandLabel = "VERB",
        description =
                "Flattens QCOW2 backing chains by the cheapest safe plan; a crash anywhere costs time, never data.",
        exitCodeListHeading = "%nExit codes:%n",
        exitCodeList = {
            "0:done",
            "1:failed",
            "2:wrong usage",
            "3:everything was skipped",
            " :commit, rebase and check keep the codes of qemu-img"
        },
        footerHeading = "%nExamples:%n",
        footer = {
            "  planish scan /var/lib/libvirt/images",
            "  planish flatten /var/lib/libvirt/images",
            "  planish plan /pool/a /pool/b --max-depth 3 -o plan.jsonl",
            "  planish apply plan.jsonl",
            "  planish VERB --help",
            "",
            "In a checkout also: planish demo, planish up, planish test, planish bench"
        })
final class Planish implements Runnable {
    @picocli.CommandLine.Spec
    private picocli.CommandLine.Model.CommandSpec spec;

    @Override
    public void run() {
        spec.commandLine().usage(spec.commandLine().getOut());
    }

    /** The version of the build, as the jar's manifest has it. */
    static final class Version implements IVersionProvider {
        @Override
        public String[] getVersion() {
            String version = Planish.class.getPackage().getImplementationVersion();
            return new String[] {"planish " + (version == null ? "(not built as a jar)" : version)};
        }
    }
}
