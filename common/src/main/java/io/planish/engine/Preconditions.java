package io.planish.engine;

import io.planish.ErrorKind;
import io.planish.ImageException;
import io.planish.chain.FileFacts;
import io.planish.chain.ImageRef;
import io.planish.image.Directories;
import io.planish.image.HeaderFile;
import io.planish.image.Images;
import io.planish.job.Expectation;
import io.planish.job.Job;
import io.planish.job.JobKind;
import io.planish.job.Relink;
import io.planish.qcow2.Backing;
import io.planish.qcow2.Header;
import io.planish.qcow2.Marks;
import io.planish.qcow2.SnapshotEntry;
import io.planish.storage.ImageFile;
import io.planish.storage.PathGate;
import io.planish.storage.Pools;
import io.planish.storage.Resolution;
import io.planish.storage.Storage;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Duration;
import java.util.HashMap;
import java.util.HashSet;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;

/** What must hold of a job's files, under their locks, before anything is written. */
final class Preconditions {
    private final Storage storage;
    private final Pools pools;
    private final PathGate gate;
    private final Sweep sweep;
    private final JobChain chain;
    private final Job job;
    private final OpenFiles files;

    Preconditions(Storage storage, Pools pools, PathGate gate, Sweep sweep, JobChain chain, OpenFiles files) {
        this.storage = storage;
        this.pools = pools;
        this.gate = gate;
        this.sweep = sweep;
        this.chain = chain;
        this.job = chain.job();
        this.files = files;
    }

    /**
     * Every file is the one that was planned with. Its content is too, but for the target of a pull or rebase, which may go on being written
     * between plan and job, and for a commit that was begun, which can only go on.
     */
    void requireUnchanged(boolean begun) throws IOException {
        for (Expectation expectation : job.expects()) {
            if (expectation.unchanged().isEmpty()) {
                continue;
            }
            ImageRef image = expectation.image();
            FileFacts planned = expectation.unchanged().get();
            FileFacts found = facts(image);
            boolean mayDiffer = begun || (job.kind() != JobKind.COMMIT && image.equals(job.target()));
            if (!found.sameFile(planned)) {
                throw replaced(image, begun);
            }
            if (!mayDiffer && !found.equals(planned)) {
                throw changed(image, "it was changed since the plan was made");
            }
        }
    }

    /** What lies above the target is what the commit was begun with, whoever asks for it again. */
    void requireSameLayers(Intent intent) throws IOException {
        for (ImageRef image : chain.committed()) {
            FileFacts then = intent.files().get(image);
            if (then != null && !facts(image).sameFile(then)) {
                throw replaced(image, true);
            }
        }
    }

    /** Each of them stands on the one below it, as when the commit was begun: nobody has put it on another backing file. */
    void requireSameLinks() throws IOException {
        for (int i = chain.target() + 1; i <= chain.hi(); i++) {
            ImageRef image = chain.images().get(i);
            ImageRef below = chain.images().get(i - 1);
            Optional<Backing> link = HeaderFile.read(files.get(image)).backing();
            boolean isSame = link.isPresent()
                    && (!(gate.resolveBacking(image, link.get().name()) instanceof Resolution.Inside inside)
                            || files.isAt(below, inside.path()));
            if (!isSame) {
                throw new ImageException(
                        ErrorKind.CHANGED_UNDERNEATH,
                        image.toString(),
                        "its backing file is " + link.map(Backing::name).orElse("none") + ", and was " + below
                                + " when a commit of it was begun",
                        "put it on that again with qemu-img rebase -u; or, if it is to stay as it is, let go of the commit with planish check -r mark "
                                + job.target());
            }
        }
    }

    /** What a commit has written by then is the old file's: only that one can finish it, or a true copy of it begin again. */
    private ImageException replaced(ImageRef image, boolean begun) {
        return begun && job.kind() == JobKind.COMMIT
                ? new ImageException(
                        ErrorKind.CHANGED_UNDERNEATH,
                        image.toString(),
                        "another file stands under this name since a commit of it was begun",
                        "put the first one back; or, if this is a true copy of it, let go of the commit with planish check -r mark "
                                + job.target() + ", and commit again")
                : changed(image, "another file stands under this name since the plan was made");
    }

    /** Nobody but the layers and overlays of the plan may depend on what the job changes or removes. */
    void requireNoUnknownOverlay(boolean begun) throws IOException {
        Set<ImageRef> late = lateOverlays(begun);
        if (!late.isEmpty()) {
            throw unknownOverlays(job.top(), late);
        }
    }

    /**
     * The overlays of a commit's top that the plan did not know, which a commit that was begun can take along; none of another
     * image may have come.
     */
    Set<ImageRef> lateOverlays(boolean begun) throws IOException {
        Set<ImageRef> late = new HashSet<>();
        Map<ImageRef, Set<ImageRef>> known = chain.knownOverlays();
        for (Map.Entry<ImageRef, Set<ImageRef>> entry :
                sweep.overlaysOf(present(chain.exclusive())).entrySet()) {
            Set<ImageRef> unknown = new HashSet<>(entry.getValue());
            unknown.removeAll(known.getOrDefault(entry.getKey(), Set.of()));
            if (!unknown.isEmpty()) {
                if (job.kind() != JobKind.COMMIT || !entry.getKey().equals(job.top())) {
                    throw begun && job.kind() == JobKind.COMMIT
                            ? madeMeanwhile(entry.getKey(), unknown)
                            : unknownOverlays(entry.getKey(), unknown);
                }
                late.addAll(unknown);
            }
        }
        return late;
    }

    /** An earlier attempt may have moved some to the trash already. */
    private Set<ImageRef> present(Set<ImageRef> images) throws IOException {
        Set<ImageRef> present = new HashSet<>();
        for (ImageRef image : images) {
            if (storage.exists(pools.get(image.pool()).root().resolve(image.path()))) {
                present.add(image);
            }
        }
        return present;
    }

    private static ImageException unknownOverlays(ImageRef image, Set<ImageRef> overlays) {
        return changed(image, "it has an overlay that the plan did not know: " + overlays);
    }

    /** To plan again would not help: the commit can only be finished, and only once nobody stands on what it changes. */
    private ImageException madeMeanwhile(ImageRef image, Set<ImageRef> overlays) {
        String who = overlays.stream().sorted().map(ImageRef::toString).collect(Collectors.joining(", "));
        return new ImageException(
                ErrorKind.CHANGED_UNDERNEATH,
                image.toString(),
                "a commit into it is half done, and " + who
                        + " stands on it, which shows neither what was there before nor what will be",
                "remove that overlay, or put it on " + job.top()
                        + " with qemu-img rebase -u, then planish flatten or apply finishes the commit; one that was begun with"
                        + " --force-shared goes on with the same command");
    }

    /** What the engine will not touch, whatever a plan says. */
    void requireMergeable(OpenChain open, boolean begun) throws IOException {
        for (int i = 0; i < chain.images().size(); i++) {
            ImageRef image = chain.images().get(i);
            if (!open.isQcow2(image)) {
                continue;
            }
            Header header = open.header(image);
            if (Marks.isHalfMerged(header) && !begun) {
                throw new ImageException(
                        ErrorKind.HALF_MERGED,
                        image.toString(),
                        "a commit into it was begun and not finished",
                        "finish it with planish flatten of all folders that its chain lies in, or with apply, or leave it to the worker that is at it; where no folder remembers it, planish check -r mark lets go of it");
            }
            boolean ends = i > chain.target() && job.kind() == JobKind.COMMIT
                    || job.retires().contains(image);
            boolean getsOtherBacking = i == chain.target() && (job.kind() != JobKind.COMMIT || chain.lo() < i);
            if (header.snapshotCount() > 0 && (ends || getsOtherBacking)) {
                throw unsupported(
                        image,
                        "it holds " + header.snapshotCount() + " internal snapshots that would be lost",
                        "delete them first, or keep the image");
            }
        }
        for (Relink relink : job.relinks()) {
            requireSupported(relink.overlay());
        }
        if (job.kind() == JobKind.COMMIT) {
            CommitBitmaps.read(chain, open, files).requireMergeable(begun, finalSizeBytes(open));
        }
        if (!open.isQcow2(job.target())) {
            requireRawWritable();
            return;
        }
        Header target = open.header(job.target());
        long finalSizeBytes = finalSizeBytes(open);
        if (target.geometry().l1Entries(finalSizeBytes) > Header.MAX_L1_ENTRIES) {
            throw unsupported(
                    job.target(),
                    "a disk of " + finalSizeBytes + " bytes is too long for clusters of "
                            + target.geometry().clusterBytes(),
                    "pull instead");
        }
        if (finalSizeBytes != target.virtualSizeBytes()) {
            requireSnapshotsOfAnySize(target);
        }
    }

    private void requireSupported(ImageRef image) throws IOException {
        try {
            HeaderFile.read(files.get(image)).requireSupported();
        } catch (ImageException e) {
            throw e.at(image.toString());
        }
    }

    /** An internal snapshot of version 2, or one that does not record its size, has the size of the image. */
    private void requireSnapshotsOfAnySize(Header target) throws IOException {
        List<SnapshotEntry> snapshots =
                Directories.snapshots(files.get(job.target()), target).entries();
        boolean tied = target.version() < 3 && !snapshots.isEmpty()
                || snapshots.stream().anyMatch(snapshot -> snapshot.virtualSizeBytes() == SnapshotEntry.NO_SIZE);
        if (tied) {
            throw unsupported(
                    job.target(),
                    "its size would change, and it holds internal snapshots of version 2",
                    "pull instead");
        }
    }

    /** A raw file takes data from above in place, and keeps its name: a guest opens a leaf as what it was. */
    private void requireRawWritable() throws ImageException {
        if (job.kind() != JobKind.COMMIT || job.replaces().isPresent()) {
            throw unsupported(job.target(), "it is raw", "only a commit that leaves it its name can write it");
        }
    }

    /** What will be left to do once the target holds all content. */
    Intent intent(OpenChain open, String run, Duration grace) throws IOException {
        ImageRef finalName = job.replaces().orElse(job.target());
        Optional<Backing> backing = Optional.empty();
        if (job.base().isPresent()) {
            ImageRef namesBase = job.replaces().orElse(chain.images().get(chain.lo()));
            String old = open.header(namesBase).backing().map(Backing::name).orElse("");
            String name = gate.backingName(finalName, job.base().get(), old);
            backing = Optional.of(new Backing(name, isQcow2(open, job.base().get()) ? Images.QCOW2 : Images.RAW));
        }
        return new Intent(
                Intent.VERSION,
                run,
                job,
                Intent.Phase.MERGE,
                factsOf(job),
                finalSizeBytes(open),
                backing,
                !open.isQcow2(job.target()),
                grace.isZero(),
                Optional.of(grace));
    }

    /** In the job's chain an image is what its overlay records; of a new backing file the user said what it is. */
    private boolean isQcow2(OpenChain open, ImageRef base) throws IOException {
        return chain.images().contains(base) ? open.isQcow2(base) : HeaderFile.isQcow2(files.get(base));
    }

    /** Every file of the job as it is now. */
    Map<ImageRef, FileFacts> factsOf(Job some) throws IOException {
        Map<ImageRef, FileFacts> now = new HashMap<>();
        for (Expectation expectation : some.expects()) {
            now.put(expectation.image(), facts(expectation.image()));
        }
        return now;
    }

    /** The size of the target's disk once the job is done. */
    long finalSizeBytes(OpenChain open) {
        long top = open.layer(chain.hi()).virtualSizeBytes();
        long target = open.layer(chain.target()).virtualSizeBytes();
        return job.kind() == JobKind.COMMIT && chain.keepsLayers() ? Math.max(top, target) : top;
    }

    /**
     * A digest over the facts of every layer, base first: equal as long as the target is the same file and none of the others was
     * touched.
     */
    String chainDigest() throws IOException {
        MessageDigest digest = sha256();
        for (ImageRef image : chain.images()) {
            FileFacts facts = facts(image);
            String what = image.equals(job.target())
                    ? facts.poolId() + " " + facts.inode() + " " + facts.birthTimeNanos()
                    : facts.toString();
            digest.update((image + " " + what + "\n").getBytes(StandardCharsets.UTF_8));
        }
        return HexFormat.of().formatHex(digest.digest());
    }

    FileFacts facts(ImageRef image) throws IOException {
        ImageFile file = files.get(image);
        return file.status().facts(pools.get(image.pool()).id());
    }

    private static MessageDigest sha256() {
        try {
            return MessageDigest.getInstance("SHA-256");
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every Java platform has SHA-256", e);
        }
    }

    private static ImageException changed(ImageRef image, String what) {
        return new ImageException(ErrorKind.CHANGED_UNDERNEATH, image.toString(), what, "plan again");
    }

    private static ImageException unsupported(ImageRef image, String what, String advice) {
        return new ImageException(ErrorKind.UNSUPPORTED_FEATURE, image.toString(), what, advice);
    }
}
