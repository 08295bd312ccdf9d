package io.planish.run;

/**
 * Where a run stands; the transitions are those of {@link RunRecord}.
 *
 * <pre>
 *  PLANNING ──▶ READY ◀──▶ PAUSED ◀──▶ PLANNING
 *   │ │ ▲ ▲───────┘ │         │
 *   │ │ │   replan  ├─────────┴─▶ CANCELLING ◀── PLANNING
 *   │ │ │ retry     ▼                 │
 *   │ ▼ │       FINISHED ◀────────────┘
 *   │ FAILED        └──▶ READY (retry)
 *   └─▶ READY (stale trees that cannot be planned again stay stale)
 * </pre>
 */
public enum RunState {
    /** The pools are to be scanned and planned. */
    PLANNING,
    /** Its jobs are offered as they become free. */
    READY,
    /** Nothing is offered; what ran has stopped at a checkpoint. */
    PAUSED,
    /** What has not begun is cancelled; a commit that has begun is finished. */
    CANCELLING,
    /** All its jobs have an outcome. */
    FINISHED,
    /** It could not be planned. */
    FAILED;

    public boolean isOver() {
        return this == FINISHED || this == FAILED;
    }
}
