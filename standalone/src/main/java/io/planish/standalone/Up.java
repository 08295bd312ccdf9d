package io.planish.standalone;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicBoolean;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** {@code ./planish up}: all of Planish on this machine, until Ctrl-C. */
@Command(
        name = "planish up",
        mixinStandardHelpOptions = true,
        description = "Runs broker, grid, coordinator and worker on loopback until Ctrl-C.",
        footerHeading = "%nExample:%n",
        footer = "  planish up --pool vms=/var/lib/libvirt/images,complete=true")
final class Up implements Callable<Integer> {
    @Option(
            names = "--pool",
            paramLabel = "NAME=FOLDER[,KEY=VALUE]...",
            description =
                    "A storage pool; may be given more than once; without any, an empty one below the data. Keys: host-path (the folder's path on the"
                            + " hypervisors), complete (true: all overlays of its images lie in configured pools),"
                            + " trusted-format, bytes-per-second, slots.")
    private List<LocalPool> pools = List.of();

    @Option(names = "--data", paramLabel = "DIR", description = "Data and logs; default: ~/.local/share/planish")
    private Path data = Path.of(System.getProperty("user.home"), ".local/share/planish");

    @Option(names = "--port", description = "The coordinator's port on 127.0.0.1; default: ${DEFAULT-VALUE}")
    private int port = 8080;

    @Option(names = "--workers", description = "How many worker processes; default: ${DEFAULT-VALUE}")
    private int workers = 1;

    @Option(names = "-D", paramLabel = "KEY=VALUE", description = "Any other setting of coordinator and workers.")
    private Map<String, String> settings = Map.of();

    public static void main(String[] args) {
        System.exit(new CommandLine(new Up())
                .registerConverter(LocalPool.class, LocalPool::parse)
                .setParameterExceptionHandler((e, a) -> fail(e, 2))
                .setExecutionExceptionHandler((e, c, p) -> fail(e, 1))
                .execute(args));
    }

    /** Returns only by an exception: Ctrl-C ends the process. */
    @Override
    public Integer call() throws IOException {
        Path home = Path.of(System.getProperty("planish.home"));
        Loopback.requireFree(port);
        System.out.println("planish: starting broker and grid, data in " + data);
        try (OneMachine machine = OneMachine.start(home, data, givenOrOwnPools(), settings)) {
            AtomicBoolean stopping = new AtomicBoolean();
            Runtime.getRuntime().addShutdownHook(new Thread(() -> stop(machine, stopping), "stop"));
            System.out.println(
                    "planish: starting coordinator and " + workers + (workers == 1 ? " worker" : " workers"));
            machine.coordinator(port);
            for (int i = 1; i <= workers; i++) {
                machine.worker("worker-" + i);
            }
            machine.awaitReady();
            System.out.println("planish: ready on http://127.0.0.1:" + port + " (Ctrl-C stops)");
            ServiceProcess gone = firstToEnd(machine.services());
            if (stopping.get()) {
                // Ctrl-C reached the services too; the hook sees to the rest and ends this process.
                awaitExit();
            }
            throw new IOException(gone.name() + " ended by itself [" + gone.log() + "]");
        }
    }

    /** Without pools there is nothing to serve: then an empty one of its own shows how it goes. */
    private List<LocalPool> givenOrOwnPools() throws IOException {
        if (!pools.isEmpty()) {
            return pools;
        }
        Path own = Files.createDirectories(data.toAbsolutePath().resolve("pools/default"));
        System.out.println("planish: no --pool is given, the only one is " + own);
        return List.of(new LocalPool("default", own, Map.of()));
    }

    private static void awaitExit() {
        try {
            new CountDownLatch(1).await();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private static void stop(OneMachine machine, AtomicBoolean stopping) {
        if (stopping.compareAndSet(false, true)) {
            System.out.println("planish: stopping");
            machine.close();
        }
    }

    private static ServiceProcess firstToEnd(List<ServiceProcess> services) {
        return CompletableFuture.anyOf(services.stream()
                        .map(s -> s.onEnd().thenApply(end -> s))
                        .toArray(CompletableFuture[]::new))
                .thenApply(ServiceProcess.class::cast)
                .join();
    }

    private static int fail(Exception e, int code) {
        System.err.println("planish: " + e.getMessage());
        return code;
    }
}
