package io.planish.topic;

import io.planish.chain.PoolName;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.AdminClientConfig;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.common.config.TopicConfig;
import org.apache.kafka.common.errors.TopicExistsException;

/** Sees to it that the topics exist. */
public final class TopicMaker {
    private static final int PATIENCE_SECONDS = 20;
    private static final String OFFERS_KEPT_MILLIS = Long.toString(60L * 60 * 1000);

    private TopicMaker() {}

    /**
     * The topics of these pools. Offers are kept for an hour: older ones are news to nobody.
     *
     * @param requests topics of requests
     * @param partitions of each topic of offers
     * @param replication empty: as the broker does by default
     */
    public static List<NewTopic> wanted(
            Collection<PoolName> pools, Collection<String> requests, int partitions, Optional<Short> replication) {
        List<NewTopic> topics = new ArrayList<>();
        Set<String> single = new TreeSet<>(requests);
        single.addAll(List.of(Topics.REQUESTS, Topics.EVENTS, Topics.PROGRESS, Topics.DEAD));
        single.forEach(name -> topics.add(new NewTopic(name, Optional.of(1), replication)));
        for (PoolName pool : pools) {
            for (String name : List.of(Topics.jobs(pool), Topics.poolJobs(pool))) {
                topics.add(new NewTopic(name, Optional.of(partitions), replication)
                        .configs(Map.of(TopicConfig.RETENTION_MS_CONFIG, OFFERS_KEPT_MILLIS)));
            }
        }
        return topics;
    }

    /**
     * Makes those that are not there, or only names them.
     *
     * @param kafka connection settings
     * @return those that were not there
     */
    public static List<NewTopic> make(Map<String, Object> kafka, List<NewTopic> wanted, boolean create)
            throws IOException {
        Map<String, Object> settings = new java.util.HashMap<>(kafka);
        settings.keySet().retainAll(AdminClientConfig.configNames());
        try (Admin admin = Admin.create(settings)) {
            Set<String> there = admin.listTopics().names().get(PATIENCE_SECONDS, TimeUnit.SECONDS);
            List<NewTopic> missing =
                    wanted.stream().filter(t -> !there.contains(t.name())).toList();
            if (create) {
                for (NewTopic topic : missing) {
                    make(admin, topic);
                }
            }
            return missing;
        } catch (ExecutionException | TimeoutException e) {
            throw new IOException("topics cannot be seen to: " + e.getMessage(), e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IOException("interrupted while seeing to the topics", e);
        }
    }

    private static void make(Admin admin, NewTopic topic)
            throws ExecutionException, InterruptedException, TimeoutException {
        try {
            admin.createTopics(List.of(topic)).all().get(PATIENCE_SECONDS, TimeUnit.SECONDS);
        } catch (ExecutionException e) {
            if (!(e.getCause() instanceof TopicExistsException)) {
                throw e;
            }
        }
    }
}
