package io.planish.coordinator;

import static io.restassured.RestAssured.given;
import static org.hamcrest.Matchers.equalTo;
import static org.hamcrest.Matchers.hasItem;

import io.quarkus.test.common.QuarkusTestResource;
import io.quarkus.test.junit.QuarkusTest;
import io.quarkus.test.junit.QuarkusTestProfile;
import io.quarkus.test.junit.TestProfile;
import io.restassured.http.ContentType;
import io.restassured.response.ValidatableResponse;
import java.util.List;
import java.util.Map;
import org.eclipse.microprofile.config.inject.ConfigProperty;
import org.junit.jupiter.api.Test;

/** REST for those to whom an OpenID provider has issued a token. */
@QuarkusTest
@QuarkusTestResource(RealStack.class)
@QuarkusTestResource(value = OpenIdProvider.class, restrictToAnnotatedClass = true)
@TestProfile(OidcTest.WithProvider.class)
class OidcTest {
    private static final String CONFIGURED = "operator-0123456789";

    @ConfigProperty(name = "test.issuer")
    String issuer;

    /** Reachable from elsewhere; one token is configured beside the provider. */
    public static class WithProvider implements QuarkusTestProfile {
        @Override
        public Map<String, String> getConfigOverrides() {
            return Map.of(
                    "quarkus.http.host",
                    "0.0.0.0",
                    "quarkus.oidc.tenant-enabled",
                    "true",
                    "quarkus.oidc.token.audience",
                    "planish",
                    "quarkus.oidc.roles.role-claim-path",
                    "realm_access/roles",
                    "planish.api.oidc.operator-role",
                    "storage-admin",
                    "planish.api.tokens.olga.token",
                    CONFIGURED,
                    "planish.api.tokens.olga.role",
                    "operator");
        }
    }

    @Test
    void theRolesInATokenSayWhoLooksAndWhoActs() throws Exception {
        String viewer = OpenIdProvider.token(issuer, "vera", roles("planish-viewer"));
        String operator = OpenIdProvider.token(issuer, "otto", roles("something", "storage-admin"));

        look(viewer).statusCode(200).body("name", hasItem("gold"));
        plan(viewer).statusCode(403);
        plan(operator).statusCode(201);
        run(operator, "by-otto").statusCode(202).body("by", equalTo("otto"));
        look(CONFIGURED).statusCode(200);
        run(CONFIGURED, "by-olga").statusCode(202).body("by", equalTo("olga"));
    }

    @Test
    void noOtherTokenIsTaken() throws Exception {
        long past = System.currentTimeMillis() / 1000 - 3600;
        Map<String, ?> roles = roles("storage-admin");
        refused(OpenIdProvider.token(OpenIdProvider.keys(), issuer, "mallory", roles));
        refused(OpenIdProvider.token("http://elsewhere", "mallory", roles));
        refused(OpenIdProvider.token(issuer, "late", with(roles, "exp", past)));
        refused(OpenIdProvider.token(issuer, "other", with(roles, "aud", "another-service")));
        refused(OpenIdProvider.token(issuer, "nobody", roles("something")));
        refused(OpenIdProvider.token(issuer, "elsewhere", Map.of("roles", List.of("storage-admin"))));
        refused("no.token.at-all");
        given().get("/api/v1/pools").then().statusCode(401).header("WWW-Authenticate", "Bearer");
        given().get("/q/health/live").then().statusCode(200);
    }

    private static void refused(String token) {
        look(token).statusCode(401).contentType("application/problem+json").header("WWW-Authenticate", "Bearer");
        plan(token).statusCode(401);
    }

    private static Map<String, ?> roles(String... roles) {
        return Map.of("realm_access", Map.of("roles", List.of(roles)));
    }

    private static Map<String, ?> with(Map<String, ?> claims, String name, Object value) {
        Map<String, Object> all = new java.util.HashMap<>(claims);
        all.put(name, value);
        return all;
    }

    private static ValidatableResponse look(String token) {
        return given().header("Authorization", "Bearer " + token)
                .get("/api/v1/pools")
                .then();
    }

    private static ValidatableResponse plan(String token) {
        return post(token, "/api/v1/plans", "{\"pools\":[\"gold\"]}");
    }

    private static ValidatableResponse run(String token, String id) {
        return post(token, "/api/v1/runs", "{\"id\":\"" + id + "\",\"pools\":[\"empty\"]}");
    }

    private static ValidatableResponse post(String token, String path, String body) {
        return given().header("Authorization", "Bearer " + token)
                .contentType(ContentType.JSON)
                .body(body)
                .post(path)
                .then();
    }
}
