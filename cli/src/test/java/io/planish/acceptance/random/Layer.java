package io.planish.acceptance.random;

import java.util.Set;

/**
 * One image of a random tree.
 *
 * @param name without the ending of its file's name
 * @param backing name of its backing file, or empty
 * @param format as QEMU calls it
 * @param sizeBytes of its disk
 * @param shapes what was drawn for it
 * @param story how it was made
 */
record Layer(String name, String backing, String format, long sizeBytes, Set<LayerShape> shapes, String story) {
    Layer {
        shapes = Set.copyOf(shapes);
    }

    String file() {
        return name + "." + format;
    }

    boolean is(LayerShape shape) {
        return shapes.contains(shape);
    }
}
