package io.planish.acceptance.random;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Random;

/** A file of bytes of which each part shrinks in another way, so that compressed clusters have all sizes. */
final class Text {
    static final Path FILE = make();

    private Text() {}

    private static Path make() {
        Random random = new Random(1);
        byte[] bytes = new byte[2 << 20];
        int letters = 1;
        for (int i = 0; i < bytes.length; i++) {
            if (i % 2048 == 0) {
                letters = 1 << random.nextInt(9);
            }
            bytes[i] = (byte) random.nextInt(letters);
        }
        try {
            Path file = Files.createTempFile("planish-text", "");
            file.toFile().deleteOnExit();
            return Files.write(file, bytes);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
