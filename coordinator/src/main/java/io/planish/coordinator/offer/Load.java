package io.planish.coordinator.offer;

import io.planish.job.JobRecord;
import io.planish.job.JobState;
import java.util.List;

/** How many jobs wait, may be claimed, and run. */
public record Load(int blocked, int queued, int running) {
    static Load of(List<RunView> runs) {
        int blocked = 0;
        int queued = 0;
        int running = 0;
        for (RunView run : runs) {
            for (JobRecord job : run.jobs().values()) {
                switch (job.state()) {
                    case JobState.Blocked s -> blocked++;
                    case JobState.Queued s -> queued++;
                    case JobState.Running s -> running++;
                    case JobState.Finished s -> {}
                }
            }
        }
        return new Load(blocked, queued, running);
    }
}
