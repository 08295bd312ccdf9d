package io.planish.acceptance;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** The command line in a process of its own. */
final class LaunchedCli {
    private LaunchedCli() {}

    /** As it is started by whoever runs the tests. */
    static List<String> command(Path state, String... words) {
        List<String> command = new ArrayList<>(List.of(
                "env",
                // A test run in the background hands on that Ctrl-C is ignored.
                "--default-signal=INT",
                "XDG_STATE_HOME=" + state,
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-XX:TieredStopAtLevel=1",
                "-XX:+UseSerialGC",
                "--enable-native-access=ALL-UNNAMED",
                "--sun-misc-unsafe-memory-access=allow",
                "-cp",
                System.getProperty("java.class.path"),
                "io.planish.cli.Main"));
        command.addAll(List.of(words));
        return command;
    }

    /** As whoever runs the tests, but without root's right to read everything. */
    static Qemu.Result boundByPermissions(Path state, String... words) {
        List<Object> command = new ArrayList<>();
        if (System.getProperty("user.name").equals("root")) {
            command.addAll(List.of("setpriv", "--bounding-set=-dac_override,-dac_read_search"));
        }
        command.addAll(command(state, words));
        return Qemu.run(command.toArray());
    }
}
