package io.planish.cli;

import io.planish.chain.PoolName;
import io.planish.job.Verify;
import io.planish.plan.Bytes;
import io.planish.plan.Direction;
import io.planish.plan.Durations;
import io.planish.plan.Policy;
import io.planish.storage.Pool;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;
import picocli.CommandLine.TypeConversionException;

/** What an operator wants and forbids, on the command line. */
final class PolicyOptions {
    @Spec(Spec.Target.MIXEE)
    private CommandSpec spec;

    @Option(
            names = "--max-depth",
            paramLabel = "N",
            defaultValue = "2",
            description = "How many files a chain may have; 1: images stand alone. Default: ${DEFAULT-VALUE}.")
    private int maxDepth;

    @Option(
            names = "--min-depth",
            paramLabel = "N",
            defaultValue = "0",
            description = "Leave chains of fewer files than this alone.")
    private int minDepth;

    @Option(
            names = "--direction",
            paramLabel = "WAY",
            defaultValue = "auto",
            description =
                    "Where data may move: auto (whatever writes least), commit (only down into the lowest layer of a"
                            + " group) or pull (only up into the highest). Default: auto.")
    private Direction direction;

    @Option(
            names = "--unshare",
            description = "Give images their own copy of what they share with others, where --max-depth needs it.")
    private boolean unshare;

    @Option(
            names = "--keep",
            paramLabel = "GLOB",
            description = "Images whose content and name stay. Repeatable; * within a name, ** across folders,"
                    + " a / at the end: all of a folder.")
    private List<String> keep = new ArrayList<>();

    @Option(
            names = "--keep-newest",
            paramLabel = "N",
            defaultValue = "0",
            description = "Keep the N layers right below the end of each chain.")
    private int keepNewest;

    @Option(
            names = "--keep-newer-than",
            paramLabel = "AGE",
            converter = DurationConverter.class,
            description = "Keep layers that may show a time less than this ago (36h, 7d, 2w).")
    private @Nullable Duration keepNewerThan;

    @Option(
            names = "--keep-older-than",
            paramLabel = "AGE",
            converter = DurationConverter.class,
            description = "Keep layers that may show a time more than this ago.")
    private @Nullable Duration keepOlderThan;

    @Option(
            names = "--protect",
            paramLabel = "GLOB",
            description =
                    "Images that are not touched at all: golden images, templates. Repeatable; the same patterns.")
    private List<String> protect = new ArrayList<>();

    @Option(
            names = "--drop-restore-points",
            description = "Let files go that something outside refers to, such as a snapshot of a management system.")
    private boolean dropRestorePoints;

    @Option(
            names = "--verify",
            paramLabel = "HOW",
            defaultValue = "full",
            description = "How each merge is checked before a link changes: full, metadata or none. Default: full.")
    private Verify verify;

    @Option(
            names = "--budget",
            paramLabel = "[POOL=]SIZE",
            description = "Write at most this much to each folder (500M, 20G), or to the one named. Repeatable.")
    private List<String> budget = new ArrayList<>();

    @Option(
            names = "--headroom",
            paramLabel = "[POOL=]SIZE",
            description =
                    "What each filesystem must have left at any time, or that of the folder named. Repeatable. Default: 64M.")
    private List<String> headroom = new ArrayList<>();

    @Option(
            names = "--grace",
            paramLabel = "TIME",
            converter = DurationConverter.class,
            description = "How long leftovers stay in the trash; 0: removed at once. Default: 7d.")
    private @Nullable Duration grace;

    @Option(
            names = "--delete",
            description = "Remove leftovers at once instead of moving them to .planish-trash: --grace 0.")
    private boolean delete;

    /**
     * @param folders of the pools: a pattern that begins with one of them is meant within it
     * @param canary how many jobs each run of the plan may begin
     */
    Policy policy(Workspace folders, Optional<Integer> canary) {
        try {
            return Policy.DEFAULT
                    .change()
                    .maxDepth(maxDepth)
                    .minDepth(minDepth)
                    .direction(direction)
                    .unshare(unshare)
                    .keep(within(folders, "--keep", keep))
                    .keepNewest(keepNewest)
                    .keepNewerThan(Optional.ofNullable(keepNewerThan))
                    .keepOlderThan(Optional.ofNullable(keepOlderThan))
                    .protect(within(folders, "--protect", protect))
                    .dropRestorePoints(dropRestorePoints)
                    .verify(verify)
                    .budgetBytes(ofAll("--budget", budget, Policy.DEFAULT.budgetBytes()))
                    .budgetByPool(ofOne(folders, "--budget", budget))
                    .headroomBytes(ofAll("--headroom", headroom, Policy.DEFAULT.headroomBytes()))
                    .headroomByPool(ofOne(folders, "--headroom", headroom))
                    .grace(graceOrDefault())
                    .canary(canary)
                    .build();
        } catch (IllegalArgumentException e) {
            throw new ParameterException(spec.commandLine(), String.valueOf(e.getMessage()), e);
        }
    }

    private Duration graceOrDefault() {
        if (delete && grace != null) {
            throw new IllegalArgumentException("--delete and --grace exclude each other");
        }
        return delete ? Duration.ZERO : grace == null ? Policy.DEFAULT.grace() : grace;
    }

    private static long ofAll(String option, List<String> sizes, long otherwise) {
        return sizes.stream()
                .filter(size -> size.indexOf('=') < 0)
                .reduce((first, last) -> last)
                .map(size -> bytes(option, size))
                .orElse(otherwise);
    }

    private static Map<PoolName, Long> ofOne(Workspace folders, String option, List<String> sizes) {
        Map<PoolName, Long> byPool = new HashMap<>();
        for (String size : sizes) {
            int equals = size.lastIndexOf('=');
            if (equals >= 0) {
                byPool.put(pool(folders, option, size.substring(0, equals)), bytes(option, size.substring(equals + 1)));
            }
        }
        return byPool;
    }

    private static long bytes(String option, String size) {
        try {
            return Bytes.parse(size);
        } catch (IllegalArgumentException e) {
            throw new IllegalArgumentException(option + ": " + e.getMessage(), e);
        }
    }

    /** By its name, or by its folder. */
    private static PoolName pool(Workspace folders, String option, String name) {
        return folders.pools().all().stream()
                .filter(pool -> pool.name().value().equals(name)
                        || pool.root()
                                .toString()
                                .equals(real(Path.of(name)
                                        .toAbsolutePath()
                                        .normalize()
                                        .toString())))
                .findFirst()
                .map(Pool::name)
                .orElseThrow(() -> new IllegalArgumentException(option + " " + name + " is none of the folders"));
    }

    private static List<String> within(Workspace folders, String option, List<String> globs) {
        return globs.stream()
                .map(glob -> glob.startsWith("/") ? within(folders, option, glob) : glob)
                .toList();
    }

    private static String within(Workspace folders, String option, String named) {
        String glob = real(named);
        for (Pool pool : folders.pools().all()) {
            String root = pool.root().toString();
            String prefix = root.endsWith("/") ? root : root + "/";
            if ((glob + "/").equals(prefix) || glob.equals(prefix)) {
                return pool.name() + "/**";
            }
            if (glob.startsWith(prefix)) {
                String inside = glob.substring(prefix.length());
                boolean folder = Files.isDirectory(Path.of(glob));
                return pool.name() + "/" + inside + (folder && !inside.endsWith("/") ? "/" : "");
            }
        }
        throw new IllegalArgumentException(option + " " + named + " is in none of the folders");
    }

    /** What there is of the path, without symbolic links: images are known by such names. */
    private static String real(String path) {
        try {
            Path there = Path.of(path);
            while (!Files.exists(there) && there.getParent() != null) {
                there = there.getParent();
            }
            String rest = path.substring(there.toString().length());
            String root = there.toRealPath().toString();
            return root.endsWith("/") && rest.startsWith("/") ? root + rest.substring(1) : root + rest;
        } catch (IOException e) {
            return path;
        }
    }

    /** {@code 7d}, {@code 36h}. */
    static final class DurationConverter implements ITypeConverter<Duration> {
        @Override
        public Duration convert(String text) {
            try {
                return Durations.parse(text);
            } catch (IllegalArgumentException e) {
                throw new TypeConversionException(String.valueOf(e.getMessage()));
            }
        }
    }
}
