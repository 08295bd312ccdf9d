package io.planish.plan;

import io.planish.chain.ImageFormat;
import io.planish.chain.ImageNode;
import io.planish.chain.ImageRef;
import io.planish.chain.PoolName;
import io.planish.chain.Problem;
import io.planish.chain.Trait;
import io.planish.job.SkipReason;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;

/** What may be done to one image by itself, whoever its neighbours are; each answer is why not, or empty. */
final class Permissions {
    private final Set<PoolName> complete;
    private final Set<ImageRef> referenced;
    private final Globs protectedOnes;
    private final KeepRule kept;
    private final boolean dropRestorePoints;

    Permissions(Snapshot snapshot, Policy policy) {
        this.complete = snapshot.pools().stream()
                .filter(PoolState::complete)
                .map(PoolState::name)
                .collect(Collectors.toUnmodifiableSet());
        this.referenced = snapshot.referenced();
        this.protectedOnes = new Globs(policy.protect());
        this.kept = new KeepRule(snapshot, policy);
        this.dropRestorePoints = policy.dropRestorePoints();
    }

    /** Its bytes change. */
    Optional<Problem> write(ImageNode image) {
        return protect(image)
                .or(() -> inUse(image))
                .or(() -> image.problem(SkipReason.HARD_LINKED))
                .or(() -> image.problem(SkipReason.READ_ONLY));
    }

    private Optional<Problem> protect(ImageNode image) {
        return protectedOnes
                .match(image.ref())
                .flatMap(glob -> problem(SkipReason.PROTECTED, image, "is protected by '" + glob + "'"));
    }

    /** Somebody has it open: who, as far as the scan could tell. */
    static Optional<Problem> inUse(ImageNode image) {
        return switch (image.use()) {
            case FREE -> Optional.empty();
            case READ ->
                image.problem(SkipReason.IN_USE).or(() -> problem(SkipReason.IN_USE, image, "is open elsewhere"));
            case WRITTEN ->
                image.problem(SkipReason.IN_USE)
                        .or(() -> problem(SkipReason.IN_USE, image, "is open elsewhere for writing"));
        };
    }

    /** Its content of its own comes to an end. */
    Optional<Problem> end(ImageNode image) {
        return protect(image)
                .or(() -> kept.keeps(image).flatMap(why -> problem(SkipReason.KEPT, image, why)))
                .or(() -> referenced.contains(image.ref()) && !dropRestorePoints
                        ? problem(
                                SkipReason.REFERENCED,
                                image,
                                "is a restore point that something outside refers to (drop-restore-points lets it end)")
                        : Optional.empty());
    }

    /** Its file goes away, with all that its chain does not show. */
    Optional<Problem> loseFile(ImageNode image) {
        return image.has(Trait.BITMAPS)
                ? problem(
                        SkipReason.UNSUPPORTED_FEATURE,
                        image,
                        "holds persistent bitmaps that would be lost (remove them with qemu-img bitmap --remove if no backup"
                                + " needs them)")
                : holdNoSnapshots(image);
    }

    /** What it holds goes over into another image, and its file away. */
    Optional<Problem> goDown(ImageNode image) {
        return carryBitmaps(image).or(() -> holdNoSnapshots(image));
    }

    /** Its bitmaps can be changed, or carried over. */
    Optional<Problem> carryBitmaps(ImageNode image) {
        return image.has(Trait.INCONSISTENT_BITMAPS)
                ? problem(
                        SkipReason.UNSUPPORTED_FEATURE,
                        image,
                        "holds a persistent bitmap that was not saved correctly or is not understood (remove it with qemu-img"
                                + " bitmap --remove)")
                : Optional.empty();
    }

    Optional<Problem> holdNoSnapshots(ImageNode image) {
        return image.has(Trait.INTERNAL_SNAPSHOTS)
                ? problem(
                        SkipReason.INTERNAL_SNAPSHOTS,
                        image,
                        "holds internal snapshots that would be lost (delete them with qemu-img snapshot -d if nobody needs"
                                + " them)")
                : Optional.empty();
    }

    Optional<Problem> haveNoUnknownOverlays(ImageNode image) {
        return complete.contains(image.ref().pool())
                ? Optional.empty()
                : problem(
                        SkipReason.SHARED_BASE,
                        image,
                        "may have overlays that were not seen: pool "
                                + image.ref().pool()
                                + " is not complete (declare it complete if all overlays of its images lie in the pools, and"
                                + " see that all of them can be looked at)");
    }

    /** It goes to the trash with all that its chain does not show. */
    Optional<Problem> retire(ImageNode image) {
        return goAway(image).or(() -> loseFile(image));
    }

    /** It goes to the trash once another image holds all that it held. */
    Optional<Problem> retireCommitted(ImageNode image) {
        return goAway(image).or(() -> goDown(image));
    }

    private Optional<Problem> goAway(ImageNode image) {
        return haveNoUnknownOverlays(image).or(() -> write(image)).or(() -> end(image));
    }

    /** Its backing link changes from {@code top} to another file with the same content. */
    Optional<Problem> relink(ImageNode overlay, ImageNode top) {
        if (!overlay.backingImage().equals(Optional.of(top.ref()))) {
            return problem(
                    SkipReason.AMBIGUOUS_BACKING,
                    overlay,
                    "may depend on " + top.ref() + ", which cannot be told (give it one backing file by a plain name)");
        }
        return overlay.closesChain().or(() -> write(overlay));
    }

    /** It takes the name of {@code leaf}. */
    Optional<Problem> takePlaceOf(ImageNode image, ImageNode leaf) {
        if (image.format() != ImageFormat.QCOW2 || leaf.format() != ImageFormat.QCOW2) {
            return problem(
                    SkipReason.UNSUPPORTED_FEATURE,
                    image,
                    "and " + leaf.ref() + " differ in format, so it cannot take that name");
        }
        return image.filesystem() == leaf.filesystem()
                ? Optional.empty()
                : problem(
                        SkipReason.UNSUPPORTED_FEATURE,
                        image,
                        "is on another filesystem than " + leaf.ref() + ", so it cannot take that name");
    }

    private static Optional<Problem> problem(SkipReason reason, ImageNode image, String what) {
        return Optional.of(new Problem(reason, image.ref() + " " + what));
    }
}
