package io.planish.standalone;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * All of Planish on this machine: broker, grid, one coordinator and any number of workers, each a process of its own, on
 * loopback, with data and logs in one folder. None of them outlives this process. Not thread-safe.
 */
public final class OneMachine implements AutoCloseable {
    private final Path home;
    private final Path data;
    private final Stack stack;
    private final Map<String, String> settings;
    private final List<ServiceProcess> services = new ArrayList<>();

    private OneMachine(Path home, Path data, Stack stack, Map<String, String> settings) {
        this.home = home;
        this.data = data;
        this.stack = stack;
        this.settings = settings;
    }

    /**
     * Starts broker and grid; returns when both serve clients.
     *
     * @param home a checkout that is built
     * @param data made if absent; one such machine at a time may use it
     * @param settings for coordinator and workers, beside where broker, grid and pools are
     * @throws IOException with one line; nothing is left running then
     */
    public static OneMachine start(Path home, Path data, List<LocalPool> pools, Map<String, String> settings)
            throws IOException {
        Stack stack = Stack.start(data);
        Map<String, String> all = new HashMap<>(settings);
        pools.forEach(pool -> all.putAll(pool.configuration()));
        all.put("kafka.bootstrap.servers", stack.broker().address());
        all.put("quarkus.infinispan-client.hosts", stack.grid().address());
        return new OneMachine(home, data, stack, Map.copyOf(all));
    }

    /** Starts the coordinator without waiting for it; {@link #awaitReady} does. */
    public ServiceProcess coordinator(int port) throws IOException {
        return coordinator(port, Map.of());
    }

    /** The same with settings of its own. */
    public ServiceProcess coordinator(int port, Map<String, String> settings) throws IOException {
        return service("coordinator", "coordinator", Place.HERE, port, settings);
    }

    /** Starts a worker without waiting for it. */
    public ServiceProcess worker(String name) throws IOException {
        return worker(name, Map.of());
    }

    /** The same with settings of its own. */
    public ServiceProcess worker(String name, Map<String, String> settings) throws IOException {
        return worker(name, Place.HERE, settings);
    }

    /** The same at another place of this machine, from which broker and grid are reached as from here. */
    public ServiceProcess worker(String name, Place place, Map<String, String> settings) throws IOException {
        Map<String, String> all = new HashMap<>(settings);
        all.put("planish.worker.name", name);
        return service("worker", name, place, 0, all);
    }

    /** Returns when all services started so far are ready, or fails with one line about the first that is not. */
    public void awaitReady() throws IOException {
        for (ServiceProcess service : services) {
            service.awaitReady();
        }
    }

    /** Broker and grid. */
    public Stack stack() {
        return stack;
    }

    /** The services started so far, first one first. */
    public List<ServiceProcess> services() {
        return List.copyOf(services);
    }

    /** Stops workers and coordinator in order, so that jobs reach a checkpoint, then broker and grid. Idempotent. */
    @Override
    public void close() {
        services.forEach(ServiceProcess::requestStop);
        services.forEach(ServiceProcess::close);
        stack.close();
    }

    private ServiceProcess service(String module, String name, Place place, int port, Map<String, String> more)
            throws IOException {
        Map<String, String> all = new HashMap<>(settings);
        all.putAll(more);
        ServiceProcess service =
                ServiceProcess.start(name, place, home.resolve(module).resolve("target/quarkus-app"), data, port, all);
        services.add(service);
        return service;
    }
}
