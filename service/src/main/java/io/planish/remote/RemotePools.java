package io.planish.remote;

import io.planish.ImageException;
import io.planish.chain.PoolName;
import io.planish.chain.Problem;
import io.planish.engine.StopRequested;
import io.planish.job.Job;
import io.planish.job.PoolJobs;
import io.planish.job.SkipReason;
import io.planish.plan.Finding;
import io.planish.plan.PoolState;
import io.planish.plan.Snapshot;
import io.planish.scan.Scanner;
import io.planish.survey.AnswerFile;
import io.planish.survey.Joining;
import io.planish.survey.PoolAnswer;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/** The pools that are configured but not mounted here, looked at by workers that mount them. Thread-safe. */
public final class RemotePools {
    private final Surveys surveys;
    private final Map<PoolName, String> ids;
    private final Set<PoolName> complete;

    /**
     * @param ids of the pools that are not mounted here, what their markers must say
     * @param complete all pools that are declared complete
     */
    public RemotePools(Surveys surveys, Map<PoolName, String> ids, Set<PoolName> complete) {
        this.surveys = surveys;
        this.ids = Map.copyOf(ids);
        this.complete = Set.copyOf(complete);
    }

    public Set<PoolName> names() {
        return ids.keySet();
    }

    /** A look at the pools that are mounted here, while workers look at the others. */
    @FunctionalInterface
    public interface OwnScan {
        Snapshot scan() throws IOException;
    }

    /** All pools as they are now. One that nobody can look at is among the findings, and then none is complete. */
    public Snapshot snapshot(Scanner scanner, OwnScan own) throws IOException {
        if (ids.isEmpty()) {
            return own.scan();
        }
        List<PoolAnswer> answers = new ArrayList<>();
        List<Finding> missing = new ArrayList<>();
        Snapshot here;
        Map<PoolName, Job> jobs = scans(names());
        try (Surveys.Survey survey = surveys.begin(List.copyOf(jobs.values()))) {
            here = own.scan();
            for (Map.Entry<PoolName, Job> one : jobs.entrySet()) {
                try {
                    answers.add(answer(survey, one.getValue(), here, Surveys.Waiting.PATIENTLY));
                } catch (InterruptedIOException e) {
                    throw e;
                } catch (IOException e) {
                    String pool = one.getKey().value();
                    missing.add(
                            new Finding(pool, new Problem(SkipReason.UNREADABLE, pool + " " + e.getMessage()), true));
                }
            }
        }
        Set<PoolName> mounted =
                Set.copyOf(here.pools().stream().map(PoolState::name).toList());
        return Joining.of(
                here,
                answers,
                missing,
                complete,
                forest -> new RemoteOwnership(surveys, forest, mounted, scanner.ownership(forest)));
    }

    /**
     * Adds to what is seen here what stands in some of these pools now.
     *
     * @throws IOException if one of them cannot be looked at wholly
     */
    public Snapshot joined(Snapshot own, Collection<PoolName> pools, Surveys.Waiting waiting) throws IOException {
        List<PoolAnswer> answers = new ArrayList<>();
        Map<PoolName, Job> jobs = scans(pools);
        try (Surveys.Survey survey = surveys.begin(List.copyOf(jobs.values()))) {
            for (Map.Entry<PoolName, Job> one : jobs.entrySet()) {
                PoolAnswer answer;
                try {
                    answer = answer(survey, one.getValue(), own, waiting);
                } catch (StopRequested | ImageException e) {
                    throw e;
                } catch (IOException e) {
                    throw new IOException("pool " + one.getKey() + " " + e.getMessage(), e);
                }
                Optional<Finding> hidden =
                        answer.findings().stream().filter(Finding::mayHide).findFirst();
                if (hidden.isPresent()) {
                    throw new IOException("pool " + one.getKey() + " cannot be looked at wholly: "
                            + hidden.get().problem().sentence());
                }
                answers.add(answer);
            }
        }
        return Joining.of(own, answers, List.of(), complete, forest -> own.ownership());
    }

    private static Map<PoolName, Job> scans(Collection<PoolName> pools) {
        Map<PoolName, Job> jobs = new HashMap<>();
        pools.forEach(pool -> jobs.put(pool, PoolJobs.scan(pool)));
        return jobs;
    }

    private PoolAnswer answer(Surveys.Survey survey, Job job, Snapshot own, Surveys.Waiting waiting)
            throws IOException {
        PoolName pool = job.target().pool();
        long epoch = survey.await(job, waiting);
        PoolAnswer answer = AnswerFile.read(surveys.answers().take(survey.place(job, epoch, 0)));
        boolean isIt = answer.pool().equals(pool)
                && answer.pools().stream().anyMatch(state -> state.name().equals(pool));
        if (!isIt) {
            throw new IOException("was not told of by the worker that was to look at it");
        }
        for (PoolState state : answer.pools()) {
            String expected = ids.getOrDefault(
                    state.name(), own.pool(state.name()).map(PoolState::id).orElse(state.id()));
            if (!state.id().equals(expected)) {
                throw new IOException("was looked at by a worker whose pool " + state.name() + " has the id "
                        + state.id() + " where " + expected
                        + " was expected (give each pool a name of its own, and see what is mounted there)");
            }
        }
        return answer;
    }
}
