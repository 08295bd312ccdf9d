package io.planish.standalone;

import java.util.List;

/**
 * Where on this machine a service runs.
 *
 * @param host the address that it serves on
 * @param enter a command that runs the command which follows it there; none: where this process is
 */
public record Place(String host, List<String> enter) {
    /** Beside this process. */
    public static final Place HERE = new Place("127.0.0.1", List.of());

    public Place {
        enter = List.copyOf(enter);
    }
}
