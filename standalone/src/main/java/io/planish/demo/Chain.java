package io.planish.demo;

import io.planish.standalone.LocalPool;
import java.nio.file.Path;
import java.util.Optional;

/**
 * One chain of the fleet, and what must become of it.
 *
 * @param leaf the image a guest uses
 * @param reference what the guest must see in the end; empty where nobody can read it
 * @param layers files in the chain at first
 * @param expectedLayers files in it in the end
 * @param skip the reason for which it must be left alone, if it must
 * @param story why it is in the fleet
 */
record Chain(
        LocalPool pool,
        Path leaf,
        Optional<Path> reference,
        int layers,
        int expectedLayers,
        Optional<String> skip,
        String story) {
    /** As Planish calls it: pool and path in the pool. */
    String image() {
        return pool.name() + "/" + pool.folder().relativize(leaf);
    }
}
