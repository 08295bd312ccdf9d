package io.planish.qcow2;

import io.planish.ErrorKind;
import io.planish.ImageException;

/** The one wording for a file that contradicts the format: what, where in hex, what was found, what was expected. */
public final class Malformed {
    private static final String ADVICE = "the image is damaged or not what it claims to be";

    private Malformed() {}

    /** A value at a known place in the file. */
    public static ImageException at(long offset, String what, String found, String expected) {
        return new ImageException(
                ErrorKind.MALFORMED_IMAGE,
                what + " at offset " + hex(offset) + " is " + found + ", expected " + expected,
                ADVICE);
    }

    /** Something that is wrong with the file as a whole. */
    public static ImageException file(String what) {
        return new ImageException(ErrorKind.MALFORMED_IMAGE, what, ADVICE);
    }

    public static String hex(long value) {
        return "0x" + Long.toHexString(value);
    }
}
