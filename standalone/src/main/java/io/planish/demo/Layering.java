package io.planish.demo;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Random;
import java.util.Set;

/**
 * Stacks overlays, each with writes of its own at random places, so that a cluster taken from the wrong layer shows. Half of
 * what an overlay writes was written by a layer below, as guests rewrite what they have written.
 */
final class Layering {
    private static final int MIB = 1 << 20;

    private final Random random;
    private final int imageMib;
    private final List<Integer> written = new ArrayList<>();
    private int pattern;

    Layering(long seed, int imageMib) {
        this.random = new Random(seed);
        this.imageMib = imageMib;
    }

    /** A base image with {@code dataMib} of data. */
    void base(Path image, String format, int dataMib) throws IOException {
        Qemu.img("create", "-q", "-f", format, image, imageMib + "M");
        write(image, format, dataMib);
    }

    /** An overlay with {@code dataMib} of data and a few zeroed ranges of its own. */
    void overlay(Path image, String backing, String backingFormat, int dataMib) throws IOException {
        Qemu.img("create", "-q", "-f", "qcow2", "-b", backing, "-F", backingFormat, image);
        write(image, "qcow2", dataMib);
        Qemu.io(image, "qcow2", List.of("write -z " + random.nextInt(imageMib - 1) + "M 640k"));
    }

    /** {@code dataMib} pieces of 1 MiB each, that begin and end inside clusters. */
    private void write(Path image, String format, int dataMib) throws IOException {
        pattern = pattern % 255 + 1;
        Collections.shuffle(written, random);
        Set<Integer> places = new LinkedHashSet<>(written.subList(0, Math.min(written.size(), dataMib / 2)));
        while (places.size() < dataMib) {
            places.add(random.nextInt(imageMib - 1));
        }
        places.stream().filter(place -> !written.contains(place)).forEach(written::add);
        List<String> writes = new ArrayList<>();
        for (int place : places) {
            long offset = (long) place * MIB + random.nextInt(64) * 512L;
            writes.add("write -q -P " + pattern + " " + offset + " " + MIB);
        }
        Qemu.io(image, format, writes);
    }
}
