package io.planish.run;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.planish.chain.PoolName;
import io.planish.job.Json;
import io.planish.run.RunLimits.PoolLimit;
import java.time.Instant;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class WindowTest {
    /** 2026-11-23 is a Monday; in Berlin it is an hour later than in UTC, from 2026-03-29 on two. */
    @ParameterizedTest
    @CsvSource({
        "09:00-17:00, UTC, 2026-11-23T09:00:00Z, true",
        "09:00-17:00, UTC, 2026-11-23T08:59:59Z, false",
        "09:00-17:00, UTC, 2026-11-23T16:59:59Z, true",
        "09:00-17:00, UTC, 2026-11-23T17:00:00Z, false",
        "22:00-06:00, UTC, 2026-11-23T23:00:00Z, true",
        "22:00-06:00, UTC, 2026-11-23T05:59:00Z, true",
        "22:00-06:00, UTC, 2026-11-23T12:00:00Z, false",
        "22:00-06:00, Europe/Berlin, 2026-11-23T21:00:00Z, true",
        "22:00-06:00, Europe/Berlin, 2026-11-23T05:30:00Z, false",
        "22:00-06:00, Europe/Berlin, 2026-07-01T20:00:00Z, true",
        "mon-fri 22:00-06:00, UTC, 2026-11-28T05:00:00Z, true",
        "mon-fri 22:00-06:00, UTC, 2026-11-28T22:00:00Z, false",
        "mon-fri 22:00-06:00, UTC, 2026-11-23T05:00:00Z, false",
        "fri-mon 22:00-06:00, UTC, 2026-11-23T05:00:00Z, true",
        "'MON 22:00-06:00, sat-sun 00:00-24:00', UTC, 2026-11-22T12:00:00Z, true",
        "'mon 22:00-06:00, sat-sun 00:00-24:00', UTC, 2026-11-24T03:00:00Z, true",
        "'mon 22:00-06:00, sat-sun 00:00-24:00', UTC, 2026-11-25T03:00:00Z, false",
    })
    void itIsOpenFromItsFirstMinuteToBeforeItsLast(String times, String zone, Instant now, boolean open) {
        assertThat(new Window(times, zone).isOpen(now)).isEqualTo(open);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "22-06",
                "22:00",
                "22:00-22:00",
                "24:00-06:00",
                "22:60-23:00",
                "22:00-25:00",
                "22:00-06:00,",
                "xyz 22:00-06:00"
            })
    void whatIsNoSpanIsRefused(String times) {
        assertThatThrownBy(() -> new Window(times, "UTC")).isInstanceOf(IllegalArgumentException.class);
    }

    @Test
    void aZoneThatIsNoneIsNamed() {
        assertThatThrownBy(() -> new Window("22:00-06:00", "Mars")).hasMessageContaining("'Mars' is no time zone");
    }

    @Test
    void limitsAllowLessThanIsConfiguredAndNeverMore() throws Exception {
        PoolName gold = new PoolName("gold");
        RunLimits limits = new RunLimits(
                Map.of(gold, new PoolLimit(Optional.of(2), Optional.of(1000L))),
                Optional.of(new Window("22:00-06:00", "UTC")));

        assertThat(limits.slots(gold, 4)).isEqualTo(2);
        assertThat(limits.slots(gold, 1)).isEqualTo(1);
        assertThat(limits.slots(new PoolName("lead"), 4)).isEqualTo(4);
        assertThat(limits.bytesPerSecondAndSlot(gold, 4)).isEqualTo(500);
        assertThat(limits.bytesPerSecondAndSlot(gold, 1)).isEqualTo(1000);
        assertThat(limits.bytesPerSecondAndSlot(new PoolName("lead"), 4)).isEqualTo(Long.MAX_VALUE);
        assertThat(Json.MAPPER.readValue(Json.MAPPER.writeValueAsBytes(limits), RunLimits.class))
                .isEqualTo(limits);
        assertThat(Json.MAPPER
                        .readValue("{\"window\":{\"times\":\"22:00-06:00\"}}", RunLimits.class)
                        .window())
                .contains(new Window("22:00-06:00", "UTC"));
    }
}
