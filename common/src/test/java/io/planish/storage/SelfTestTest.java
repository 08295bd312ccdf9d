package io.planish.storage;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SelfTestTest {
    private static final String METADATA = "/META-INF/native-image/io.planish/planish-common/";

    @Test
    void allOperationsWorkHereAndLeaveNothingBehind(@TempDir Path folder) throws IOException {
        assertThat(SelfTest.run(folder)).contains("files, names and locks work");
        assertThat(folder).isEmptyDirectory();
    }

    @Test
    void onXfsItTellsThatClonesWork(@TempDir Path folder) throws IOException {
        try (LoopMount xfs = LoopMount.xfs(folder)) {
            assertThat(SelfTest.run(xfs.folder())).contains("; clones;");
        }
    }

    /** A native image knows only the shapes registered for it, and only classes it does not start while it is built. */
    @Test
    void theOneShapeOfForeignCallsIsRegisteredForNativeImages() throws IOException {
        JsonNode downcalls = new ObjectMapper()
                .readTree(resource("reachability-metadata.json"))
                .at("/foreign/downcalls");

        assertThat(downcalls).hasSize(1);
        assertThat(downcalls.get(0).get("returnType").asText()).isEqualTo("jlong");
        assertThat(downcalls.get(0).get("parameterTypes"))
                .hasSize(Libc.SHAPE.argumentLayouts().size())
                .allSatisfy(type -> assertThat(type.asText()).isEqualTo("jlong"));
        assertThat(downcalls.get(0).at("/options/firstVariadicArg").asInt()).isEqualTo(1);
        assertThat(downcalls.get(0).at("/options/captureCallState").asBoolean()).isTrue();
        assertThat(resource("native-image.properties")).contains("--initialize-at-run-time=" + Libc.class.getName());
    }

    private static String resource(String name) throws IOException {
        try (InputStream in = SelfTestTest.class.getResourceAsStream(METADATA + name)) {
            assertThat(in).as(name).isNotNull();
            return new String(in.readAllBytes(), StandardCharsets.UTF_8);
        }
    }
}
