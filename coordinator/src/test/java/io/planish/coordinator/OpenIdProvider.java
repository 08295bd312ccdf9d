package io.planish.coordinator;

import com.sun.net.httpserver.HttpServer;
import io.planish.job.Json;
import io.quarkus.test.common.QuarkusTestResourceLifecycleManager;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.math.BigInteger;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.Signature;
import java.security.interfaces.RSAPublicKey;
import java.util.Base64;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** An issuer of real JWTs (RFC 7519, RS256) on loopback, with its description and its keys where OpenID Connect Discovery has them. */
public final class OpenIdProvider implements QuarkusTestResourceLifecycleManager {
    private static final Base64.Encoder BASE64 = Base64.getUrlEncoder().withoutPadding();
    private static final KeyPair KEYS = keys();

    private Optional<HttpServer> server = Optional.empty();

    static KeyPair keys() {
        try {
            KeyPairGenerator keys = KeyPairGenerator.getInstance("RSA");
            keys.initialize(2048);
            return keys.generateKeyPair();
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException(e);
        }
    }

    @Override
    public Map<String, String> start() {
        try {
            HttpServer started = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
            String issuer = "http://127.0.0.1:" + started.getAddress().getPort();
            RSAPublicKey key = (RSAPublicKey) KEYS.getPublic();
            serve(
                    started,
                    "/.well-known/openid-configuration",
                    Map.of("issuer", issuer, "jwks_uri", issuer + "/keys", "token_endpoint", issuer + "/token"));
            serve(
                    started,
                    "/keys",
                    Map.of(
                            "keys",
                            List.of(Map.of(
                                    "kty",
                                    "RSA",
                                    "use",
                                    "sig",
                                    "alg",
                                    "RS256",
                                    "kid",
                                    "one",
                                    "n",
                                    number(key.getModulus()),
                                    "e",
                                    number(key.getPublicExponent())))));
            started.start();
            server = Optional.of(started);
            return Map.of("quarkus.oidc.auth-server-url", issuer, "test.issuer", issuer);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static void serve(HttpServer server, String path, Map<String, ?> answer) throws IOException {
        byte[] json = Json.MAPPER.writeValueAsBytes(answer);
        server.createContext(path, exchange -> {
            exchange.getResponseHeaders().set("Content-Type", "application/json");
            exchange.sendResponseHeaders(200, json.length);
            exchange.getResponseBody().write(json);
            exchange.close();
        });
    }

    private static String number(BigInteger value) {
        byte[] bytes = value.toByteArray();
        int zeroes = bytes[0] == 0 ? 1 : 0;
        return BASE64.encodeToString(java.util.Arrays.copyOfRange(bytes, zeroes, bytes.length));
    }

    /** A token of this provider for somebody, with these claims beside. */
    static String token(String issuer, String who, Map<String, ?> claims) throws Exception {
        return token(KEYS, issuer, who, claims);
    }

    /** The same, signed by whoever has the keys. */
    static String token(KeyPair keys, String issuer, String who, Map<String, ?> claims) throws Exception {
        long now = System.currentTimeMillis() / 1000;
        Map<String, Object> all = new HashMap<>(
                Map.of("iss", issuer, "sub", who, "upn", who, "aud", "planish", "iat", now, "exp", now + 300));
        all.putAll(claims);
        String signed = json(Map.of("alg", "RS256", "typ", "JWT", "kid", "one")) + "." + json(all);
        Signature signature = Signature.getInstance("SHA256withRSA");
        signature.initSign(keys.getPrivate());
        signature.update(signed.getBytes(StandardCharsets.US_ASCII));
        return signed + "." + BASE64.encodeToString(signature.sign());
    }

    private static String json(Map<String, ?> value) throws IOException {
        return BASE64.encodeToString(Json.MAPPER.writeValueAsBytes(value));
    }

    @Override
    public void stop() {
        server.ifPresent(running -> running.stop(0));
    }
}
