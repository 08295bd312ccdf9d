package io.planish.engine;

/** What an attempt has done so far, also when it ends by an exception. One thread. */
final class AttemptState {
    /** Whether a file was changed, by this attempt or by an earlier one at the same job. */
    boolean begun;

    long bytesCopied;
    long bytesSkipped;
}
