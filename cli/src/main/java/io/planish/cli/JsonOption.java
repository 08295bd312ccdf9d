package io.planish.cli;

import picocli.CommandLine.Option;

/** {@code --json}, which {@code qemu-img} calls {@code --output=json}. */
final class JsonOption {
    @Option(names = "--json", description = "Answer in JSON.")
    private boolean json;

    @Option(
            names = "--output",
            paramLabel = "FORMAT",
            hidden = true,
            defaultValue = "human",
            description = "human or json, as qemu-img has it.")
    private Output output;

    boolean asked() {
        return json || output == Output.JSON;
    }

    /** How an answer is given. */
    enum Output {
        HUMAN,
        JSON
    }
}
