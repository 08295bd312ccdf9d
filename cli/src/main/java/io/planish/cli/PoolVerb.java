package io.planish.cli;

import io.planish.chain.PoolName;
import io.planish.storage.Pool;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** What is done to a pool as a whole. */
@Command(
        name = "pool",
        mixinStandardHelpOptions = true,
        description = "Makes pools of folders.",
        subcommands = PoolVerb.Init.class)
final class PoolVerb implements Runnable {
    @Spec
    private CommandSpec spec;

    @Override
    public void run() {
        throw new ParameterException(spec.commandLine(), "what to do with the pool is missing, such as 'init DIR'");
    }

    /** Gives a folder its marker. */
    @Command(
            name = "init",
            mixinStandardHelpOptions = true,
            description = {
                "Gives a folder the marker that tells it from an empty mount point.",
                "A folder that has one keeps it."
            },
            footerHeading = "%nExamples:%n",
            footer = "  planish pool init /srv/images")
    static final class Init implements Callable<Integer> {
        @Spec
        private CommandSpec spec;

        @Parameters(paramLabel = "DIR", description = "The pool's root folder, mounted.")
        private Path folder;

        @Option(
                names = "--name",
                paramLabel = "NAME",
                description = "Its name in the configuration of the services. Default: from the folder's name.")
        private @Nullable String name;

        @Override
        public Integer call() throws Exception {
            PrintWriter out = spec.commandLine().getOut();
            Optional<PoolName> named = Optional.ofNullable(name).map(PoolName::new);
            for (Pool pool : Workspace.toWrite(List.of(folder)).pools().all()) {
                out.println(pool.root() + " is a pool with the id " + pool.id());
                out.println("planish.pools." + named.orElse(pool.name()) + ".path=" + pool.root());
            }
            return ExitCode.DONE;
        }
    }
}
