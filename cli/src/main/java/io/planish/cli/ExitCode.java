package io.planish.cli;

/** What Planish's own verbs exit with. */
final class ExitCode {
    static final int DONE = 0;
    static final int FAILED = 1;
    static final int USAGE = 2;
    static final int ALL_SKIPPED = 3;

    private ExitCode() {}
}
