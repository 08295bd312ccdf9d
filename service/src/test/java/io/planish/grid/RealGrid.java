package io.planish.grid;

import io.planish.ledger.Ledger;
import io.planish.standalone.Stack;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import org.infinispan.client.hotrod.RemoteCacheManager;
import org.infinispan.client.hotrod.configuration.ClientIntelligence;
import org.infinispan.client.hotrod.configuration.ConfigurationBuilder;

/** A grid as a process of its own, and a client. */
public record RealGrid(Stack stack, RemoteCacheManager client, Ledger ledger) implements AutoCloseable {
    public static RealGrid start(Path folder) throws IOException {
        Stack stack = Stack.start(folder);
        RemoteCacheManager client = client(stack.grid().address());
        return new RealGrid(stack, client, Ledger.of(client, Duration.ofSeconds(60)));
    }

    /** Another client. */
    public RemoteCacheManager another() {
        return client(stack.grid().address());
    }

    public static RemoteCacheManager client(String address) {
        return new RemoteCacheManager(new ConfigurationBuilder()
                .addServers(address)
                .clientIntelligence(ClientIntelligence.BASIC)
                .build());
    }

    @Override
    public void close() {
        client.close();
        stack.close();
    }
}
