package io.planish.load.scenario;

import io.planish.chain.ImageRef;
import io.planish.chain.PoolName;
import io.planish.job.JobRecord;
import io.planish.standalone.LocalPool;
import io.planish.standalone.OneMachine;
import io.planish.standalone.Place;
import io.planish.standalone.ServiceProcess;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Predicate;

/** The whole stack, as processes of their own, with what drives it and listens to it. One thread. */
final class Scene implements AutoCloseable {
    /** Between two checkpoints. */
    static final long BATCH_BYTES = 1 << 20;

    private static final Duration LIMIT = Duration.ofMinutes(10);

    private final OneMachine machine;
    private final Api api;
    private final Told told;
    private final Usage usage;
    private final List<ServiceProcess> workers = new ArrayList<>();
    private ServiceProcess coordinator;
    private int started;

    private Scene(OneMachine machine, ServiceProcess coordinator, Usage usage) throws InterruptedException {
        this.machine = machine;
        this.coordinator = coordinator;
        this.usage = usage;
        this.api = new Api(coordinator.address());
        this.told = new Told(machine.stack().broker().address());
    }

    /**
     * Starts broker, grid, coordinator and workers.
     *
     * @param more settings beside those all scenarios have
     */
    static Scene start(Scenario scenario, Path folder, List<LocalPool> pools, Map<String, String> more)
            throws IOException, InterruptedException {
        Map<String, String> settings = new HashMap<>(Map.of(
                "planish.policies.flat.max-depth", "1",
                "planish.policies.flat.grace", "0s",
                "planish.policies.flat.headroom", "4M",
                "planish.worker.lease", scenario.leaseSeconds + "s",
                "planish.worker.lease-margin", Math.max(1, scenario.leaseSeconds / 3) + "s",
                "planish.worker.slots", Integer.toString(scenario.slots),
                "planish.worker.batch", Long.toString(BATCH_BYTES),
                // Every settled batch is told, so that it can be held against those of other attempts.
                "planish.worker.progress-every", "0s",
                "planish.coordinator.lease", "4s",
                "planish.coordinator.lease-margin", "1s"));
        settings.put("planish.coordinator.offer-again", "1s");
        settings.putAll(more);
        Path home = Path.of(System.getProperty("planish.home"));
        OneMachine machine = OneMachine.start(home, folder.resolve("data"), pools, settings);
        try {
            ServiceProcess coordinator = machine.coordinator(0);
            coordinator.awaitReady();
            Usage usage = new Usage();
            Scene scene = new Scene(machine, coordinator, usage);
            usage.watch("coordinator", coordinator.pid());
            for (int i = 0; i < scenario.workers; i++) {
                scene.startWorker();
            }
            for (ServiceProcess worker : scene.workers) {
                worker.awaitReady();
            }
            return scene;
        } catch (IOException | InterruptedException | RuntimeException e) {
            machine.close();
            throw e;
        }
    }

    /** So many pools as folders of {@code folder}, all of whose overlays lie in them. */
    static List<LocalPool> pools(Path folder, int count, Map<String, String> settings) throws IOException {
        List<LocalPool> pools = new ArrayList<>();
        for (int i = 1; i <= count; i++) {
            Map<String, String> all = new HashMap<>(settings);
            all.putIfAbsent("complete", "true");
            pools.add(new LocalPool(
                    "pool" + i, Files.createDirectories(folder.resolve("pools").resolve("pool" + i)), all));
        }
        return pools;
    }

    /** Starts another worker without waiting for it. */
    ServiceProcess startWorker() throws IOException {
        return startWorker(Place.HERE);
    }

    /** The same at another place of this machine. */
    ServiceProcess startWorker(Place place) throws IOException {
        ServiceProcess worker = machine.worker("worker" + ++started, place, Map.of());
        workers.add(worker);
        usage.watch(worker.name(), worker.pid());
        return worker;
    }

    /** Kills a worker as {@code kill -9} does. */
    void kill(ServiceProcess worker) {
        usage.forget(worker.name());
        worker.kill();
        workers.remove(worker);
    }

    /** Kills the coordinator as {@code kill -9} does and starts another. */
    void restartCoordinator() throws IOException {
        coordinator.kill();
        coordinator = machine.coordinator(0);
        api.moved(coordinator.address());
        usage.watch("coordinator", coordinator.pid());
    }

    ServiceProcess coordinator() {
        return coordinator;
    }

    List<ServiceProcess> workers() {
        return List.copyOf(workers);
    }

    /** The worker that a ledger's owner name belongs to. */
    ServiceProcess worker(String owner) throws IOException {
        return workers.stream()
                .filter(worker -> owner.startsWith(worker.name() + "-"))
                .findFirst()
                .orElseThrow(() -> new IOException("no worker is " + owner));
    }

    /** Asks for a disk to become flat; gives the run. */
    String ask(Fleet.Disk disk, String id) throws IOException {
        ImageRef image = new ImageRef(
                new PoolName(disk.pool().name()),
                disk.pool().folder().relativize(disk.image()).toString());
        return api.request(id, image, "flat").id();
    }

    /** The run's first job, when it is as wanted. */
    JobRecord until(String run, Predicate<JobRecord> wanted) throws IOException, InterruptedException {
        long end = System.nanoTime() + LIMIT.toNanos();
        while (System.nanoTime() - end < 0) {
            List<JobRecord> jobs = api.jobs(run);
            if (!jobs.isEmpty() && wanted.test(jobs.getFirst())) {
                return jobs.getFirst();
            }
            Thread.sleep(100);
        }
        throw new IOException("not within " + LIMIT + ": " + api.jobs(run));
    }

    OneMachine machine() {
        return machine;
    }

    Api api() {
        return api;
    }

    Told told() {
        return told;
    }

    Usage usage() {
        return usage;
    }

    @Override
    public void close() {
        usage.close();
        told.close();
        machine.close();
    }
}
