package io.planish.config;

import io.quarkus.logging.LoggingFilter;
import java.util.logging.Filter;
import java.util.logging.LogRecord;
import org.jboss.logmanager.ExtLogRecord;

/** Makes one line of a service's refusal to start with the configuration it has; a fault of ours keeps its trace. */
@LoggingFilter(name = "refused-start")
public final class RefusedStart implements Filter {
    /** What the line begins with. */
    public static final String WORDS = "cannot start: ";

    private static final String THEIRS = "Failed to start application";

    @Override
    public boolean isLoggable(LogRecord record) {
        if (record instanceof ExtLogRecord line
                && line.getThrown() != null
                && String.valueOf(line.getMessage()).startsWith(THEIRS)) {
            Throwable cause = line.getThrown();
            while (cause.getCause() != null) {
                cause = cause.getCause();
            }
            if (isOurs(cause)) {
                line.setThrown(null);
                line.setMessage(WORDS + cause.getMessage(), ExtLogRecord.FormatStyle.NO_FORMAT);
            }
        }
        return true;
    }

    private static boolean isOurs(Throwable cause) {
        StackTraceElement[] trace = cause.getStackTrace();
        return cause instanceof IllegalArgumentException
                && trace.length > 0
                && trace[0].getClassName().startsWith("io.planish.");
    }
}
