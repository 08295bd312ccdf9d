package io.planish.acceptance.random;

import java.util.regex.Pattern;

/** Why an operation must be refused; a refusal for any other reason, or none where one is due, fails the case. */
enum Refusal {
    /** Somebody else sees what would change. */
    OTHER_OVERLAYS("other overlays|an overlay that the plan did not know"),
    /** A layer's snapshot falls through to a file that changes or goes, or would get another size. */
    SNAPSHOTS("internal snapshots"),
    /** The target is too old or too short for the bitmaps that would come down into it. */
    BITMAPS("cannot hold persistent bitmaps|out of QEMU's range"),
    /** A guest opens a leaf as what it was, so that a raw file cannot take its name. */
    RAW("it is raw");

    private final Pattern says;

    Refusal(String says) {
        this.says = Pattern.compile(says);
    }

    /** Whether a message gives this reason. */
    boolean isIn(String message) {
        return says.matcher(message).find();
    }
}
