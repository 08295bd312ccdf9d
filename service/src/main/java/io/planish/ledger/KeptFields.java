package io.planish.ledger;

import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.databind.DeserializationContext;
import com.fasterxml.jackson.databind.JsonDeserializer;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.deser.DeserializationProblemHandler;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.planish.job.Json;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;

/** What a newer version has put into a record, of which this one knows nothing, stays there when this one changes the record. Of nested values it does not. */
final class KeptFields {
    private KeptFields() {}

    /** The bytes {@code after}, with those fields of {@code before} that {@code type} does not have. */
    static byte[] kept(Class<?> type, byte[] before, byte[] after) throws IOException {
        List<String> unknown = unknown(type, before);
        if (unknown.isEmpty()) {
            return after;
        }
        JsonNode old = Json.MAPPER.readTree(before);
        ObjectNode all = (ObjectNode) Json.MAPPER.readTree(after);
        unknown.forEach(name -> all.set(name, old.path(name)));
        return Json.MAPPER.writeValueAsBytes(all);
    }

    private static List<String> unknown(Class<?> type, byte[] bytes) throws IOException {
        List<String> names = new ArrayList<>();
        Json.MAPPER
                .readerFor(type)
                .withHandler(new DeserializationProblemHandler() {
                    @Override
                    public boolean handleUnknownProperty(
                            DeserializationContext context,
                            JsonParser parser,
                            JsonDeserializer<?> deserializer,
                            Object beanOrClass,
                            String name)
                            throws IOException {
                        if (type.isInstance(beanOrClass) || type.equals(beanOrClass)) {
                            names.add(name);
                        }
                        parser.skipChildren();
                        return true;
                    }
                })
                .readValue(bytes);
        return names;
    }
}
