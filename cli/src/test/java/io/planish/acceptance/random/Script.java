package io.planish.acceptance.random;

import io.planish.acceptance.Qemu;
import java.util.Arrays;
import java.util.stream.Collectors;

/** Command lines for one shell, since starting a process from here costs more than what QEMU's tools do to a small image. */
final class Script {
    private final StringBuilder text = new StringBuilder();

    /** A command that must succeed. */
    Script must(Object... words) {
        String line = line(words);
        text.append("out=$(").append(line).append(" 2>&1) || { printf '%s\\n%s\\n' ");
        text.append(quoted(line)).append(" \"$out\"; failed=1; }\n");
        return this;
    }

    /** A command that may fail: what it then does not do only makes the case another one. */
    Script may(Object... words) {
        text.append(line(words)).append(" >/dev/null 2>&1\n");
        return this;
    }

    /** Runs all of it; what failed, with its output, or nothing. */
    String run() {
        Qemu.Result result = Qemu.shell(text + "exit ${failed:-0}\n");
        return result.exit() == 0 ? "" : result.out() + result.err();
    }

    private static String line(Object... words) {
        return Arrays.stream(words).map(word -> quoted(word.toString())).collect(Collectors.joining(" "));
    }

    private static String quoted(String word) {
        return "'" + word.replace("'", "'\\''") + "'";
    }
}
