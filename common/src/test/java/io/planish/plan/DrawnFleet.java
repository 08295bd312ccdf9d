package io.planish.plan;

import io.planish.chain.Chains;
import io.planish.chain.ImageRef;
import io.planish.chain.Trait;
import io.planish.chain.Use;
import io.planish.job.SkipReason;
import io.planish.job.Verify;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;

/**
 * A fleet and a policy as text: any number of lines {@code forest base{500M raw} <- a{3M@100M} <- [b, c]} and others, told apart by their first word.
 *
 * <p>Of an image may be said: how much data it has ({@code 3M}, where nobody else has any; {@code 3M@100M}, from there on), {@code zero3M@100M},
 * {@code disk16G} its virtual size, {@code raw}, {@code v2}, {@code 4K} clusters as {@code cluster4K}, {@code snapshots}, {@code bitmaps},
 * {@code running}, {@code read}, {@code referenced}, or a {@link SkipReason} in small letters with hyphens.
 */
record DrawnFleet(Fleet fleet, Policy policy) {
    private static final long DISK = 16L << 30;

    static DrawnFleet of(List<String> lines) {
        List<String> drawings = new ArrayList<>();
        for (String line : lines) {
            if (line.startsWith("forest ")) {
                drawings.add(line.substring(7).strip());
            }
        }
        Fleet fleet = Fleet.of(drawings.toArray(String[]::new));
        Reader reader = new Reader(fleet);
        for (String drawing : drawings) {
            Chains.nodes(drawing).forEach(node -> fleet.size(node.ref().toString(), (int) (DISK / Fleet.CLUSTER)));
            Chains.said(drawing).forEach(reader::image);
        }
        PolicyBuilder policy = Policy.DEFAULT.change();
        for (String line : lines) {
            int space = line.indexOf(' ');
            String key = space < 0 ? line : line.substring(0, space);
            String value = space < 0 ? "" : line.substring(space + 1).strip();
            switch (key) {
                case "forest" -> {}
                case "incomplete" -> fleet.incomplete(value);
                case "free" -> fleet.free(Bytes.parse(value));
                case "clones" -> fleet.clones();
                case "filesystems-apart" -> fleet.filesystemsApart();
                default -> policy(policy, key, value);
            }
        }
        return new DrawnFleet(fleet, policy.build());
    }

    private static void policy(PolicyBuilder policy, String key, String value) {
        switch (key) {
            case "max-depth" -> policy.maxDepth(Integer.parseInt(value));
            case "min-depth" -> policy.minDepth(Integer.parseInt(value));
            case "direction" -> policy.direction(Direction.valueOf(value.toUpperCase(Locale.ROOT)));
            case "unshare" -> policy.unshare(true);
            case "keep" -> policy.keep(List.of(value.split(" ")));
            case "keep-newest" -> policy.keepNewest(Integer.parseInt(value));
            case "keep-newer-than" -> policy.keepNewerThan(Optional.of(Durations.parse(value)));
            case "keep-older-than" -> policy.keepOlderThan(Optional.of(Durations.parse(value)));
            case "protect" -> policy.protect(List.of(value.split(" ")));
            case "drop-restore-points" -> policy.dropRestorePoints(true);
            case "verify" -> policy.verify(Verify.valueOf(value.toUpperCase(Locale.ROOT)));
            case "grace" -> policy.grace(Durations.parse(value));
            case "headroom" -> policy.headroomBytes(Bytes.parse(value));
            case "budget" -> policy.budgetBytes(Bytes.parse(value));
            default -> throw new IllegalArgumentException("what is '" + key + "'?");
        }
    }

    /** Says of the images what stands in their braces. */
    private static final class Reader {
        private final Fleet fleet;
        private final Set<Trait> plain = Set.of(Trait.ZERO_CLUSTERS);
        private int nextCluster;

        Reader(Fleet fleet) {
            this.fleet = fleet;
        }

        void image(ImageRef ref, List<String> words) {
            String name = ref.toString();
            Set<Trait> traits = new HashSet<>(plain);
            int allocated = 0;
            for (String word : words) {
                switch (word) {
                    case "raw" -> fleet.raw(name);
                    case "v2" -> traits.remove(Trait.ZERO_CLUSTERS);
                    case "snapshots" -> traits.add(Trait.INTERNAL_SNAPSHOTS);
                    case "bitmaps" -> traits.add(Trait.BITMAPS);
                    case "broken-bitmaps" -> traits.addAll(Set.of(Trait.BITMAPS, Trait.INCONSISTENT_BITMAPS));
                    case "running" -> fleet.use(name, Use.WRITTEN);
                    case "read" -> fleet.use(name, Use.READ);
                    case "referenced" -> fleet.referenced(name);
                    default -> allocated += other(name, word);
                }
            }
            if (!traits.equals(plain)) {
                fleet.traits(name, traits.toArray(Trait[]::new));
            }
            fleet.allocated(name, (long) allocated * Fleet.CLUSTER);
        }

        /** @return how many clusters of data were given to the image */
        private int other(String name, String word) {
            if (word.startsWith("disk")) {
                fleet.size(name, clusters(word.substring(4)));
            } else if (word.startsWith("cluster")) {
                fleet.clusterBytes(name, (int) Bytes.parse(word.substring(7)));
            } else if (word.startsWith("zero")) {
                String[] zeroes = word.substring(4).split("@");
                int from = clusters(zeroes[1]);
                fleet.zero(name, from, from + clusters(zeroes[0]));
            } else if (Character.isDigit(word.charAt(0))) {
                String[] data = word.split("@");
                int size = clusters(data[0]);
                int from = data.length > 1 ? clusters(data[1]) : nextCluster;
                fleet.data(name, from, from + size);
                nextCluster = Math.max(nextCluster, from + size);
                return size;
            } else {
                fleet.problem(
                        name, SkipReason.valueOf(word.toUpperCase(Locale.ROOT).replace('-', '_')));
            }
            return 0;
        }

        private static int clusters(String size) {
            return Math.toIntExact(Bytes.parse(size) / Fleet.CLUSTER);
        }
    }
}
