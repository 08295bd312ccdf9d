package io.planish.coordinator;

import static io.restassured.RestAssured.given;
import static org.assertj.core.api.Assertions.assertThat;
import static org.hamcrest.Matchers.containsString;
import static org.hamcrest.Matchers.equalTo;
import static org.hamcrest.Matchers.hasItem;

import io.quarkus.test.common.QuarkusTestResource;
import io.quarkus.test.junit.QuarkusTest;
import io.quarkus.test.junit.QuarkusTestProfile;
import io.quarkus.test.junit.TestProfile;
import io.restassured.http.ContentType;
import io.restassured.response.ValidatableResponse;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** REST for those who hold a token. */
@QuarkusTest
@QuarkusTestResource(RealStack.class)
@TestProfile(AccessTest.WithTokens.class)
class AccessTest {
    private static final String VIEWER = "viewer-0123456789";
    private static final String OPERATOR = "operator-0123456789";

    /** Reachable from elsewhere, which needs tokens. */
    public static class WithTokens implements QuarkusTestProfile {
        @Override
        public Map<String, String> getConfigOverrides() {
            return Map.of(
                    "quarkus.http.host",
                    "0.0.0.0",
                    "planish.api.tokens.eve.token",
                    VIEWER,
                    "planish.api.tokens.olga.token",
                    OPERATOR,
                    "planish.api.tokens.olga.role",
                    "operator");
        }
    }

    @Test
    void withoutATokenNothingIsShown() {
        given().get("/api/v1/pools")
                .then()
                .statusCode(401)
                .contentType("application/problem+json")
                .header("WWW-Authenticate", "Bearer")
                .body("detail", containsString("planish.api.tokens"));
        look("nobody-0123456789").statusCode(401);
        given().header("Authorization", "Basic " + OPERATOR)
                .get("/api/v1/pools")
                .then()
                .statusCode(401);
        given().get("/api/v1/nothing").then().statusCode(404);
    }

    @Test
    void aViewerLooksAndAnOperatorActs() {
        look(VIEWER).statusCode(200).body("name", hasItem("gold"));
        plan(VIEWER).statusCode(403).body("detail", containsString("operator"));
        plan(OPERATOR).statusCode(201);
        look(OPERATOR).statusCode(200);
    }

    @Test
    void healthAndMetricsAreOpen() {
        given().get("/q/health/live").then().statusCode(200).body("status", equalTo("UP"));
        assertThat(given().get("/q/metrics").asString()).contains("planish_leader");
    }

    private static ValidatableResponse look(String token) {
        return given().header("Authorization", "bearer " + token)
                .get("/api/v1/pools")
                .then();
    }

    private static ValidatableResponse plan(String token) {
        return given().header("Authorization", "Bearer " + token)
                .contentType(ContentType.JSON)
                .body("{\"pools\":[\"gold\"]}")
                .post("/api/v1/plans")
                .then();
    }
}
