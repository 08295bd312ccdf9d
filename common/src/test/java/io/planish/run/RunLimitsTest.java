package io.planish.run;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.planish.job.Json;
import java.io.IOException;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class RunLimitsTest {
    private static final String BEFORE = """
            {'pools':{'gold':{'slots':1,'bytesPerSecond':5},'lead':{'slots':2}},'window':{'times':'22:00-06:00','zone':'Europe/Berlin'},'canary':3}""";

    @ParameterizedTest
    @CsvSource(
            delimiter = '>',
            quoteCharacter = '~',
            value = {
                "{} > " + BEFORE,
                "{'canary':4,'window':null} > {'pools':{'gold':{'slots':1,'bytesPerSecond':5},'lead':{'slots':2}},'canary':4}",
                "{'pools':{'gold':{'slots':2}},'window':null,'canary':null} > {'pools':{'gold':{'slots':2,'bytesPerSecond':5},'lead':{'slots':2}}}",
                "{'pools':{'gold':null,'lead':{'slots':null}},'window':null,'canary':null} > {'pools':{'lead':{}}}",
                "{'pools':null,'canary':null,'window':{'times':'01:00-02:00'}} > {'window':{'times':'01:00-02:00','zone':'Europe/Berlin'}}",
                "{'pools':null,'canary':null,'window':null} > {}",
            })
    void whatIsNotNamedStaysAndNullTakesBack(String patch, String after) throws IOException {
        assertThat(limits(BEFORE).changed(Json.MAPPER.readTree(json(patch)))).isEqualTo(limits(after));
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '>',
            quoteCharacter = '~',
            value = {
                "[] > an object",
                "{'slots':1} > 'slots' is no known key",
                "{'canary':0} > canary is 0",
                "{'pools':{'gold':{'slots':0}}} > slots is 0",
                "{'window':{'zone':'Mars'}} > 'Mars' is no time zone",
            })
    void whatCannotBeIsNamed(String patch, String message) {
        assertThatThrownBy(() -> limits(BEFORE).changed(Json.MAPPER.readTree(json(patch))))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining(message);
    }

    private static RunLimits limits(String text) throws IOException {
        return Json.MAPPER.readValue(json(text), RunLimits.class);
    }

    private static String json(String text) {
        return text.replace('\'', '"');
    }
}
