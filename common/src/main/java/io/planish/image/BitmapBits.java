package io.planish.image;

import java.io.IOException;

/** Where bits of a persistent bitmap come from. */
public interface BitmapBits {
    /** Sets, in the window, each of its bits that is set here. */
    void addTo(BitmapWindow window) throws IOException;
}
