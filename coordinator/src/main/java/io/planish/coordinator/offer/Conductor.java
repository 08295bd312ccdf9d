package io.planish.coordinator.offer;

import io.planish.chain.PoolName;
import io.planish.coordinator.ledger.AllRuns;
import io.planish.coordinator.ledger.Announcer;
import io.planish.coordinator.request.Busy;
import io.planish.job.Footprint;
import io.planish.job.JobRecord;
import io.planish.job.JobState;
import io.planish.job.LeaseWatch;
import io.planish.job.Offer;
import io.planish.job.Outcome;
import io.planish.job.SkipReason;
import io.planish.ledger.Ledger;
import io.planish.ledger.LedgerException;
import io.planish.remote.Surveys;
import io.planish.run.RunRecord;
import io.planish.run.RunRequest;
import io.planish.run.RunState;
import io.planish.topic.Publisher;
import io.planish.topic.Topics;
import java.io.IOException;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.BooleanSupplier;
import java.util.function.ToIntFunction;
import org.jboss.logging.Logger;

/**
 * Moves all runs on by what the ledger says now: takes jobs from owners that are gone, decides, acts, announces. Everything it
 * does is a compare-and-set or may be done twice, so another can take over at any point. One thread.
 */
public final class Conductor {
    private static final Logger LOG = Logger.getLogger(Conductor.class);

    private static final Comparator<RunRecord> FIRST_FIRST = Comparator.comparingInt(
                    (RunRecord r) -> -r.request().priority())
            .thenComparingLong(RunRecord::createdMillis)
            .thenComparing(RunRecord::id);

    private final Ledger ledger;
    private final Publisher publisher;
    private final Announcer announcer;
    private final Planner planning;
    private final ToIntFunction<PoolName> slots;
    private final Clock clock;
    private final Duration keepRuns;
    private final LeaseWatch leases;
    private final OfferBook book;
    private final AllRuns runs;
    private volatile Load load = Load.NONE;

    /**
     * @param planning told of the runs that are to be planned, again and again until they are
     * @param slots how many jobs of a pool may be queued or running
     * @param jobLease how long a worker is believed to be alive without a heartbeat
     * @param offerAgain after how long an unclaimed job is offered again
     * @param keepRuns how long a run that is over is remembered
     */
    public Conductor(
            Ledger ledger,
            AllRuns runs,
            Publisher publisher,
            Announcer announcer,
            Planner planning,
            ToIntFunction<PoolName> slots,
            Clock clock,
            Duration jobLease,
            Duration offerAgain,
            Duration keepRuns) {
        this.ledger = ledger;
        this.publisher = publisher;
        this.announcer = announcer;
        this.planning = planning;
        this.slots = slots;
        this.clock = clock;
        this.keepRuns = keepRuns;
        this.leases = new LeaseWatch(jobLease.toNanos());
        this.book = new OfferBook(offerAgain);
        this.runs = runs;
    }

    /** Who plans runs. */
    @FunctionalInterface
    public interface Planner {
        /**
         * Plans these soon.
         *
         * @param busy what jobs of other runs are about to change
         */
        void begin(List<RunRecord> runs, Busy busy);
    }

    /** @param leads asked before each step; when it says no the rest is left to whoever leads */
    public void moveOn(BooleanSupplier leads) throws IOException {
        List<RunRecord> runs = new ArrayList<>(this.runs.read());
        runs.sort(FIRST_FIRST);
        Instant now = clock.instant();
        List<RunRecord> toPlan = new ArrayList<>();
        List<RunRecord> underWay = new ArrayList<>();
        List<Footprint> closed = new ArrayList<>();
        announcer.announce(runs);
        for (RunRecord run : runs) {
            switch (run.state()) {
                case PLANNING -> {
                    if (run.limits().isOpen(now)) {
                        toPlan.add(run);
                    }
                }
                case READY, PAUSED, CANCELLING -> {
                    Retries.carryOut(ledger, run);
                    underWay.add(run);
                }
                case FINISHED -> closed.addAll(unresolved(run));
                case FAILED -> {}
            }
            if (isForgettable(run)) {
                forget(run);
            } else if (isLeftBehind(run)) {
                ledger.runs().update(run.id(), RunRecord::cancelling);
            }
        }
        List<RunView> open = views(underWay);
        planning.begin(toPlan, busy(open, now));
        look(open);
        load = Load.of(runs, open);
        for (Step step : Dispatch.next(open, closed, slots, now)) {
            if (!leads.getAsBoolean()) {
                return;
            }
            act(step);
        }
    }

    /** What stands still in a paused run, or until a window opens, is not waited for. */
    private static Busy busy(List<RunView> open, Instant now) {
        Busy busy = new Busy();
        for (RunView view : open) {
            RunRecord run = view.run();
            if (run.state() == RunState.READY && run.limits().isOpen(now)) {
                view.jobs().values().stream()
                        .filter(job ->
                                job.job().kind().merges() && job.outcome().isEmpty())
                        .forEach(job -> busy.add(
                                job.job(),
                                job.state() instanceof JobState.Blocked
                                        ? run.request().priority()
                                        : Integer.MAX_VALUE));
            }
        }
        return busy;
    }

    private List<RunView> views(List<RunRecord> runs) throws LedgerException {
        List<String> keys = new ArrayList<>();
        runs.forEach(run -> run.jobs().forEach(id -> keys.add(JobRecord.key(run.id(), id))));
        Map<String, JobRecord> all = ledger.jobs().get(keys);
        List<RunView> views = new ArrayList<>();
        for (RunRecord run : runs) {
            Map<String, JobRecord> byId = new HashMap<>();
            for (String id : run.jobs()) {
                JobRecord job = all.get(JobRecord.key(run.id(), id));
                if (job != null) {
                    byId.put(id, job);
                }
            }
            views.add(new RunView(run, byId));
        }
        return views;
    }

    /** One that a person has resolved, but whose run does not say so yet, is closed to nobody. */
    private List<Footprint> unresolved(RunRecord run) throws LedgerException {
        List<Footprint> closed = new ArrayList<>();
        for (JobRecord job : jobs(run, run.unresolved()).values()) {
            if (job.outcome().filter(Outcome.Unknown.class::isInstance).isPresent()) {
                closed.add(Footprint.of(job.job()));
            } else {
                ledger.runs().update(run.id(), r -> r.resolved(job.job().id()));
            }
        }
        return closed;
    }

    private boolean isForgettable(RunRecord run) {
        Duration keep = isSurvey(run) ? Surveys.LONGEST : keepRuns;
        return run.state().isOver()
                && run.unresolved().isEmpty()
                && clock.millis() - run.endedMillis() > keep.toMillis();
    }

    /** Whoever asked takes the answer and its jobs away, unless it died. */
    private boolean isLeftBehind(RunRecord run) {
        return isSurvey(run)
                && run.state() == RunState.READY
                && clock.millis() - run.createdMillis() > 2 * Surveys.LONGEST.toMillis();
    }

    private static boolean isSurvey(RunRecord run) {
        return run.request().origin() == RunRequest.Origin.SURVEY;
    }

    /** The run last, so that what is left of an interrupted forgetting is still known. */
    private void forget(RunRecord run) throws LedgerException {
        for (String job : run.jobs()) {
            ledger.jobs().remove(JobRecord.key(run.id(), job));
            ledger.checkpoints().remove(JobRecord.key(run.id(), job));
        }
        if (run.plan().isPresent()) {
            ledger.plans().remove(run.plan().get());
        }
        ledger.runs().remove(run.id());
    }

    /** To be called instead by who does not lead: what it saw last is not shown any longer. */
    public void rest() {
        load = Load.NONE;
    }

    /** The jobs of all runs that are not over, when the ledger was last looked at; none while another leads. */
    public Load load() {
        return load;
    }

    private Map<String, JobRecord> jobs(RunRecord run, List<String> ids) throws LedgerException {
        Map<String, JobRecord> byId = new HashMap<>();
        ledger.jobs()
                .get(ids.stream().map(id -> JobRecord.key(run.id(), id)).toList())
                .values()
                .forEach(j -> byId.put(j.job().id(), j));
        return byId;
    }

    private void look(List<RunView> open) throws IOException {
        Set<String> running = new HashSet<>();
        Set<String> queued = new HashSet<>();
        for (RunView view : open) {
            for (JobRecord job : view.jobs().values()) {
                switch (job.state()) {
                    case JobState.Running r -> {
                        running.add(job.key());
                        if (leases.expired(job.key(), job.epoch(), r.heartbeat(), System.nanoTime())) {
                            takeAway(job, r);
                        }
                    }
                    case JobState.Queued q -> queued.add(job.key());
                    case JobState.Blocked b -> {}
                    case JobState.Finished f -> announcer.announce(view.run(), job);
                }
            }
        }
        leases.retain(running);
        book.retain(queued);
    }

    private void takeAway(JobRecord job, JobState.Running running) throws LedgerException {
        if (ledger.jobs()
                .update(job.key(), r -> r.expire(job.epoch(), running.heartbeat()))
                .isPresent()) {
            LOG.warnf(
                    "lease expired, job goes back into the queue run=%s job=%s attempt=%d worker=%s",
                    job.run(), job.job().id(), job.epoch(), running.owner());
        }
    }

    private void act(Step step) throws IOException {
        switch (step) {
            case Step.Queue s -> {
                Optional<JobRecord> queued = ledger.jobs().update(s.job().key(), r -> r.queue(s.ready()));
                if (queued.isPresent()) {
                    offer(queued.get());
                }
            }
            case Step.Offer s -> offer(s.job());
            case Step.Skip s -> ledger.jobs().update(s.job().key(), r -> r.skip(SkipReason.DEPENDENCY, s.why()));
            case Step.Cancel s -> ledger.jobs().update(s.job().key(), JobRecord::cancelled);
            case Step.Replan s -> {
                LOG.infof("stale trees are planned again run=%s", s.run().id());
                ledger.runs().update(s.run().id(), RunRecord::replan);
            }
            case Step.Finish s -> {
                Optional<RunRecord> over =
                        ledger.runs().update(s.run().id(), r -> r.finished(s.jobs(), clock.millis()));
                over.ifPresent(r -> LOG.infof("run is over outcomes=%s run=%s", r.outcomes(), r.id()));
            }
        }
    }

    /** The key differs from offer to offer, so that an offer that a full worker sits on comes to another the next time. */
    private void offer(JobRecord job) throws IOException {
        long now = System.nanoTime();
        if (book.due(job, now)) {
            Offer offer = new Offer(Offer.VERSION, job.run(), job.job().id(), job.epoch());
            publisher.send(Topics.offers(job.job()), job.key() + "#" + Long.toHexString(now), offer);
            book.offered(job, now);
        }
    }
}
