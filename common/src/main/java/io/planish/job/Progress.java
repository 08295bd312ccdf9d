package io.planish.job;

/** How far an attempt has come: guest bytes settled durably, of all, and bytes of clusters it has written. */
public record Progress(long guestBytesDone, long guestBytesTotal, long bytesCopied) {
    public static final Progress NONE = new Progress(0, 0, 0);
}
