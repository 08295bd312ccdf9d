package io.planish.survey;

import static org.assertj.core.api.Assertions.assertThat;

import io.planish.chain.ImageNode;
import io.planish.chain.ImageRef;
import io.planish.chain.PoolName;
import io.planish.chain.Problem;
import io.planish.job.JobKind;
import io.planish.job.SkipReason;
import io.planish.plan.Direction;
import io.planish.plan.Finding;
import io.planish.plan.Owned;
import io.planish.plan.Plan;
import io.planish.plan.Planner;
import io.planish.plan.Policy;
import io.planish.plan.PoolState;
import io.planish.plan.Snapshot;
import io.planish.scan.HeadReader;
import io.planish.scan.OwnedImages;
import io.planish.scan.Scanner;
import io.planish.storage.LinuxStorage;
import io.planish.storage.PathGate;
import io.planish.storage.PoolConfig;
import io.planish.storage.Pools;
import io.planish.storage.Qemu;
import io.planish.storage.Storage;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Scans of hosts of which each mounts some of the pools; a host is a set of pools here. */
class JoiningTest {
    private static final PoolName SHARED = new PoolName("shared");
    private static final PoolName LOCAL = new PoolName("local");

    private final Storage storage = new LinuxStorage();

    @TempDir
    Path temp;

    private Path shared;
    private Path local;

    @BeforeEach
    void makePools() throws IOException {
        Path root = temp.toRealPath();
        shared = Files.createDirectory(root.resolve("shared"));
        local = Files.createDirectory(root.resolve("local"));
    }

    @Test
    void aChainThroughAPoolThatOnlyTheOtherHostMountsIsSeenAsByOneThatMountsBoth() throws IOException {
        image(shared.resolve("base"));
        overlay(local.resolve("mid"), shared.resolve("base"), "qcow2");
        overlay(local.resolve("leaf"), local.resolve("mid"), "qcow2");
        overlay(shared.resolve("back"), local.resolve("mid"), "qcow2");

        Snapshot joined = joined(scan(SHARED), answer(LOCAL, SHARED, LOCAL));

        Snapshot whole = scan(SHARED, LOCAL);
        assertThat(joined.forest().nodes())
                .containsExactlyElementsOf(whole.forest().nodes());
        assertThat(joined.pools())
                .usingRecursiveFieldByFieldElementComparatorIgnoringFields("freeBytes")
                .containsExactlyElementsOf(whole.pools());
    }

    @Test
    void aRawBaseCountsAlthoughOnlyTheOtherHostKnowsThatItIsOne() throws IOException {
        Qemu.img("create", "-q", "-f", "raw", shared.resolve("base").toString(), "1M");
        overlay(local.resolve("leaf"), shared.resolve("base"), "raw");

        Snapshot joined = joined(scan(SHARED), answer(LOCAL, SHARED, LOCAL));

        assertThat(joined.forest().chain(ref("local/leaf")))
                .extracting(ImageNode::ref)
                .containsExactly(ref("shared/base"), ref("local/leaf"));
    }

    @Test
    void anOverlayOnAHostThatDoesNotMountItsBaseKeepsTheBaseFromBeingCommittedInto() throws IOException {
        image(shared.resolve("base"));
        overlay(shared.resolve("mid"), shared.resolve("base"), "qcow2");
        overlay(shared.resolve("leaf"), shared.resolve("mid"), "qcow2");
        Files.createSymbolicLink(shared.resolve("other-name"), Path.of("base"));
        assertThat(commits(joined(scan(SHARED), answer(LOCAL, LOCAL)))).isNotEmpty();
        overlay(local.resolve("leaf"), shared.resolve("other-name"), "qcow2");

        Snapshot joined = joined(scan(SHARED), answer(LOCAL, LOCAL));

        assertThat(joined.forest().overlays(ref("shared/base")))
                .extracting(ImageNode::ref)
                .containsExactly(ref("local/leaf"), ref("shared/mid"));
        assertThat(joined.forest().closed(ref("local/leaf")))
                .map(Problem::reason)
                .contains(SkipReason.OUTSIDE_ROOTS);
        assertThat(commits(joined)).noneMatch(target -> target.equals(ref("shared/base")));
    }

    @Test
    void whereAPoolCouldNotBeLookedAtNothingIsComplete() throws IOException {
        image(shared.resolve("base"));
        overlay(shared.resolve("mid"), shared.resolve("base"), "qcow2");
        overlay(shared.resolve("leaf"), shared.resolve("mid"), "qcow2");
        Finding missing =
                new Finding("local", new Problem(SkipReason.UNREADABLE, "local: no worker answered (start one)"), true);

        Snapshot joined = Joining.of(
                scan(SHARED), List.of(), List.of(missing), Set.of(SHARED, LOCAL), scanner(SHARED)::ownership);

        assertThat(joined.pools()).noneMatch(PoolState::complete);
        assertThat(joined.findings()).containsExactly(missing);
        assertThat(commits(joined)).isEmpty();
        assertThat(Planner.plan(joined, Policy.DEFAULT).jobs())
                .isNotEmpty()
                .allMatch(job -> job.kind() == JobKind.PULL && job.retires().isEmpty());
    }

    @Test
    void whatAnImageOwnsComesThroughAsItIsRead() throws IOException {
        Path file = local.resolve("full");
        image(file);
        Qemu.io(file, "write 64k 128k", "write -z 512k 64k", "write -c 256k 64k");
        Snapshot seen = scan(LOCAL);
        Owned direct = seen.ownership().of(ref("local/full"));
        Pools pools = pools(LOCAL);
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        ImageNode node = seen.forest().node(ref("local/full")).orElseThrow();
        OwnedFile.write(
                new OwnedImages(storage, pools, new PathGate(storage, pools)).of(node.ref(), node.facts()), bytes);

        Owned read = OwnedFile.read(new ByteArrayInputStream(bytes.toByteArray()));

        assertThat(read).usingRecursiveComparison().isEqualTo(direct);
        assertThat(read.streams().clusters().toArray()).containsExactly(4);
    }

    private List<ImageRef> commits(Snapshot snapshot) {
        Plan plan = Planner.plan(
                snapshot,
                Policy.DEFAULT.change().direction(Direction.COMMIT).maxDepth(1).build());
        return plan.jobs().stream()
                .filter(job -> job.kind() == JobKind.COMMIT)
                .map(job -> job.target())
                .toList();
    }

    private Snapshot joined(Snapshot own, PoolAnswer answer) throws IOException {
        Scanner both = scanner(SHARED, LOCAL);
        return Joining.of(own, List.of(answer), List.of(), Set.of(SHARED, LOCAL), both::ownership);
    }

    /** What a host that mounts these pools tells of one of them, through its encoding. */
    private PoolAnswer answer(PoolName pool, PoolName... mounts) throws IOException {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        AnswerFile.write(PoolAnswer.of(scan(mounts), pool), bytes);
        return AnswerFile.read(new ByteArrayInputStream(bytes.toByteArray()));
    }

    private Snapshot scan(PoolName... mounts) throws IOException {
        return scanner(mounts).scan();
    }

    private Scanner scanner(PoolName... mounts) throws IOException {
        Pools pools = pools(mounts);
        return new Scanner(
                storage,
                pools,
                new PathGate(storage, pools),
                new HeadReader(storage, InstantSource.system()),
                InstantSource.system(),
                2);
    }

    private Pools pools(PoolName... mounts) throws IOException {
        List<PoolConfig> configs = new ArrayList<>();
        for (PoolName pool : mounts) {
            Path path = pool.equals(SHARED) ? shared : local;
            configs.add(new PoolConfig(pool, path, Optional.empty(), true, Optional.empty(), Optional.empty()));
        }
        return Pools.open(storage, configs, Pools.MissingMarker.CREATE);
    }

    private static ImageRef ref(String text) {
        return ImageRef.parse(text);
    }

    private static void image(Path path) throws IOException {
        Qemu.img("create", "-q", "-f", "qcow2", path.toString(), "1M");
        Qemu.io(path, "write 0 64k");
    }

    private static void overlay(Path path, Path backing, String format) throws IOException {
        Qemu.img("create", "-q", "-f", "qcow2", "-b", backing.toString(), "-F", format, path.toString());
        Qemu.io(path, "write 128k 64k");
    }
}
