package io.planish.scan;

import io.planish.chain.Problem;
import io.planish.job.Job;
import io.planish.plan.Policy;
import io.planish.plan.SafetyRule;
import io.planish.plan.Snapshot;
import io.planish.platform.References;
import io.planish.storage.PathGate;
import java.io.IOException;
import java.util.Optional;

/**
 * Looks at the pools again right before a job is begun, and holds the job against the planner's own rule. Who has images open is
 * left to the locks. Thread-safe.
 *
 * <p>How old layers are was settled when the plan was made, from files that the job expects unchanged; what the run itself has written or
 * linked anew would look new by now.
 */
public final class Recheck {
    private final Scanner scanner;
    private final References references;
    private final PathGate gate;

    /** @param references who is asked again which images something outside refers to */
    public Recheck(Scanner scanner, References references, PathGate gate) {
        this.scanner = scanner;
        this.references = references;
        this.gate = gate;
    }

    /** Adds to a snapshot what stands in pools that are not mounted here. */
    @FunctionalInterface
    public interface Elsewhere {
        Elsewhere NOTHING = own -> own;

        /** @throws IOException if what stands there cannot be told */
        Snapshot joined(Snapshot own) throws IOException;
    }

    /** Why the job, of which nothing has been done yet, must not be done as the pools are now; empty: it may. */
    public Optional<Problem> problemWith(Job job, Policy policy) throws IOException {
        return problemWith(job, policy, Elsewhere.NOTHING);
    }

    /** The same with an eye on pools that are not mounted here. */
    public Optional<Problem> problemWith(Job job, Policy policy, Elsewhere elsewhere) throws IOException {
        Snapshot now = elsewhere.joined(scanner.scanWithoutUse().withReferenced(references.images(gate)));
        return SafetyRule.of(now, policy.afterwards()).check(job, now.forest());
    }
}
