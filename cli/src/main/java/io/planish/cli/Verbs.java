package io.planish.cli;

import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.Supplier;
import picocli.AutoComplete.GenerateCompletion;
import picocli.CommandLine;

/** The verbs by name, in the order in which help lists them. */
final class Verbs {
    private static final Map<String, Supplier<Object>> ALL = new LinkedHashMap<>();

    static {
        ALL.put("scan", ScanVerb::new);
        ALL.put("plan", PlanVerb::new);
        ALL.put("apply", ApplyVerb::new);
        ALL.put("flatten", FlattenVerb::new);
        ALL.put("pull", PullVerb::new);
        ALL.put("commit", CommitVerb::new);
        ALL.put("rebase", RebaseVerb::new);
        ALL.put("info", InfoVerb::new);
        ALL.put("map", MapVerb::new);
        ALL.put("check", CheckVerb::new);
        ALL.put("trash", TrashVerb::new);
        ALL.put("pool", PoolVerb::new);
        // no method reference: JDK 25 cannot archive one to a class of picocli's age, and crashes when it makes the AOT
        // cache
        ALL.put("generate-completion", () -> new GenerateCompletion());
    }

    private static final String NEEDS_ALL = "generate-completion";

    private Verbs() {}

    /** Adds the verb that the arguments begin with, or all of them: describing one to picocli takes longer than carrying out many. */
    static void addTo(CommandLine planish, String... args) {
        String wanted = args.length == 0 ? "" : args[0];
        boolean one = ALL.containsKey(wanted) && !wanted.equals(NEEDS_ALL);
        ALL.forEach((name, verb) -> {
            if (!one || name.equals(wanted)) {
                planish.addSubcommand(name, verb.get());
            }
        });
    }
}
