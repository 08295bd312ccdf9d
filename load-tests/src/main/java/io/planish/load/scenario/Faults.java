package io.planish.load.scenario;

import io.planish.fleet.Qemu;
import java.io.IOException;
import java.util.List;

/** What happens to processes. */
final class Faults {
    private Faults() {}

    /** Stops a process where it stands, as a hypervisor that freezes its machine does. */
    static void pause(long pid) throws IOException {
        signal("STOP", pid);
    }

    static void resume(long pid) throws IOException {
        signal("CONT", pid);
    }

    private static void signal(String signal, long pid) throws IOException {
        must("kill", "-" + signal, Long.toString(pid));
    }

    /** Runs a command that must succeed, and gives what it said. */
    static String must(String... command) throws IOException {
        Qemu.Answer answer = Qemu.run(List.of(command));
        if (answer.exit() != 0) {
            throw new IOException(String.join(" ", command) + ": " + answer.text());
        }
        return answer.text();
    }
}
