package io.planish.standalone;

import java.io.IOException;
import java.nio.file.Path;
import java.util.Optional;

/**
 * A broker and a grid that serve clients on loopback, with all their data in one folder. Starting again on the same folder
 * finds what was written before, however the last start ended.
 *
 * <p>Not thread-safe.
 */
public final class Stack implements AutoCloseable {
    private final ServerProcess broker;
    private final ServerProcess grid;

    private Stack(ServerProcess broker, ServerProcess grid) {
        this.broker = broker;
        this.grid = grid;
    }

    /** {@link #start(Path, int, int)} on free ports. */
    public static Stack start(Path folder) throws IOException {
        return start(folder, 0, 0);
    }

    /**
     * {@link #start(Path)}, for clients that speak TLS and name themselves by SCRAM-SHA-512.
     *
     * @param security properties: keyStore (PKCS #12), keyStorePassword, user, password
     */
    public static Stack startSecured(Path folder, Path security) throws IOException {
        return start(folder, 0, 0, Optional.of(security));
    }

    /**
     * Starts both and returns when both serve clients; takes some 5 to 10 s.
     *
     * @param folder made if absent; one stack at a time may use it
     * @param brokerPort 1 to 65535, or 0 for any free one
     * @param gridPort likewise
     * @throws IOException with one line if either cannot start or has not within 60 s; nothing is left running then
     */
    public static Stack start(Path folder, int brokerPort, int gridPort) throws IOException {
        return start(folder, brokerPort, gridPort, Optional.empty());
    }

    private static Stack start(Path folder, int brokerPort, int gridPort, Optional<Path> security) throws IOException {
        ServerProcess broker = ServerProcess.broker(folder, brokerPort, security);
        ServerProcess grid;
        try {
            grid = ServerProcess.grid(folder, gridPort, security);
        } catch (IOException e) {
            broker.kill();
            throw e;
        }
        Stack stack = new Stack(broker, grid);
        try {
            broker.awaitReady();
            grid.awaitReady();
        } catch (IOException e) {
            stack.close();
            throw e;
        }
        return stack;
    }

    /** The broker; {@code broker().address()} is what Kafka calls bootstrap servers. */
    public ServerProcess broker() {
        return broker;
    }

    /** The grid; {@code grid().address()} is a Hot Rod server list. Its caches are made already. */
    public ServerProcess grid() {
        return grid;
    }

    /** Stops both cleanly, or kills what does not stop within 20 s. Idempotent. */
    @Override
    public void close() {
        broker.requestStop();
        grid.close();
        broker.close();
    }
}
