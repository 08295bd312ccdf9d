package io.planish.standalone;

import java.io.IOException;
import java.io.PrintStream;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.Optional;
import java.util.logging.Level;
import java.util.logging.Logger;
import org.jspecify.annotations.Nullable;
import sun.misc.Signal;
import sun.misc.SignalHandler;

/**
 * The life of one server process, as its starter {@link ServerProcess} expects it: the arguments are folder and port, and
 * where clients are to be known a file as {@link Security} reads; the first line on standard output is {@code ready} or {@code failed: } and why; it stops cleanly when standard input ends,
 * which also happens when the starter dies in whatever way, and on SIGTERM. Logs go to standard error.
 */
final class Child {
    static final String READY = "ready";
    static final String FAILED = "failed: ";
    private static final Duration STOP_LIMIT = Duration.ofSeconds(15);
    private static final Logger LOG = Logger.getLogger(Child.class.getName());

    /** Held until the process ends: a lock that is no longer referenced is lost with its channel. */
    private static @Nullable FileLock folderLock;

    interface Server {
        /** Returns when clients are served on the loopback port; {@code folder} exists and is this server's alone. */
        void start(Path folder, int port, Optional<Security> security) throws Exception;

        void stop() throws Exception;
    }

    static void run(Server server, String[] args) {
        PrintStream answer = System.out;
        System.setOut(System.err);
        // Ctrl-C reaches the whole process group; the starter decides when its servers go.
        Signal.handle(new Signal("INT"), SignalHandler.SIG_IGN);
        Thread.ofPlatform().daemon().name("starter-watch").start(() -> {
            awaitEndOfInput();
            stop(server);
            Runtime.getRuntime().halt(0);
        });
        Runtime.getRuntime().addShutdownHook(new Thread(() -> stop(server), "stop"));
        int port = Integer.parseInt(args[1]);
        try {
            Path folder = Path.of(args[0]);
            requireAlone(folder);
            Loopback.requireFree(port);
            server.start(
                    folder, port, args.length > 2 ? Optional.of(Security.read(Path.of(args[2]))) : Optional.empty());
        } catch (Exception e) {
            LOG.log(Level.SEVERE, "start failed", e);
            answer.println(FAILED + firstLine(rootCause(e)));
            answer.flush();
            Runtime.getRuntime().halt(1);
        }
        answer.println(READY);
        answer.flush();
    }

    /** A second broker writes into the first one's metadata before it looks at its own lock. */
    private static void requireAlone(Path folder) throws IOException {
        FileChannel file =
                FileChannel.open(folder.resolve("in-use"), StandardOpenOption.CREATE, StandardOpenOption.WRITE);
        folderLock = file.tryLock();
        if (folderLock == null) {
            throw new IOException(folder + " is in use by another server (stop it, or choose another folder)");
        }
    }

    private static void awaitEndOfInput() {
        try {
            while (System.in.read() >= 0) {}
        } catch (IOException e) {
            LOG.log(Level.WARNING, "standard input broke", e);
        }
    }

    private static void stop(Server server) {
        Thread stopping = Thread.ofPlatform().daemon().name("server-stop").start(() -> {
            try {
                server.stop();
            } catch (Exception e) {
                LOG.log(Level.WARNING, "unclean stop", e);
            }
        });
        try {
            if (!stopping.join(STOP_LIMIT)) {
                LOG.warning("did not stop within " + STOP_LIMIT.toSeconds() + " s");
                Runtime.getRuntime().halt(2);
            }
        } catch (InterruptedException e) {
            Runtime.getRuntime().halt(2);
        }
    }

    private static Throwable rootCause(Throwable e) {
        Throwable cause = e;
        while (cause.getCause() != null) {
            cause = cause.getCause();
        }
        return cause;
    }

    private static String firstLine(Throwable e) {
        String message = e.getMessage();
        return message == null
                ? e.getClass().getSimpleName()
                : message.lines().findFirst().orElse("");
    }

    private Child() {}
}
