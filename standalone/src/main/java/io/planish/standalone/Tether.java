package io.planish.standalone;

import java.io.IOException;
import java.util.Arrays;

/** Runs another main class and ends it, as SIGTERM would, when standard input ends: so it never outlives its starter. */
final class Tether {
    public static void main(String[] args) throws Exception {
        Thread.ofPlatform().daemon().name("starter-watch").start(() -> {
            try {
                while (System.in.read() >= 0) {}
            } catch (IOException e) {
                // A broken pipe says the same as its end.
            }
            System.exit(0);
        });
        Class.forName(args[0]).getMethod("main", String[].class).invoke(null, (Object)
                Arrays.copyOfRange(args, 1, args.length));
    }

    private Tether() {}
}
