package io.planish.demo;

import com.fasterxml.jackson.databind.JsonNode;
import io.planish.standalone.ServiceProcess;
import java.io.IOException;
import java.time.Duration;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.Consumer;

/** Follows a run to its end, and kills the worker of one job when that job is well under way. */
final class Watch {
    private static final Duration LOOK_AGAIN = Duration.ofMillis(200);
    private static final Duration LIMIT = Duration.ofMinutes(3);
    private static final int KILL_AT_PERCENT = 30;

    private final Api api;
    private final String run;
    private final String victim;
    private final List<ServiceProcess> workers;
    private final Consumer<String> say;
    private final Set<String> told = new HashSet<>();
    private Optional<Kill> kill = Optional.empty();

    /** What was durable, in guest bytes, when the worker was killed, and what it had written. */
    record Kill(String job, String image, long guestBytesDone, long bytesCopied) {}

    /** @param victim the image whose job is to lose its worker */
    Watch(Api api, String run, String victim, List<ServiceProcess> workers, Consumer<String> say) {
        this.api = api;
        this.run = run;
        this.victim = victim;
        this.workers = workers;
        this.say = say;
    }

    Optional<Kill> kill() {
        return kill;
    }

    /** Returns the run when it is over. */
    JsonNode toTheEnd() throws IOException, InterruptedException {
        long end = System.nanoTime() + LIMIT.toNanos();
        while (true) {
            for (JsonNode job : api.jobs(run)) {
                look(job);
            }
            JsonNode now = api.run(run);
            String state = now.path("state").asText();
            if (state.equals("FINISHED") || state.equals("FAILED")) {
                api.jobs(run).forEach(this::tellEnd);
                return now;
            }
            if (System.nanoTime() - end > 0) {
                throw new IOException("the run is still " + state + " after " + LIMIT.toMinutes() + " minutes");
            }
            Thread.sleep(LOOK_AGAIN);
        }
    }

    private void look(JsonNode job) {
        tellEnd(job);
        JsonNode state = job.path("state");
        JsonNode progress = state.path("progress");
        long done = progress.path("guestBytesDone").asLong();
        if (kill.isEmpty()
                && state.path("state").asText().equals("RUNNING")
                && job.path("job").path("top").asText().equals(victim)
                && done * 100 >= progress.path("guestBytesTotal").asLong() * KILL_AT_PERCENT
                && done > 0) {
            String owner = state.path("owner").asText();
            for (ServiceProcess worker : workers) {
                if (owner.startsWith(worker.name())) {
                    worker.kill();
                    String id = job.path("job").path("id").asText();
                    long copied = progress.path("bytesCopied").asLong();
                    kill = Optional.of(new Kill(id, victim, done, copied));
                    say.accept("killed " + worker.name() + " with SIGKILL in the middle of " + victim + ", "
                            + Text.bytes(copied) + " written");
                }
            }
        }
    }

    private void tellEnd(JsonNode job) {
        JsonNode result = job.path("state").path("result");
        String id = job.path("job").path("id").asText();
        if (!result.isMissingNode() && told.add(id)) {
            say.accept(Text.ended(job));
        }
    }
}
