package io.planish.image;

import io.planish.ImageException;
import io.planish.qcow2.Malformed;
import java.util.ArrayList;
import java.util.List;

/** Counts what a check finds and keeps the first few in words. */
final class Findings {
    private static final int KEPT = 20;

    private final List<String> messages = new ArrayList<>();
    private long structural;
    private long refcounts;
    private long missingFlags;
    private long leaks;

    void unsound(ImageException what) {
        structural++;
        keep(what.what());
    }

    void overlap(long cluster, int clusterBits) {
        structural++;
        keep("cluster at " + Malformed.hex(cluster << clusterBits) + " has two uses that exclude each other");
    }

    void copiedFlag(long entryOffset, long refcount, boolean copied) {
        if (copied) {
            refcounts++;
        } else {
            missingFlags++;
        }
        keep("entry at " + Malformed.hex(entryOffset) + (copied ? " has" : " lacks")
                + " the COPIED flag, its cluster's refcount is " + refcount);
    }

    void refcount(long cluster, int clusterBits, long refcount, long references) {
        String what = "cluster at " + Malformed.hex(cluster << clusterBits) + " has refcount " + refcount + " and "
                + references + " references";
        if (refcount < references) {
            refcounts++;
            keep(what);
        } else {
            leaks++;
            keep(what + ", leaked");
        }
    }

    private void keep(String message) {
        if (messages.size() < KEPT) {
            messages.add(message);
        }
    }

    long structural() {
        return structural;
    }

    long refcounts() {
        return refcounts;
    }

    long missingFlags() {
        return missingFlags;
    }

    long leaks() {
        return leaks;
    }

    List<String> messages() {
        return List.copyOf(messages);
    }
}
