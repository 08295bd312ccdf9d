package io.planish.engine;

import io.planish.chain.FileFacts;
import io.planish.chain.ImageRef;
import io.planish.image.Images;
import io.planish.job.Expectation;
import io.planish.job.Job;
import io.planish.job.JobKind;
import io.planish.job.Relink;
import io.planish.qcow2.Backing;
import io.planish.qcow2.Header;
import io.planish.qcow2.Marks;
import io.planish.storage.ImageFile;
import io.planish.storage.PathGate;
import io.planish.storage.Pools;
import io.planish.storage.Resolution;
import io.planish.storage.Storage;
import io.planish.storage.Storage.OpenMode;
import java.io.IOException;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;

/**
 * Recognises a job that was finished by an attempt whose answer got lost: its links are the ones it was to make, and the files are
 * the ones it was planned with. Only reads headers, without locks.
 */
final class FinishedJob {
    private final Storage storage;
    private final Pools pools;
    private final PathGate gate;
    private final Job job;

    FinishedJob(Storage storage, Pools pools, PathGate gate, Job job) {
        this.storage = storage;
        this.pools = pools;
        this.gate = gate;
        this.job = job;
    }

    /** The facts of the files that the job left behind; empty: the job is not finished. */
    Optional<Map<ImageRef, FileFacts>> facts() throws IOException {
        ImageRef name = job.replaces().orElse(job.target());
        boolean linksWereToChange = job.kind() == JobKind.COMMIT
                ? job.replaces().isPresent() || !job.relinks().isEmpty()
                : !plannedBacking(job.target()).equals(job.base());
        if (!linksWereToChange || !isPlannedFile(job.target(), name)) {
            return Optional.empty();
        }
        Map<ImageRef, FileFacts> facts = new HashMap<>();
        facts.put(name, factsOf(name));
        for (Relink relink : job.relinks()) {
            if (!linkedTo(relink.overlay(), Optional.of(relink.backing()))) {
                return Optional.empty();
            }
            facts.put(relink.overlay(), factsOf(relink.overlay()));
        }
        return isRecordedAsRaw() || linkedTo(name, job.base()) ? Optional.of(facts) : Optional.empty();
    }

    /** Whether the target, to which all overlays are linked, is a raw file by their word: it has no link of its own. */
    private boolean isRecordedAsRaw() throws IOException {
        if (job.relinks().isEmpty()) {
            return false;
        }
        ImageRef overlay = job.relinks().getFirst().overlay();
        try (ImageFile file = storage.open(gate.locate(overlay), OpenMode.READ)) {
            return Images.header(file, overlay.toString())
                    .backing()
                    .flatMap(Backing::format)
                    .equals(Optional.of(Images.RAW));
        }
    }

    private Optional<ImageRef> plannedBacking(ImageRef image) {
        return expectation(image).backing();
    }

    private Expectation expectation(ImageRef image) {
        return job.expects().stream()
                .filter(expectation -> expectation.image().equals(image))
                .findFirst()
                .orElseThrow();
    }

    private boolean isPlannedFile(ImageRef image, ImageRef name) throws IOException {
        Optional<FileFacts> planned = expectation(image).unchanged();
        return exists(name) && planned.isPresent() && factsOf(name).sameFile(planned.get());
    }

    private boolean linkedTo(ImageRef image, Optional<ImageRef> backing) throws IOException {
        if (!exists(image)) {
            return false;
        }
        try (ImageFile file = storage.open(gate.locate(image), OpenMode.READ)) {
            Header header = Images.header(file, image.toString());
            if (Marks.isHalfMerged(header) || header.backing().isPresent() != backing.isPresent()) {
                return false;
            }
            return backing.isEmpty()
                    || gate.resolveBacking(image, header.backing().orElseThrow().name())
                                    instanceof Resolution.Inside inside
                            && inside.ref().equals(backing.get());
        }
    }

    private boolean exists(ImageRef image) throws IOException {
        return storage.exists(pools.get(image.pool()).root().resolve(image.path()));
    }

    private FileFacts factsOf(ImageRef image) throws IOException {
        return storage.status(gate.locate(image)).facts(pools.get(image.pool()).id());
    }
}
