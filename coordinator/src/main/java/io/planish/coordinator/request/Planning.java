package io.planish.coordinator.request;

import io.opentelemetry.api.trace.Span;
import io.opentelemetry.api.trace.SpanKind;
import io.opentelemetry.context.Scope;
import io.planish.chain.ImageRef;
import io.planish.chain.PoolName;
import io.planish.coordinator.watch.FleetMetrics;
import io.planish.job.JobRecord;
import io.planish.ledger.Ledger;
import io.planish.plan.Plan;
import io.planish.plan.PlanPart;
import io.planish.run.PlanRecord;
import io.planish.run.RunRecord;
import io.planish.trace.Traces;
import java.io.IOException;
import java.time.Clock;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jboss.logging.Logger;

/**
 * Plans runs, one after the other, on a thread of its own: a scan of large pools takes longer than a lease. Runs that were waiting when a scan
 * began share it. A run whose jobs would touch what jobs of other runs are about to change is planned when those have ended.
 */
public final class Planning implements AutoCloseable {
    private static final Logger LOG = Logger.getLogger(Planning.class);

    private final Ledger ledger;
    private final PlanMaker maker;
    private final PlanWriter writer;
    private final FleetMetrics metrics;
    private final Clock clock;
    private final Set<String> underWay = ConcurrentHashMap.newKeySet();
    /** Runs that wait, and for which images. */
    private final Map<String, Set<ImageRef>> held = new HashMap<>();
    /** What the jobs of runs change that have been planned since the ledger was last looked at. */
    private final Map<String, Busy> planned = new HashMap<>();

    private Busy busy = new Busy();
    private PlanMaker.Batch batch;
    private final ExecutorService thread = Executors.newSingleThreadExecutor(
            Thread.ofPlatform().name("planning").daemon().factory());

    /** @param pools those that every plan looks at */
    public Planning(Ledger ledger, PlanMaker maker, Collection<PoolName> pools, FleetMetrics metrics, Clock clock) {
        this.ledger = ledger;
        this.maker = maker;
        this.batch = maker.batch();
        this.writer = new PlanWriter(ledger, pools);
        this.metrics = metrics;
        this.clock = clock;
    }

    /**
     * Plans these runs soon; being told again meanwhile changes nothing.
     *
     * @param runs all that are to be planned, by the ledger
     * @param now what jobs of other runs are about to change, by the ledger
     */
    public void begin(List<RunRecord> runs, Busy now) {
        Set<String> ids = runs.stream().map(RunRecord::id).collect(Collectors.toSet());
        List<RunRecord> free;
        synchronized (held) {
            busy = now;
            held.keySet().retainAll(ids);
            planned.keySet().retainAll(ids);
            free = runs.stream().filter(run -> !isHeld(run)).toList();
        }
        free.forEach(this::begin);
    }

    private boolean isHeld(RunRecord run) {
        Set<ImageRef> images = held.getOrDefault(run.id(), Set.of());
        int priority = run.request().priority();
        return busy.touchesAny(images, priority)
                || planned.values().stream().anyMatch(one -> one.touchesAny(images, priority));
    }

    /** Whether the run has to wait; if not, others wait for it from now on. */
    private boolean holds(RunRecord run, Plan plan) {
        if (plan.jobs().isEmpty()) {
            return false;
        }
        int priority = run.request().priority();
        synchronized (held) {
            planned.remove(run.id());
            Set<ImageRef> collisions = Stream.concat(Stream.of(busy), planned.values().stream())
                    .map(other -> other.collisions(plan.jobs(), priority))
                    .filter(images -> !images.isEmpty())
                    .findFirst()
                    .orElse(Set.of());
            if (collisions.isEmpty()) {
                Busy own = new Busy();
                plan.jobs().forEach(job -> own.add(job, priority));
                planned.put(run.id(), own);
            } else {
                held.put(run.id(), collisions);
            }
            return !collisions.isEmpty();
        }
    }

    private void begin(RunRecord run) {
        if (underWay.add(run.id())) {
            long sinceNanos = System.nanoTime();
            thread.execute(() -> {
                try {
                    plan(run, sinceNanos);
                } catch (IOException e) {
                    LOG.warnf("not planned yet: %s run=%s", e.getMessage(), run.id());
                } catch (RuntimeException e) {
                    LOG.errorf(e, "planning broke off run=%s", run.id());
                } finally {
                    underWay.remove(run.id());
                }
            });
        }
    }

    private void plan(RunRecord run, long sinceNanos) throws IOException {
        Span span = Traces.below(run.trace(), "plan", SpanKind.INTERNAL)
                .setAttribute("planish.run", run.id())
                .startSpan();
        try (Scope here = span.makeCurrent()) {
            planInTrace(run, sinceNanos);
        } finally {
            span.end();
        }
    }

    private void planInTrace(RunRecord run, long sinceNanos) throws IOException {
        if (!batch.isGood(sinceNanos, System.nanoTime())) {
            batch = maker.batch();
        }
        Plan plan;
        try {
            plan = planFor(run);
        } catch (PlanMaker.NoPlanException e) {
            LOG.warnf("cannot be planned: %s run=%s", e.getMessage(), run.id());
            ledger.runs().update(run.id(), r -> r.failed(String.valueOf(e.getMessage()), clock.millis()));
            return;
        }
        boolean isFresh = run.request().plan().isEmpty() || run.generation() > 0;
        if (isFresh && holds(run, plan)) {
            return;
        }
        if (writer.write(run, plan, clock.millis())) {
            metrics.planned(plan);
            LOG.infof(
                    "planned jobs=%d leftAlone=%d run=%s",
                    plan.jobs().size(), plan.skips().size(), run.id());
        }
    }

    private Plan planFor(RunRecord run) throws IOException, PlanMaker.NoPlanException {
        if (run.generation() > 0) {
            List<JobRecord> jobs = List.copyOf(ledger.jobs()
                    .get(run.jobs().stream()
                            .map(j -> JobRecord.key(run.id(), j))
                            .toList())
                    .values());
            Set<ImageRef> stale = PlanWriter.staleImages(jobs);
            return PlanPart.touching(batch.plan(run.request()), stale);
        }
        Optional<String> ready = run.request().plan();
        if (ready.isEmpty()) {
            return batch.plan(run.request());
        }
        return ledger.plans()
                .get(ready.get())
                .map(PlanRecord::plan)
                .orElseThrow(() -> new PlanMaker.NoPlanException("there is no plan '" + ready.get() + "' any more"));
    }

    @Override
    public void close() {
        thread.shutdownNow();
    }
}
