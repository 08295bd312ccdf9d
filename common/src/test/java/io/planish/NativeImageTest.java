package io.planish;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import io.planish.chain.ImageNode;
import io.planish.job.Checkpoint;
import io.planish.job.Job;
import io.planish.job.JobRecord;
import io.planish.job.JobResult;
import io.planish.job.Json;
import io.planish.job.LeaseRecord;
import io.planish.job.Offer;
import io.planish.job.ProgressReport;
import io.planish.plan.Finding;
import io.planish.plan.Plan;
import io.planish.plan.ScanSummary;
import io.planish.plan.ScanTotals;
import io.planish.run.AnswerPart;
import io.planish.run.Event;
import io.planish.run.PlanRecord;
import io.planish.run.PlannedTime;
import io.planish.run.Refusal;
import io.planish.run.RunRecord;
import io.planish.run.RunRequest;
import io.planish.run.ScheduleRecord;
import io.planish.trash.LeftInPlace;
import io.planish.trash.TrashRecord;
import java.io.IOException;
import java.io.InputStream;
import java.lang.reflect.ParameterizedType;
import java.lang.reflect.RecordComponent;
import java.lang.reflect.Type;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;

/** A native binary reads and writes as JSON only what is registered for reflection. */
class NativeImageTest {
    private static final String FILE =
            "/META-INF/native-image/io.planish/planish-common-json/reachability-metadata.json";
    private static final List<String> HIDDEN = List.of("io.planish.engine.Intent", "io.planish.survey.AnswerFile$Head");
    private static final List<Class<?>> WRITTEN = List.of(
            Plan.class,
            Finding.class,
            ScanSummary.Chain.class,
            ScanTotals.class,
            ImageNode.class,
            Job.class,
            JobResult.class,
            Checkpoint.class,
            JobRecord.class,
            LeaseRecord.class,
            Offer.class,
            ProgressReport.class,
            Event.class,
            AnswerPart.class,
            PlanRecord.class,
            RunRecord.class,
            RunRequest.class,
            ScheduleRecord.class,
            PlannedTime.class,
            Refusal.class,
            TrashRecord.class,
            LeftInPlace.Layer.class);

    @Test
    void everyTypeThatIsWrittenAsJsonIsRegistered() throws IOException, ClassNotFoundException {
        Set<String> needed = new TreeSet<>();
        for (Class<?> type : WRITTEN) {
            collect(type, needed);
        }
        for (String name : HIDDEN) {
            collect(Class.forName(name), needed);
        }

        assertThat(registered()).as("types in " + FILE).containsAll(needed);
    }

    private static Set<String> registered() throws IOException {
        Set<String> types = new TreeSet<>();
        try (InputStream in = Objects.requireNonNull(NativeImageTest.class.getResourceAsStream(FILE))) {
            for (JsonNode entry : Json.MAPPER.readTree(in).path("reflection")) {
                types.add(entry.path("type").asText());
            }
        }
        return types;
    }

    private static void collect(Type type, Set<String> into) {
        if (type instanceof ParameterizedType generic) {
            Arrays.stream(generic.getActualTypeArguments()).forEach(argument -> collect(argument, into));
        }
        if (!(type instanceof Class<?> c) || !c.getPackageName().startsWith("io.planish") || !into.add(c.getName())) {
            return;
        }
        List<Type> parts = new ArrayList<>();
        if (c.isRecord()) {
            for (RecordComponent component : c.getRecordComponents()) {
                parts.add(component.getGenericType());
            }
        }
        if (c.isSealed()) {
            parts.addAll(List.of(c.getPermittedSubclasses()));
        }
        parts.forEach(part -> collect(part, into));
    }
}
