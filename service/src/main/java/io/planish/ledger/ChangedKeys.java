package io.planish.ledger;

import java.util.function.Consumer;
import org.infinispan.client.hotrod.annotation.ClientCacheEntryCreated;
import org.infinispan.client.hotrod.annotation.ClientCacheEntryModified;
import org.infinispan.client.hotrod.annotation.ClientCacheEntryRemoved;
import org.infinispan.client.hotrod.annotation.ClientListener;
import org.infinispan.client.hotrod.event.ClientCacheEntryCreatedEvent;
import org.infinispan.client.hotrod.event.ClientCacheEntryModifiedEvent;
import org.infinispan.client.hotrod.event.ClientCacheEntryRemovedEvent;

/** Hears from the grid of each entry of a cache that is made, changed or removed. The client registers it again after a broken connection. */
@ClientListener
public final class ChangedKeys {
    private final Consumer<String> told;

    ChangedKeys(Consumer<String> told) {
        this.told = told;
    }

    @ClientCacheEntryCreated
    public void made(ClientCacheEntryCreatedEvent<String> event) {
        told.accept(event.getKey());
    }

    @ClientCacheEntryModified
    public void changed(ClientCacheEntryModifiedEvent<String> event) {
        told.accept(event.getKey());
    }

    @ClientCacheEntryRemoved
    public void removed(ClientCacheEntryRemovedEvent<String> event) {
        told.accept(event.getKey());
    }
}
