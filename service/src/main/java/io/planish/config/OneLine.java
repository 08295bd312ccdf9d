package io.planish.config;

import io.quarkus.logging.LoggingFilter;
import java.util.logging.Filter;
import java.util.logging.LogRecord;
import org.jboss.logmanager.ExtLogRecord;

/**
 * Makes one line of what is no fault of ours: a service's refusal to start with the configuration it has, and a grid that does not answer. Everything
 * else keeps its trace.
 */
@LoggingFilter(name = "one-line")
public final class OneLine implements Filter {
    private static final String START = "Failed to start application";
    private static final String GRID = "org.infinispan.";
    /** Each call that failed: whoever called tells of it. */
    private static final String CALL = "ISPN004007";

    @Override
    public boolean isLoggable(LogRecord record) {
        Throwable thrown = record.getThrown();
        String text = String.valueOf(record.getMessage());
        if (thrown == null || !(record instanceof ExtLogRecord line)) {
            return true;
        }
        if (String.valueOf(line.getLoggerName()).startsWith(GRID)) {
            if (text.startsWith(CALL)) {
                return false;
            }
            tell(line, line.getFormattedMessage() + ": " + innermost(thrown).getMessage());
        } else if (text.startsWith(START) && isOurs(innermost(thrown))) {
            tell(line, "cannot start: " + innermost(thrown).getMessage());
        }
        return true;
    }

    private static void tell(ExtLogRecord line, String text) {
        line.setThrown(null);
        line.setMessage(text, ExtLogRecord.FormatStyle.NO_FORMAT);
    }

    private static Throwable innermost(Throwable thrown) {
        Throwable cause = thrown;
        while (cause.getCause() != null) {
            cause = cause.getCause();
        }
        return cause;
    }

    private static boolean isOurs(Throwable cause) {
        StackTraceElement[] trace = cause.getStackTrace();
        return cause instanceof IllegalArgumentException
                && trace.length > 0
                && trace[0].getClassName().startsWith("io.planish.");
    }
}
