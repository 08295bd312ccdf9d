package io.planish.coordinator.offer;

import io.planish.job.JobRecord;
import io.planish.job.JobState;
import io.planish.run.RunRecord;
import io.planish.run.RunState;
import java.util.Collection;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;

/** How many jobs of the runs that are not over wait, may be claimed, and run, and how many runs there are in each state. */
public record Load(int blocked, int queued, int running, Map<RunState, Integer> runs) {
    static final Load NONE = new Load(0, 0, 0, Map.of());

    public Load {
        runs = Map.copyOf(runs);
    }

    public int runs(RunState state) {
        return runs.getOrDefault(state, 0);
    }

    static Load of(Collection<RunRecord> all, List<RunView> open) {
        Map<RunState, Integer> runs = new EnumMap<>(RunState.class);
        all.forEach(run -> runs.merge(run.state(), 1, Integer::sum));
        int blocked = 0;
        int queued = 0;
        int running = 0;
        for (RunView run : open) {
            for (JobRecord job : run.jobs().values()) {
                switch (job.state()) {
                    case JobState.Blocked s -> blocked++;
                    case JobState.Queued s -> queued++;
                    case JobState.Running s -> running++;
                    case JobState.Finished s -> {}
                }
            }
        }
        return new Load(blocked, queued, running, runs);
    }
}
