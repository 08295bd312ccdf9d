package io.planish.scan;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.planish.chain.ChainText;
import io.planish.chain.Chains;
import io.planish.chain.ImageNode;
import io.planish.chain.ImageRef;
import io.planish.chain.PoolName;
import io.planish.chain.Problem;
import io.planish.chain.Trait;
import io.planish.chain.Use;
import io.planish.job.Job;
import io.planish.job.SkipReason;
import io.planish.plan.Finding;
import io.planish.plan.Owned;
import io.planish.plan.Plan;
import io.planish.plan.Planner;
import io.planish.plan.Policy;
import io.planish.plan.PoolState;
import io.planish.plan.ScanSummary;
import io.planish.plan.Snapshot;
import io.planish.platform.References;
import io.planish.storage.LinuxStorage;
import io.planish.storage.PathGate;
import io.planish.storage.PoolConfig;
import io.planish.storage.Pools;
import io.planish.storage.Qemu;
import io.planish.storage.Storage;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Scans pools of images that QEMU's tools made. */
class ScannerTest {
    private final Storage storage = new LinuxStorage();
    private final HeadReader heads = new HeadReader(storage, InstantSource.system());
    private final List<PoolConfig> configs = new ArrayList<>();

    @TempDir
    Path temp;

    private Path p;

    @BeforeEach
    void makeAPool() throws IOException {
        p = Files.createDirectory(temp.toRealPath().resolve("p"));
        configs.add(pool("p", p, Optional.empty(), Optional.empty()));
    }

    @Test
    void aForkedChainIsFoundWithWhatItsImagesOwn() throws IOException {
        Files.createDirectory(p.resolve("vm"));
        image("base");
        overlay("vm/a", "../base");
        overlay("vm/b", "../base");
        Qemu.io(p.resolve("vm/a"), "write 64k 128k", "write -z 1M 64k");

        Snapshot snapshot = scan();

        assertThat(tree(snapshot, "p/base")).isEqualTo("base <- [vm/a, vm/b]");
        ImageNode a = node(snapshot, "p/vm/a");
        assertThat(a.virtualSizeBytes()).isEqualTo(8 << 20);
        assertThat(a.clusterSizeBytes()).isEqualTo(65536);
        assertThat(a.has(Trait.ZERO_CLUSTERS)).isTrue();
        assertThat(a.use()).isEqualTo(Use.FREE);
        Owned owned = snapshot.ownership().of(a.ref());
        assertThat(owned.data().toArray()).containsExactly(1, 2);
        assertThat(owned.zero().toArray()).containsExactly(16);
        assertThat(ScanSummary.of(snapshot).headline())
                .isEqualTo("2 chains, 2 offline, 0 need a running-guest executor");
        assertThat(snapshot.findings()).isEmpty();
        assertThat(snapshot.pools().getFirst().complete()).isTrue();
    }

    @Test
    void aRawBaseIsAnImageOnlyBecauseAnOverlayRecordsIt() throws IOException {
        Qemu.img("create", "-q", "-f", "raw", p.resolve("base.raw").toString(), "8M");
        Files.writeString(p.resolve("notes.txt"), "no image");
        Qemu.img("create", "-q", "-f", "qcow2", "-b", "base.raw", "-F", "raw", path("a"));

        Snapshot snapshot = scan();

        assertThat(snapshot.forest().nodes()).extracting(n -> n.ref().path()).containsExactly("a", "base.raw");
        assertThat(snapshot.forest().closed(Chains.ref("a"))).isEmpty();
    }

    @Test
    void anImageThatIsRecordedAsRawButIsNoneIsNotTrusted() throws IOException {
        image("base");
        Qemu.img("create", "-q", "-f", "qcow2", "-b", "base", "-F", "raw", path("a"));

        assertClosed(scan(), "a", SkipReason.AMBIGUOUS_BACKING);
    }

    @Test
    void aMissingBackingFormatIsNotGuessedUnlessThePoolTellsIt() throws IOException {
        image("base");
        overlay("a", "base");
        forgetBackingFormat("a");
        assertClosed(scan(), "a", SkipReason.BACKING_FORMAT_MISSING);
        assertThat(scan().forest().overlays(Chains.ref("base"))).hasSize(1);

        configs.set(0, pool("p", p, Optional.empty(), Optional.of("qcow2")));
        assertThat(scan().forest().closed(Chains.ref("a"))).isEmpty();
    }

    @Test
    void aMissingBackingFileClosesItsChainAndNoOther() throws IOException {
        image("base");
        overlay("a", "base");
        image("gone");
        overlay("s1", "gone");
        overlay("b", "s1");
        Files.delete(p.resolve("gone"));

        Snapshot snapshot = scan();

        assertClosed(snapshot, "b", SkipReason.BACKING_MISSING);
        assertThat(snapshot.forest().closed(Chains.ref("a"))).isEmpty();
        assertThat(ScanSummary.of(snapshot).headline())
                .isEqualTo("2 chains, 1 offline, 0 need a running-guest executor, 1 left alone");
    }

    @Test
    void aLoopIsFound() throws IOException {
        image("a");
        overlay("b", "a");
        Qemu.img("rebase", "-u", "-f", "qcow2", "-b", "b", "-F", "qcow2", path("a"));

        assertClosed(scan(), "a", SkipReason.BACKING_LOOP);
    }

    @Test
    void nothingOutsideOfThePoolsIsABackingFile() throws IOException {
        Path outside = temp.resolve("outside");
        Qemu.img("create", "-q", "-f", "qcow2", outside.toString(), "8M");
        overlay("a", outside.toString());
        Files.createSymbolicLink(p.resolve("link"), outside);
        overlay("b", "link");

        Snapshot snapshot = scan();

        assertClosed(snapshot, "a", SkipReason.OUTSIDE_ROOTS);
        assertClosed(snapshot, "b", SkipReason.OUTSIDE_ROOTS);
    }

    @Test
    void aDescriptionInJsonIsNotOpenedButItsFileCountsAsHavingTheOverlay() throws IOException {
        image("base");
        overlay("a", "base");
        String json =
                "json:{\"driver\":\"qcow2\",\"file\":{\"driver\":\"file\",\"filename\":\"" + path("base") + "\"}}";
        Qemu.img("create", "-q", "-f", "qcow2", "-b", json, "-F", "qcow2", path("b"), "8M");
        Qemu.img("create", "-q", "-f", "qcow2", "-b", "file:" + path("base"), "-F", "qcow2", path("c"));

        Snapshot snapshot = scan();

        assertClosed(snapshot, "b", SkipReason.OUTSIDE_ROOTS);
        assertThat(snapshot.forest().overlays(Chains.ref("base")))
                .extracting(n -> n.ref().path())
                .containsExactly("a", "b", "c");
    }

    @Test
    void whoeverLeadsToAFileOnAnyWayCountsAsItsOverlay() throws IOException {
        image("base");
        overlay("a", "base");
        Path elsewhere = Files.createDirectory(temp.toRealPath().resolve("elsewhere"));
        Files.createSymbolicLink(elsewhere.resolve("pool"), p);
        Files.createSymbolicLink(elsewhere.resolve("golden"), p.resolve("base"));
        overlay("absolute", elsewhere.resolve("pool/base").toString());
        overlay("relative", "../elsewhere/pool/base");
        overlay("alias", elsewhere.resolve("golden").toString());
        overlay("process", "/proc/self/root" + path("base"));
        overlay("file", "file:" + elsewhere.resolve("golden"));
        unchecked("quoted", "json:{'driver':'qcow2','file':{'driver':'file','filename':'" + path("base") + "'}}");
        unchecked("cwd", "json:{'file.filename':'somewhere/base'}");
        Qemu.img("create", "-q", "-f", "qed", "-b", "base", "-F", "qcow2", path("qed"));
        Qemu.img("create", "-q", "-f", "qcow2", "-u", "-b", "base", "-F", "qcow2", elsewhere.resolve("o") + "", "8M");
        Files.createSymbolicLink(p.resolve("reached"), elsewhere.resolve("o"));
        String[] all = {"a", "absolute", "alias", "cwd", "file", "process", "qed", "quoted", "reached", "relative"};

        Snapshot snapshot = scan();

        assertThat(snapshot.forest().overlays(Chains.ref("base")))
                .extracting(n -> n.ref().path())
                .containsExactly(all);
        assertThat(snapshot.findings()).isEmpty();
        OverlaySweep sweep = new OverlaySweep(storage, pools(storage), gate(storage), heads, 2);
        assertThat(sweep.overlaysOf(Set.of(Chains.ref("base"))).get(Chains.ref("base")))
                .extracting(ImageRef::path)
                .containsExactlyInAnyOrder(all);
        assertClosed(snapshot, "qed", SkipReason.UNSUPPORTED_FEATURE);
        assertClosed(snapshot, "reached", SkipReason.OUTSIDE_ROOTS);
    }

    @Test
    void anotherNameOfTheSameFileElsewhereIsThatFile() throws IOException {
        image("base");
        Path elsewhere = Files.createDirectory(temp.toRealPath().resolve("elsewhere"));
        Files.createLink(elsewhere.resolve("twin"), p.resolve("base"));
        overlay("a", elsewhere.resolve("twin").toString());
        Files.createSymbolicLink(elsewhere.resolve("pool"), p);
        Files.createSymbolicLink(p.resolve("disk"), elsewhere.resolve("pool/a"));

        Snapshot snapshot = scan();

        assertThat(snapshot.forest().overlays(Chains.ref("base"))).hasSize(1);
        assertThat(node(snapshot, "p/disk").ref()).isEqualTo(Chains.ref("a"));
        OverlaySweep sweep = new OverlaySweep(storage, pools(storage), gate(storage), heads, 2);
        assertThat(sweep.overlaysOf(Set.of(Chains.ref("base"))))
                .isEqualTo(Map.of(Chains.ref("base"), Set.of(Chains.ref("a"))));
    }

    @Test
    void whileADescriptionMakesNoSenseNoPoolIsCompleteAndNoSweepEnds() throws IOException {
        image("base");
        unchecked("a", "json:{'file.filename':'base'");

        Snapshot snapshot = scan();

        assertThat(snapshot.pools().getFirst().complete()).isFalse();
        assertThat(snapshot.findings())
                .singleElement()
                .asString()
                .contains("p/a", "nobody can tell which images it depends on");
        OverlaySweep sweep = new OverlaySweep(storage, pools(storage), gate(storage), heads, 2);
        assertThatThrownBy(() -> sweep.overlaysOf(Set.of(Chains.ref("base"))))
                .hasMessageContaining("p/a: backing file 'json:{'file.filename':'base'' cannot be made sense of");
    }

    @Test
    void hardLinksAreOneImageThatIsNotTouched() throws IOException {
        image("base");
        overlay("a", "base");
        Files.createLink(p.resolve("z"), p.resolve("a"));
        overlay("top", "z");

        Snapshot snapshot = scan();

        assertThat(node(snapshot, "p/a").problem(SkipReason.HARD_LINKED)).isPresent();
        assertThat(snapshot.forest().chain(Chains.ref("top")))
                .extracting(n -> n.ref().path())
                .containsExactly("base", "a", "top");
        assertThat(node(snapshot, "p/z").ref()).isEqualTo(Chains.ref("a"));
    }

    @Test
    void aSymbolicLinkIsAnotherNameOfItsImage() throws IOException {
        image("base");
        overlay("a", path("base"));
        Files.createDirectory(p.resolve("current"));
        Files.createSymbolicLink(p.resolve("current/disk"), Path.of("../a"));

        Snapshot snapshot = scan();

        assertThat(snapshot.forest().nodes()).hasSize(2);
        assertThat(node(snapshot, "p/current/disk").ref()).isEqualTo(Chains.ref("a"));
        assertThat(snapshot.forest().closed(Chains.ref("a"))).isEmpty();
    }

    @Test
    void aSymbolicLinkThatLeadsToItselfHidesNothing() throws IOException {
        image("base");
        overlay("a", "base");
        Files.createSymbolicLink(p.resolve("loop"), Path.of("loop"));
        unchecked("b", "loop");

        Snapshot snapshot = scan();

        assertThat(snapshot.findings()).isEmpty();
        assertThat(snapshot.pools()).allMatch(PoolState::complete);
        assertThat(snapshot.forest().closed(Chains.ref("b"))).isPresent();
        OverlaySweep sweep = new OverlaySweep(storage, pools(storage), gate(storage), heads, 2);
        assertThat(sweep.overlaysOf(Set.of(Chains.ref("base"))))
                .isEqualTo(Map.of(Chains.ref("base"), Set.of(Chains.ref("a"))));
    }

    @Test
    void aTrustedFormatThatIsWrongIsNotSaidToBeRecorded() throws IOException {
        image("base");
        overlay("a", "base");
        forgetBackingFormat("a");
        configs.set(0, pool("p", p, Optional.empty(), Optional.of("raw")));

        assertThat(scan().forest().closed(Chains.ref("a")).orElseThrow().sentence())
                .contains("is, by the pool's trusted-format, raw and is an image of another format");
    }

    @Test
    void twoNamesThatLeadToDifferentBackingFilesAreAmbiguous() throws IOException {
        Files.createDirectory(p.resolve("other"));
        image("base");
        image("other/base");
        overlay("a", "base");
        Files.createSymbolicLink(p.resolve("other/a"), Path.of("../a"));

        Snapshot snapshot = scan();

        assertClosed(snapshot, "a", SkipReason.AMBIGUOUS_BACKING);
        assertThat(snapshot.forest().overlays(Chains.ref("p/other/base")))
                .as("it may depend on that one too")
                .hasSize(1);
    }

    @Test
    void aDamagedImageIsToldOfAndItsBackingFileStaysShared() throws IOException {
        image("base");
        overlay("a", "base");
        overlay("b", "base");
        try (RandomAccessFile file = new RandomAccessFile(path("b"), "rw")) {
            file.seek(40);
            file.writeLong(1L << 40);
        }
        Files.write(p.resolve("stub"), new byte[] {'Q', 'F', 'I', (byte) 0xfb, 0, 0});

        Snapshot snapshot = scan();

        assertClosed(snapshot, "b", SkipReason.CORRUPT);
        assertThat(node(snapshot, "p/stub").closesChain()).isPresent();
        assertThat(snapshot.forest().overlays(Chains.ref("base"))).hasSize(2);
        assertThat(snapshot.forest().closed(Chains.ref("a"))).isEmpty();
    }

    @Test
    void aFolderThatCannotBeReadIsToldOfAndNoPoolIsCompleteThen() throws IOException {
        image("base");
        overlay("a", "base");
        Path locked = Files.createDirectory(p.resolve("locked"));
        Storage failing = new FailingStorage(storage, locked);

        Snapshot snapshot = scanner(failing).scan();

        assertThat(snapshot.findings()).extracting(finding -> finding.where()).containsExactly("p/locked");
        assertThat(snapshot.pools().getFirst().complete()).isFalse();
        assertThat(snapshot.forest().closed(Chains.ref("a"))).isEmpty();
    }

    @Test
    void lostAndFoundIsLookedIntoWhereThatIsAllowedAndElseIsSaidToBePassedOver() throws IOException {
        image("base");
        overlay("a", "base");
        Path lost = Files.createDirectory(p.resolve("lost+found"));
        overlay("lost+found/b", "../base");

        assertThat(scan().forest().overlays(Chains.ref("base"))).hasSize(2);
        Snapshot locked = scanner(new FailingStorage(storage, lost)).scan();

        assertThat(locked.findings())
                .containsExactly(new Finding(
                        "p/lost+found",
                        new Problem(
                                SkipReason.UNREADABLE,
                                "p/lost+found is passed over: only an administrator can look into it (see that no images are"
                                        + " there)"),
                        false));
        assertThat(locked.pools().getFirst().complete()).isTrue();
    }

    @Test
    void featuresThatAreNotSupportedAreNamed() throws IOException {
        Qemu.img("create", "-q", "-f", "qcow2", "-o", "data_file=" + path("base") + ".data", path("base"), "8M");
        overlay("a", "base");

        assertClosed(scan(), "a", SkipReason.UNSUPPORTED_FEATURE);
    }

    @Test
    void whoHasAnImageOpenIsTold() throws IOException {
        image("base");
        overlay("a", "base");
        overlay("b", "base");
        try (Qemu.Holder holder = new Qemu.Holder(p.resolve("a"))) {
            Awaitility.await().until(() -> node(scan(), "p/a").use() == Use.WRITTEN);
            Snapshot snapshot = scan();

            assertThat(holder.isAlive()).isTrue();
            assertThat(node(snapshot, "p/base").use()).isEqualTo(Use.READ);
            assertThat(node(snapshot, "p/b").use()).isEqualTo(Use.FREE);
            assertThat(ScanSummary.of(snapshot).headline())
                    .isEqualTo("2 chains, 1 offline, 1 need a running-guest executor");
        }
    }

    @Test
    void internalSnapshotsAndBitmapsAreSeen() throws IOException {
        image("base");
        Qemu.img("snapshot", "-c", "one", path("base"));
        overlay("a", "base");
        Qemu.img("bitmap", "--add", "-f", "qcow2", path("a"), "dirty");

        Snapshot snapshot = scan();

        assertThat(node(snapshot, "p/base").traits()).contains(Trait.INTERNAL_SNAPSHOTS);
        assertThat(node(snapshot, "p/a").traits()).contains(Trait.BITMAPS);
    }

    @Test
    void chainsCrossPoolsByTheNamesThatHypervisorsSee() throws IOException {
        Path q = Files.createDirectory(p.resolveSibling("q"));
        configs.add(pool("q", q, Optional.of(Path.of("/var/lib/golden")), Optional.empty()));
        Qemu.img("create", "-q", "-f", "qcow2", q.resolve("base").toString(), "8M");
        Qemu.img("create", "-q", "-f", "qcow2", "-u", "-b", "/var/lib/golden/base", "-F", "qcow2", path("a"), "8M");

        Snapshot snapshot = scan();

        assertThat(snapshot.forest().chain(Chains.ref("a")))
                .extracting(n -> n.ref().toString())
                .containsExactly("q/base", "p/a");
        assertThat(snapshot.forest().closed(Chains.ref("a"))).isEmpty();
    }

    @Test
    void planishsOwnFoldersAreNotLookedAt() throws IOException {
        Files.createDirectories(p.resolve(".planish-trash/run"));
        Files.createDirectories(p.resolve(".planish"));
        image("base");
        overlay(".planish-trash/run/s1", path("base"));

        assertThat(scan().forest().nodes()).hasSize(1);
    }

    @Test
    void trashInsideIsPassedOverWhereTheFolderIsAPoolOfItsOwn() throws IOException {
        Files.createDirectories(p.resolve("pool/.planish-trash/run"));
        Files.createDirectories(p.resolve("folder/.planish-trash/run"));
        Files.createFile(p.resolve("pool/.planish-pool"));
        image("base");
        overlay("pool/.planish-trash/run/s1", path("base"));
        overlay("folder/.planish-trash/run/s1", path("base"));

        assertThat(scan().forest().nodes())
                .extracting(node -> node.ref().path())
                .containsExactlyInAnyOrder("base", "folder/.planish-trash/run/s1");
    }

    @Test
    void aSecondScanSeesWhatChangedAndOnlyThat() throws IOException {
        image("base");
        overlay("a", "base");
        Snapshot first = scan();
        image("other");
        Qemu.img("rebase", "-u", "-f", "qcow2", "-b", "other", "-F", "qcow2", path("a"));

        assertThat(node(first, "p/a").backingImage()).contains(Chains.ref("base"));
        assertThat(node(scan(), "p/a").backingImage()).contains(Chains.ref("other"));
    }

    @Test
    void theSweepFindsAnOverlayThatAppearedSince() throws IOException {
        image("base");
        overlay("a", "base");
        OverlaySweep sweep = new OverlaySweep(storage, pools(storage), gate(storage), heads, 2);
        assertThat(sweep.overlaysOf(Set.of(Chains.ref("base"), Chains.ref("a"))))
                .isEqualTo(Map.of(Chains.ref("base"), Set.of(Chains.ref("a"))));

        overlay("b", "base");
        Qemu.img("create", "-q", "-f", "qcow2", "-b", "file:" + path("a"), "-F", "qcow2", path("c"));

        assertThat(sweep.overlaysOf(Set.of(Chains.ref("base"), Chains.ref("a"))))
                .isEqualTo(Map.of(
                        Chains.ref("base"),
                        Set.of(Chains.ref("a"), Chains.ref("b")),
                        Chains.ref("a"),
                        Set.of(Chains.ref("c"))));
    }

    @Test
    void aPlannedJobIsRefusedOnceAnotherOverlayHasAppeared() throws IOException {
        image("base");
        overlay("s1", "base");
        overlay("active", "s1");
        Job job = Planner.plan(scan(), Policy.DEFAULT.withMaxDepth(1)).jobs().getFirst();
        Recheck recheck = new Recheck(scanner(storage), References.NONE, gate(storage));
        try (Qemu.Holder holder = new Qemu.Holder(p.resolve("active"))) {
            Awaitility.await().until(() -> node(scan(), "p/active").use() == Use.WRITTEN);
            assertThat(holder.isAlive()).isTrue();
            assertThat(recheck.problemWith(job, Policy.DEFAULT))
                    .as("who has it open is for the locks to tell")
                    .isEmpty();
        }

        overlay("other", "s1");

        assertThat(recheck.problemWith(job, Policy.DEFAULT))
                .map(Problem::reason)
                .contains(SkipReason.SHARED_BASE);
    }

    @Test
    void anImageThatCannotBeOpenedForWritingIsReadOnly() throws IOException {
        image("base");
        overlay("a", "base");

        Snapshot snapshot = scanner(new FailingStorage(storage, p.resolve("a"))).scan();

        assertThat(node(snapshot, "p/a").problem(SkipReason.READ_ONLY)).isPresent();
        assertThat(node(snapshot, "p/base").problem(SkipReason.READ_ONLY)).isEmpty();
        assertThat(snapshot.findings()).isEmpty();
    }

    @Test
    void aScanCanBeCancelled() throws IOException {
        image("base");
        Thread.currentThread().interrupt();

        assertThat(org.assertj.core.api.Assertions.catchThrowable(this::scan))
                .isInstanceOf(java.io.InterruptedIOException.class);
        assertThat(Thread.interrupted()).isTrue();
    }

    @Test
    void aScannedFleetIsPlannedFromWhatItsImagesOwn() throws IOException {
        image("base");
        Qemu.io(p.resolve("base"), "write 0 4M");
        overlay("s1", "base");
        Qemu.io(p.resolve("s1"), "write 1M 64k");
        overlay("active", "s1");
        Qemu.io(p.resolve("active"), "write 2M 128k");

        Plan plan = Planner.plan(scan(), Policy.DEFAULT.withMaxDepth(1));

        assertThat(plan.jobs()).singleElement().satisfies(job -> {
            assertThat(job.target()).isEqualTo(Chains.ref("base"));
            assertThat(job.replaces()).contains(Chains.ref("active"));
            assertThat(job.bytesToWrite()).isEqualTo(192 << 10);
        });
    }

    private static PoolConfig pool(String name, Path path, Optional<Path> hostPath, Optional<String> trustedFormat) {
        return new PoolConfig(new PoolName(name), path, hostPath, true, trustedFormat, Optional.empty());
    }

    private void image(String name) {
        Qemu.img("create", "-q", "-f", "qcow2", path(name), "8M");
    }

    private void overlay(String name, String backing) {
        Qemu.img("create", "-q", "-f", "qcow2", "-b", backing, "-F", "qcow2", path(name));
    }

    /** As it may stand in a header, whatever QEMU's tools think of it. */
    private void unchecked(String name, String backing) {
        Qemu.img("create", "-q", "-f", "qcow2", "-u", "-b", backing, "-F", "qcow2", path(name), "8M");
    }

    private String path(String name) {
        return p.resolve(name).toString();
    }

    /** Makes the backing format extension one that nobody knows. */
    private void forgetBackingFormat(String name) throws IOException {
        byte[] header = Files.readAllBytes(p.resolve(name));
        String text = new String(header, StandardCharsets.ISO_8859_1);
        int at = text.indexOf("\u00e2\u0079\u002a\u00ca");
        try (RandomAccessFile file = new RandomAccessFile(path(name), "rw")) {
            file.seek(at);
            file.writeInt(0x12345678);
        }
    }

    private Snapshot scan() throws IOException {
        return scanner(storage).scan();
    }

    private Scanner scanner(Storage on) throws IOException {
        return new Scanner(
                on, pools(on), gate(on), new HeadReader(on, InstantSource.system()), InstantSource.system(), 2);
    }

    private Pools pools(Storage on) throws IOException {
        return Pools.open(on, configs, Pools.MissingMarker.CREATE);
    }

    private PathGate gate(Storage on) throws IOException {
        return new PathGate(on, pools(on));
    }

    private static ImageNode node(Snapshot snapshot, String name) {
        return snapshot.forest().node(ImageRef.parse(name)).orElseThrow();
    }

    private static String tree(Snapshot snapshot, String root) {
        return ChainText.tree(
                snapshot.forest(), ImageRef.parse(root), n -> n.ref().path());
    }

    private static void assertClosed(Snapshot snapshot, String leaf, SkipReason reason) {
        assertThat(snapshot.forest().closed(Chains.ref("p/" + leaf)))
                .map(Problem::reason)
                .contains(reason);
    }
}
