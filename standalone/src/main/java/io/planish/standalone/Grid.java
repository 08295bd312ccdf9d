package io.planish.standalone;

import java.io.IOException;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.util.List;
import java.util.Optional;
import org.infinispan.commons.dataconversion.MediaType;
import org.infinispan.configuration.cache.Configuration;
import org.infinispan.configuration.cache.ConfigurationBuilder;
import org.infinispan.configuration.global.GlobalConfigurationBuilder;
import org.infinispan.configuration.global.ShutdownHookBehavior;
import org.infinispan.globalstate.ConfigurationStorage;
import org.infinispan.manager.DefaultCacheManager;
import org.infinispan.persistence.sifs.configuration.SoftIndexFileStoreConfigurationBuilder;
import org.infinispan.server.core.admin.embeddedserver.EmbeddedServerAdminOperationHandler;
import org.infinispan.server.hotrod.HotRodServer;
import org.infinispan.server.hotrod.configuration.HotRodServerConfiguration;
import org.infinispan.server.hotrod.configuration.HotRodServerConfigurationBuilder;
import org.jspecify.annotations.Nullable;

/** One Infinispan Hot Rod server with Planish's caches; what a client was told is written is on disk, also after a power cut. */
final class Grid implements Child.Server {
    static final List<String> CACHES = List.of("planish-runs", "planish-jobs", "planish-checkpoints", "planish-images");

    private @Nullable DefaultCacheManager manager;
    private @Nullable HotRodServer server;

    public static void main(String[] args) {
        Child.run(new Grid(), args);
    }

    @Override
    public void start(Path folder, int port, Optional<Security> security) throws IOException, GeneralSecurityException {
        DefaultCacheManager caches = new DefaultCacheManager(global(folder).build());
        manager = caches;
        for (String name : CACHES) {
            caches.defineConfiguration(name, durable());
            caches.getCache(name);
        }
        HotRodServerConfigurationBuilder serving = new HotRodServerConfigurationBuilder()
                .host("127.0.0.1")
                .port(port)
                .adminOperationsHandler(new EmbeddedServerAdminOperationHandler());
        if (security.isPresent()) {
            serving.ssl().enable().sslContext(security.get().tls());
            serving.authentication()
                    .enable()
                    .sasl()
                    .serverName("planish")
                    .addMechanisms(Security.SCRAM)
                    .authenticator(new ScramUser(security.get()));
        }
        HotRodServerConfiguration configuration = serving.build();
        HotRodServer started = new HotRodServer();
        server = started;
        started.start(configuration, caches);
        started.postStart();
    }

    @Override
    public void stop() {
        HotRodServer running = server;
        if (running != null) {
            running.stop();
        }
        DefaultCacheManager caches = manager;
        if (caches != null) {
            caches.stop();
        }
    }

    private static GlobalConfigurationBuilder global(Path folder) {
        GlobalConfigurationBuilder global = new GlobalConfigurationBuilder().nonClusteredDefault();
        global.shutdown().hookBehavior(ShutdownHookBehavior.DONT_REGISTER);
        global.globalState()
                .enable()
                .persistentLocation(folder.resolve("state").toString())
                .sharedPersistentLocation(folder.resolve("state").toString())
                .temporaryLocation(folder.resolve("tmp").toString())
                .configurationStorage(ConfigurationStorage.OVERLAY);
        return global;
    }

    private static Configuration durable() {
        ConfigurationBuilder cache = new ConfigurationBuilder();
        cache.encoding().mediaType(MediaType.APPLICATION_PROTOSTREAM);
        cache.persistence()
                .addStore(SoftIndexFileStoreConfigurationBuilder.class)
                .syncWrites(true)
                .purgeOnStartup(false)
                .preload(true);
        return cache.build();
    }
}
