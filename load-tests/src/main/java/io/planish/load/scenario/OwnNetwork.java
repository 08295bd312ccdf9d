package io.planish.load.scenario;

import io.planish.standalone.Place;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * A network namespace from which 127.0.0.1 is this machine's, over a pair of virtual Ethernet devices, and can be cut off from single ports there: what
 * is sent to these is lost, as after a switch has failed. Needs root and {@code ip}. Not thread-safe.
 */
public final class OwnNetwork implements AutoCloseable {
    private static final int LAST = 3;

    private final String name;
    private final String device;
    private final String address;
    private final List<String> cut = new ArrayList<>();

    /** @param number 0 to 3, tells those of one process apart */
    OwnNetwork(int number) throws IOException {
        long id = ProcessHandle.current().pid() * (LAST + 1) + number;
        this.name = "planish-" + id;
        this.device = "pl" + id % 100_000_000;
        String net = "10.213." + id / 64 % 256 + ".";
        long first = id % 64 * 4;
        String here = net + (first + 1);
        this.address = net + (first + 2);
        String inside = device + "i";
        Faults.must("ip", "netns", "add", name);
        try {
            Faults.must("ip", "link", "add", device, "type", "veth", "peer", "name", inside, "netns", name);
            Faults.must("ip", "addr", "add", here + "/30", "dev", device);
            Faults.must("ip", "link", "set", device, "up");
            Faults.must("sysctl", "-q", "-w", "net.ipv4.conf." + device + ".route_localnet=1");
            within("ip", "addr", "add", address + "/30", "dev", inside);
            within("ip", "link", "set", inside, "up");
            within("ip", "link", "set", "lo", "up");
            within("sysctl", "-q", "-w", "net.ipv4.conf." + inside + ".route_localnet=1");
            within("ip", "addr", "del", "127.0.0.1/8", "dev", "lo");
            within("ip", "route", "add", "127.0.0.0/8", "via", here, "dev", inside, "src", address);
        } catch (IOException e) {
            close();
            throw e;
        }
    }

    /** Why there can be none on this machine; empty: there can. */
    public static Optional<String> obstacle() {
        try {
            new OwnNetwork(LAST).close();
            return Optional.empty();
        } catch (IOException e) {
            return Optional.of(String.valueOf(e.getMessage()));
        }
    }

    Place place() {
        return new Place(address, List.of("ip", "netns", "exec", name));
    }

    /** From now on nothing reaches these, given as {@code host:port}. */
    void cutOffFrom(List<String> servers) throws IOException {
        for (String server : servers) {
            String port = server.substring(server.lastIndexOf(':') + 1);
            within("ip", "rule", "add", "dport", port, "ipproto", "tcp", "blackhole");
            cut.add(port);
        }
    }

    /** Everything is reached again. */
    void join() throws IOException {
        for (String port : List.copyOf(cut)) {
            within("ip", "rule", "del", "dport", port, "ipproto", "tcp", "blackhole");
            cut.remove(port);
        }
    }

    private void within(String... command) throws IOException {
        List<String> all = new ArrayList<>(List.of("ip", "netns", "exec", name));
        all.addAll(List.of(command));
        Faults.must(all.toArray(String[]::new));
    }

    /** Takes the devices away too. */
    @Override
    public void close() throws IOException {
        Faults.must("ip", "netns", "del", name);
    }
}
