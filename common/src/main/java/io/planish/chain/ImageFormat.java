package io.planish.chain;

/** The image formats that may stand in a chain. */
public enum ImageFormat {
    QCOW2,
    /** Nothing but the disk's bytes; only ever the base of a chain, where an overlay records it as raw. */
    RAW
}
