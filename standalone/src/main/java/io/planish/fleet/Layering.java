package io.planish.fleet;

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
 * what an overlay writes was written by a layer below, as guests rewrite what they have written. The same seed gives the same disks.
 */
public final class Layering {
    private static final int MIB = 1 << 20;
    private static final int ZEROED_BYTES = 640 << 10;

    private final Random random;
    private final int imageMib;
    private final int pieceBytes;
    private final List<Integer> written;
    private final Content content;
    private int pattern;

    /** Disks whose data come in pieces of 1 MiB. */
    public Layering(long seed, int imageMib) {
        this(seed, imageMib, MIB);
    }

    /** @param pieceBytes of which each write is, a multiple of 64 KiB that divides 1 MiB */
    public Layering(long seed, int imageMib, int pieceBytes) {
        this(new Random(seed), imageMib, pieceBytes, new ArrayList<>(), new Content((long) imageMib * MIB), 0);
    }

    private Layering(Random random, int imageMib, int pieceBytes, List<Integer> written, Content content, int pattern) {
        this.random = random;
        this.imageMib = imageMib;
        this.pieceBytes = pieceBytes;
        this.written = written;
        this.content = content;
        this.pattern = pattern;
    }

    /** Another disk that begins where this one is now: for a second overlay of the image made last. */
    public Layering fork() {
        return new Layering(
                new Random(random.nextLong()), imageMib, pieceBytes, new ArrayList<>(written), content.copy(), pattern);
    }

    /** What the image made last shows. */
    public Content content() {
        return content.copy();
    }

    /** A base image with {@code dataMib} of data. */
    public void base(Path image, String format, int dataMib) throws IOException {
        base(image, format, "", dataMib);
    }

    /** @param options of {@code qemu-img create -o}; empty: none */
    public void base(Path image, String format, String options, int dataMib) throws IOException {
        List<Object> create = new ArrayList<>(List.of("create", "-q", "-f", format));
        if (!options.isEmpty()) {
            create.addAll(List.of("-o", options));
        }
        create.addAll(List.of(image, imageMib + "M"));
        Qemu.img(create.toArray());
        Qemu.io(image, format, writes(dataMib));
    }

    /** An overlay with {@code dataMib} of data and a few zeroed ranges of its own. */
    public void overlay(Path image, String backing, String backingFormat, int dataMib) throws IOException {
        overlay(image, backing, backingFormat, "", dataMib);
    }

    /** @param options of {@code qemu-img create -o}; empty: none */
    public void overlay(Path image, String backing, String backingFormat, String options, int dataMib)
            throws IOException {
        List<Object> create =
                new ArrayList<>(List.of("create", "-q", "-f", "qcow2", "-b", backing, "-F", backingFormat));
        if (!options.isEmpty()) {
            create.addAll(List.of("-o", options));
        }
        create.add(image);
        Qemu.img(create.toArray());
        List<String> writes = writes(dataMib);
        long zeroed = (long) random.nextInt(imageMib - 1) * MIB;
        writes.add("write -q -z " + zeroed + " " + ZEROED_BYTES);
        content.write(zeroed, ZEROED_BYTES, 0);
        Qemu.io(image, "qcow2", writes);
    }

    /** {@code dataMib} in pieces that begin and end inside clusters. */
    private List<String> writes(int dataMib) {
        pattern = pattern % 255 + 1;
        int count = dataMib * (MIB / pieceBytes);
        Collections.shuffle(written, random);
        Set<Integer> places = new LinkedHashSet<>(written.subList(0, Math.min(written.size(), count / 2)));
        while (places.size() < count) {
            places.add(random.nextInt((imageMib - 1) * (MIB / pieceBytes)));
        }
        places.stream().filter(place -> !written.contains(place)).forEach(written::add);
        List<String> writes = new ArrayList<>();
        for (int place : places) {
            long offset = (long) place * pieceBytes + random.nextInt(64) * 512L;
            writes.add("write -q -P " + pattern + " " + offset + " " + pieceBytes);
            content.write(offset, pieceBytes, pattern);
        }
        return writes;
    }
}
