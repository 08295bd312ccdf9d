package io.planish.standalone;

import java.io.IOException;
import java.io.InputStream;
import java.io.Reader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.util.Optional;
import java.util.Properties;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;

/**
 * What a server asks of its clients: TLS, and SCRAM-SHA-512 as one user. Read from a file of properties with these names, since arguments are seen by
 * everybody on the machine.
 *
 * @param keyStore the server's key, PKCS #12
 */
record Security(Path keyStore, String keyStorePassword, String user, String password) {
    static final String SCRAM = "SCRAM-SHA-512";
    static final String STORE_TYPE = "PKCS12";

    static Security read(Path file) throws IOException {
        Properties properties = new Properties();
        try (Reader reader = Files.newBufferedReader(file)) {
            properties.load(reader);
        }
        return new Security(
                Path.of(value(properties, file, "keyStore")),
                value(properties, file, "keyStorePassword"),
                value(properties, file, "user"),
                value(properties, file, "password"));
    }

    private static String value(Properties properties, Path file, String key) throws IOException {
        return Optional.ofNullable(properties.getProperty(key))
                .orElseThrow(() -> new IOException(file + ": '" + key + "' is missing"));
    }

    SSLContext tls() throws IOException, GeneralSecurityException {
        KeyStore keys = KeyStore.getInstance(STORE_TYPE);
        try (InputStream in = Files.newInputStream(keyStore)) {
            keys.load(in, keyStorePassword.toCharArray());
        }
        KeyManagerFactory managers = KeyManagerFactory.getInstance(KeyManagerFactory.getDefaultAlgorithm());
        managers.init(keys, keyStorePassword.toCharArray());
        SSLContext context = SSLContext.getInstance("TLS");
        context.init(managers.getKeyManagers(), null, null);
        return context;
    }
}
