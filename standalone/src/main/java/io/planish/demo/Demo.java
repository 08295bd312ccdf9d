package io.planish.demo;

import com.fasterxml.jackson.databind.JsonNode;
import io.planish.fleet.Qemu;
import io.planish.standalone.LocalPool;
import io.planish.standalone.OneMachine;
import io.planish.standalone.ServiceProcess;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.stream.Stream;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** {@code ./planish demo}: exit code 0 only if QEMU's tools find every chain right and as flat as it was to become. */
@Command(
        name = "planish demo",
        mixinStandardHelpOptions = true,
        description =
                "Makes a fleet of QCOW2 chains with QEMU's tools, flattens it through a real broker, grid, coordinator"
                        + " and workers, one of which is killed on the way, and has QEMU's tools judge the result.")
final class Demo implements Callable<Integer> {
    private static final String VICTIM = "archive";
    /** What committing the small overlays of the private chain may write; pulling its base up would write five times as much. */
    private static final long SMALL_COMMIT_BYTES = 48L << 20;

    private static final Map<String, String> SETTINGS = Map.of(
            "planish.policies.flat.max-depth", "1",
            "planish.policies.flat.grace", "0s",
            "planish.policies.flat.headroom", "64M",
            // Short, so that a killed worker's job goes on while one watches.
            "planish.worker.lease", "4s",
            "planish.worker.lease-margin", "1s",
            "planish.coordinator.offer-again", "1s");

    @Option(names = "--keep", description = "Keep the fleet and the logs also when all is well.")
    private boolean keep;

    private final long started = System.nanoTime();
    private final List<String> faults = new ArrayList<>();

    public static void main(String[] args) {
        System.exit(new CommandLine(new Demo())
                .setExecutionExceptionHandler((e, c, p) -> {
                    System.err.println("planish: demo: " + e.getMessage());
                    return 1;
                })
                .execute(args));
    }

    @Override
    public Integer call() throws IOException, InterruptedException {
        Path folder = Files.createTempDirectory("planish-demo-");
        boolean well = false;
        try {
            well = run(folder);
        } finally {
            if (well && !keep) {
                delete(folder);
            } else {
                System.out.println("Fleet and logs are kept in " + folder);
            }
        }
        return well ? 0 : 1;
    }

    private boolean run(Path folder) throws IOException, InterruptedException {
        step("making a fleet with qemu-img and qemu-io");
        Fleet fleet = Fleet.make(folder);
        Map<String, Long> before = Judge.used(fleet);
        Report.say(fleet.chains().size() + " chains in " + fleet.pools().size() + " pools, "
                + Text.bytes(Report.sum(before)));
        JsonNode plan;
        JsonNode run;
        JsonNode jobs;
        Optional<Watch.Kill> kill;
        try (Qemu.Guest guest = new Qemu.Guest(fleet.chain("db").leaf());
                OneMachine machine = start(folder, fleet);
                Api api = new Api(machine.services().getFirst().address())) {
            step("scanning and planning");
            plan = api.plan(fleet.pools().stream().map(LocalPool::name).toList(), "flat");
            Report.plan(plan.path("plan"));
            step("flattening");
            String id = api.start(plan.path("id").asText());
            List<ServiceProcess> workers =
                    machine.services().subList(1, machine.services().size());
            Watch watch = new Watch(api, id, fleet.chain(VICTIM).image(), workers, Report::say);
            run = watch.toTheEnd();
            jobs = api.jobs(id);
            kill = watch.kill();
            judgeRun(run, jobs, kill);
            step("judging with qemu-img compare and qemu-img check");
            judgeFleet(fleet, plan.path("plan"), jobs);
        }
        Report.fleet(fleet, jobs, kill, before, Judge.used(fleet));
        faults.forEach(fault -> System.out.println("  WRONG: " + fault));
        System.out.printf(
                "%n%s, %d s%n", faults.isEmpty() ? "All is well" : faults.size() + " things are wrong", seconds());
        return faults.isEmpty();
    }

    private OneMachine start(Path folder, Fleet fleet) throws IOException {
        step("starting broker, grid, coordinator and two workers");
        Path home = Path.of(System.getProperty("planish.home"));
        OneMachine machine = OneMachine.start(home, folder.resolve("data"), fleet.pools(), SETTINGS);
        try {
            machine.coordinator(0);
            machine.worker("worker-1");
            machine.worker("worker-2");
            machine.awaitReady();
            return machine;
        } catch (IOException e) {
            machine.close();
            throw e;
        }
    }

    private void judgeRun(JsonNode run, JsonNode jobs, Optional<Watch.Kill> kill) {
        if (!run.path("state").asText().equals("FINISHED")) {
            faults.add("the run is " + run.path("state").asText() + " "
                    + run.path("error").asText());
        }
        for (JsonNode job : jobs) {
            if (!outcome(job).equals("DONE")) {
                faults.add("job " + Text.ended(job));
            }
            kill.filter(k -> k.job().equals(job.path("job").path("id").asText()))
                    .ifPresent(k -> {
                        long skipped = job.path("state")
                                .path("result")
                                .path("bytesSkipped")
                                .asLong();
                        if (job.path("epoch").asLong() < 2 || skipped < k.guestBytesDone()) {
                            faults.add("the killed worker's job did not go on from its checkpoint at "
                                    + Text.bytes(k.guestBytesDone()));
                        }
                    });
        }
        if (kill.isEmpty()) {
            faults.add("no worker was killed: the job of " + VICTIM + " was over too soon");
        }
    }

    private void judgeFleet(Fleet fleet, JsonNode plan, JsonNode jobs) throws IOException {
        for (Chain chain : fleet.chains()) {
            faults.addAll(Judge.faults(chain));
            chain.skip().ifPresent(reason -> {
                if (Stream.of(plan.path("skips"))
                        .flatMap(Report::elements)
                        .noneMatch(s -> s.path("image").asText().equals(chain.image())
                                && s.path("reason").asText().equals(reason))) {
                    faults.add(chain.image() + ": the plan does not say that it is left alone for " + reason);
                }
            });
        }
        Judge.trash(fleet).forEach(file -> faults.add(file + " is left in the trash"));
        String ledger = fleet.chain("ledger").image();
        if (Report.elements(jobs)
                .noneMatch(j -> j.path("job").path("kind").asText().equals("COMMIT")
                        && j.path("job").path("replaces").asText().equals(ledger)
                        && j.path("state").path("result").path("bytesCopied").asLong() < SMALL_COMMIT_BYTES)) {
            faults.add(ledger + ": was not committed under the leaf's name");
        }
    }

    private static String outcome(JsonNode job) {
        return job.path("state").path("result").path("outcome").path("outcome").asText();
    }

    private long seconds() {
        return (System.nanoTime() - started) / 1_000_000_000;
    }

    private void step(String what) {
        System.out.printf("[%3d s] %s%n", seconds(), what);
    }

    private static void delete(Path folder) throws IOException {
        try (Stream<Path> files = Files.walk(folder)) {
            for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
                Files.delete(file);
            }
        }
    }
}
