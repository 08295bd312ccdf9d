package io.planish.load.scenario;

import io.planish.fleet.Table;
import java.util.ArrayList;
import java.util.List;

/** What a scenario found: checks that hold or not, and figures. Not thread-safe. */
final class Verdict {
    private static final int SHOWN = 10;

    private final List<List<String>> figures = new ArrayList<>();
    private final List<String> passed = new ArrayList<>();
    private final List<String> failed = new ArrayList<>();

    /** A line of the table. */
    void figure(String what, Object value) {
        figures.add(List.of(what, String.valueOf(value)));
    }

    /** @param detail what was seen, also when all is well */
    void check(String what, boolean holds, String detail) {
        (holds ? passed : failed).add(detail.isEmpty() ? what : what + ": " + detail);
    }

    /** Holds if nothing was found that speaks against it. */
    void check(String what, List<String> against) {
        check(
                what,
                against.isEmpty(),
                against.isEmpty()
                        ? ""
                        : against.size() + " times not\n      "
                                + String.join("\n      ", against.subList(0, Math.min(SHOWN, against.size()))));
    }

    boolean isGood() {
        return failed.isEmpty() && !passed.isEmpty();
    }

    void print() {
        System.out.println();
        if (!figures.isEmpty()) {
            System.out.println(Table.of(figures));
        }
        passed.forEach(what -> System.out.println("  passed  " + what));
        failed.forEach(what -> System.out.println("  FAILED  " + what));
        System.out.printf("%n%d passed, %d failed%n", passed.size(), failed.size());
    }
}
