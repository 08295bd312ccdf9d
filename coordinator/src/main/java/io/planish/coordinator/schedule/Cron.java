package io.planish.coordinator.schedule;

import com.cronutils.model.CronType;
import com.cronutils.model.definition.CronDefinitionBuilder;
import com.cronutils.model.time.ExecutionTime;
import com.cronutils.parser.CronParser;
import java.time.DateTimeException;
import java.time.Instant;
import java.time.ZoneId;
import java.time.ZonedDateTime;
import java.util.Optional;

/** Times that five fields plan: minute, hour, day of month, month, day of week, on the clocks of one time zone. */
final class Cron {
    private final ExecutionTime times;
    private final ZoneId zone;

    /** @throws IllegalArgumentException if the text is no such five fields, or there is no such zone */
    Cron(String text, String zone) {
        times = ExecutionTime.forCron(
                new CronParser(CronDefinitionBuilder.instanceDefinitionFor(CronType.UNIX)).parse(text));
        try {
            this.zone = ZoneId.of(zone);
        } catch (DateTimeException e) {
            throw new IllegalArgumentException("'" + zone + "' is no time zone such as Europe/Berlin", e);
        }
    }

    /** The first after {@code since}. */
    Optional<Instant> next(Instant since) {
        return times.nextExecution(since.atZone(zone)).map(ZonedDateTime::toInstant);
    }

    /** The last until {@code now}. */
    Optional<Instant> last(Instant now) {
        return times.lastExecution(now.plusSeconds(1).atZone(zone)).map(ZonedDateTime::toInstant);
    }
}
