package io.planish.run;

/**
 * The answer to a request that leads to no run, remembered for a while.
 *
 * @param id the run's id, had there been one
 * @param state always {@value #REFUSED}, beside the states of runs
 * @param error why
 * @param by who asked
 * @param createdMillis in ms since 1970
 */
public record Refusal(int version, String id, String state, String error, String by, long createdMillis) {
    public static final int VERSION = 1;
    public static final String REFUSED = "REFUSED";

    public static Refusal of(String id, String error, String by, long nowMillis) {
        return new Refusal(VERSION, id, REFUSED, error, by, nowMillis);
    }
}
