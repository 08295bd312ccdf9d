package io.planish.engine;

import java.io.IOException;

/** The attempt has come to a safe point and ends there; the job is to be continued later. */
public final class StopRequested extends IOException {
    private static final long serialVersionUID = 1L;

    public StopRequested(String why) {
        super(why);
    }
}
