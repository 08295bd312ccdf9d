package io.planish.storage;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.planish.ErrorKind;
import io.planish.ImageException;
import io.planish.chain.ImageRef;
import io.planish.chain.PoolName;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@Timeout(60)
class PathGateTest {
    private final Storage storage = new LinuxStorage();

    @TempDir
    Path temp;

    private Path near;
    private Path far;
    private PathGate gate;

    /** Pool near is seen by hypervisors where it is; pool far is mounted elsewhere than there. */
    @BeforeEach
    void makePools() throws IOException {
        Path top = temp.toRealPath();
        near = Files.createDirectories(top.resolve("near"));
        far = Files.createDirectories(top.resolve("mnt/far"));
        file(near.resolve("base"));
        file(near.resolve("vm/a"));
        file(far.resolve("base"));
        file(far.resolve("vm/b"));
        file(top.resolve("outside"));
        gate = gate(near, Path.of("/vm/far"));
    }

    /** JUnit warns of each one that leads out of its folder. */
    @AfterEach
    void removeLinks() throws IOException {
        try (Stream<Path> all = Files.walk(temp)) {
            for (Path link : all.filter(Files::isSymbolicLink).toList()) {
                Files.delete(link);
            }
        }
    }

    private PathGate gate(Path nearHostPath, Path farHostPath) {
        return new PathGate(
                storage, Pools.of(List.of(pool("near", near, nearHostPath), pool("far", far, farHostPath))));
    }

    private static Pool pool(String name, Path root, Path hostPath) {
        return new Pool(new PoolName(name), "id-" + name, root, hostPath, false, Optional.empty());
    }

    private static void file(Path path) throws IOException {
        Files.createDirectories(path.getParent());
        Files.writeString(path, "x");
    }

    private static ImageRef ref(String text) {
        return ImageRef.parse(text);
    }

    private Resolution resolve(String overlay, String name) throws IOException {
        return gate.resolveBacking(ref(overlay), name);
    }

    private void assertLeadsTo(String expected, String overlay, String name) throws IOException {
        ImageRef ref = ref(expected);
        Path root = ref.pool().value().equals("near") ? near : far;
        assertThat(resolve(overlay, name)).isEqualTo(new Resolution.Inside(ref, root.resolve(ref.path())));
    }

    @Test
    void relativeNamesCountFromTheOverlaysFolder() throws IOException {
        file(near.resolve("vm/base"));

        assertLeadsTo("near/vm/base", "near/vm/a", "base");
        assertLeadsTo("near/vm/base", "near/vm/a", "./base");
        assertLeadsTo("near/base", "near/vm/a", "../base");
        assertLeadsTo("near/base", "near/vm/a", "..//vm/.././base");
        assertLeadsTo("far/vm/b", "far/base", "vm/b");
    }

    @Test
    void absoluteNamesAreTheHypervisors() throws IOException {
        assertLeadsTo("far/base", "far/vm/b", "/vm/far/base");
        assertLeadsTo("far/base", "near/vm/a", "/vm/far/vm/../base");
        assertLeadsTo("near/base", "far/vm/b", near + "/base");
        assertThat(resolve("far/vm/b", far + "/base")).isInstanceOf(Resolution.Refused.class);
    }

    @Test
    void aRelativeNameMayLeadFromPoolToPoolAsHypervisorsSeeThem() throws IOException {
        gate = gate(Path.of("/pools/near"), Path.of("/pools/far"));

        assertLeadsTo("far/base", "near/vm/a", "../../far/base");
        assertThat(resolve("near/vm/a", "../../mnt/far/base")).isInstanceOf(Resolution.Refused.class);
    }

    @Test
    void aPoolWhoseHostPathLiesInAnotherWins() throws IOException {
        gate = gate(Path.of("/pools"), Path.of("/pools/deep/far"));

        assertLeadsTo("far/base", "near/vm/a", "/pools/deep/far/base");
        assertLeadsTo("near/base", "near/vm/a", "/pools/base");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "json:{\"driver\":\"file\",\"filename\":\"/etc/passwd\"}",
                "json:{}",
                "nbd:localhost:10809",
                "nbd://localhost/x",
                "http://169.254.169.254/latest/meta-data",
                "https:x",
                "rbd:pool/image",
                "ssh://root@host/etc/shadow",
                "file:/etc/passwd",
                "file:base",
                "host_device:/dev/sda",
                "fat:rw:/etc",
                "a:b",
                "/etc/passwd",
                "/dev/sda",
                "/dev/fdset/1",
                "/proc/self/fd/3",
                "/proc/self/environ",
                "/",
                "//etc/passwd",
                "/vm/far/../../etc/passwd",
                "/vm/farther/base",
                "../../outside",
                "../../../../../../../../../../etc/passwd",
                "..",
                ".",
                "../vm",
                "",
                "base\0/etc/passwd",
                "link-to-passwd",
                "link-out/outside",
                "link-up/outside",
                "hop1",
                "loop"
            })
    void whatLeadsOutOfThePoolsIsRefused(String name) throws IOException {
        Path folder = near.resolve("vm");
        Files.createSymbolicLink(folder.resolve("link-to-passwd"), Path.of("/etc/passwd"));
        Files.createSymbolicLink(folder.resolve("link-out"), near.resolveSibling("."));
        Files.createSymbolicLink(folder.resolve("link-up"), Path.of("../.."));
        Files.createSymbolicLink(folder.resolve("hop1"), Path.of("hop2"));
        Files.createSymbolicLink(folder.resolve("hop2"), Path.of("/etc/hostname"));
        Files.createSymbolicLink(folder.resolve("loop"), Path.of("loop"));

        assertThat(resolve("near/vm/a", name)).isInstanceOf(Resolution.Refused.class);
    }

    @Test
    void nothingOutsideIsLookedAt() throws IOException {
        Files.createSymbolicLink(near.resolve("vm/out"), Path.of("/srv/hung-mount"));
        List<Path> seen = new ArrayList<>();
        Storage watched = new ForwardingStatus(storage, seen);
        gate = new PathGate(watched, Pools.of(List.of(pool("near", near, near))));

        resolve("near/vm/a", "out/x");
        resolve("near/vm/a", "/etc/../srv/x");
        resolve("near/vm/a", "../../outside");
        resolve("near/vm/a", "../base");

        assertThat(seen)
                .contains(near.resolve("base"))
                .allSatisfy(path -> assertThat(path).startsWithRaw(near));
    }

    @Test
    void whatIsNotThereIsMissing() throws IOException {
        assertThat(resolve("near/vm/a", "gone")).isEqualTo(new Resolution.Missing("does not exist: no near/vm/gone"));
        assertThat(resolve("near/vm/a", "gone/../a")).isInstanceOf(Resolution.Missing.class);
        assertThat(resolve("near/vm/a", "a/")).isInstanceOf(Resolution.Missing.class);
        assertThat(resolve("near/vm/a", "a/../a")).isInstanceOf(Resolution.Missing.class);
        assertThat(resolve("near/vm/a", "/vm/far/gone\n"))
                .isInstanceOfSatisfying(
                        Resolution.Missing.class, m -> assertThat(m.what()).endsWith("far/gone?"));
    }

    @Test
    void symbolicLinksAreFollowedWithinThePoolsAsHypervisorsWould() throws IOException {
        Files.createSymbolicLink(near.resolve("vm/link"), Path.of("../base"));
        Files.createSymbolicLink(near.resolve("vms"), near.resolve("vm"));
        Files.createSymbolicLink(far.resolve("vm/link"), Path.of("/vm/far/base"));
        Files.createSymbolicLink(far.resolve("vm/local"), far.resolve("base"));

        assertLeadsTo("near/base", "near/vm/a", "link");
        assertLeadsTo("near/base", "near/base", "vms/link");
        assertLeadsTo("near/base", "near/base", "vms/../base");
        assertLeadsTo("far/base", "far/vm/b", "link");
        assertThat(resolve("far/vm/b", "local")).isInstanceOf(Resolution.Refused.class);
        assertThat(gate.locate(ref("near/vms/link"))).isEqualTo(near.resolve("base"));
    }

    @Test
    void aPoolConfiguredByASymbolicLinkIsNamedEitherWay() throws IOException {
        Path alias = Files.createSymbolicLink(temp.toRealPath().resolve("alias"), near);
        gate = gate(alias, Path.of("/vm/far"));

        assertLeadsTo("near/base", "near/vm/a", alias + "/base");
        assertLeadsTo("near/base", "near/vm/a", near + "/base");
        assertThat(gate.backingName(ref("near/vm/a"), ref("near/base"), near + "/x"))
                .isEqualTo(alias + "/base");
    }

    @Test
    void anImageIsFoundAndNamed() throws IOException {
        assertThat(gate.locate(ref("far/vm/b"))).isEqualTo(far.resolve("vm/b"));
        assertThat(gate.refOf(far.resolve("vm/b"))).contains(ref("far/vm/b"));
        assertThat(gate.refOf(far)).isEmpty();
        assertThat(gate.refOf(Path.of("/etc/passwd"))).isEmpty();
        assertThatThrownBy(() -> gate.locate(ref("far/gone")))
                .isInstanceOfSatisfying(
                        ImageException.class, e -> assertThat(e.kind()).isEqualTo(ErrorKind.MISSING));
        assertThatThrownBy(() -> gate.locate(ref("other/a")))
                .isInstanceOfSatisfying(
                        ImageException.class, e -> assertThat(e.kind()).isEqualTo(ErrorKind.OUTSIDE_ROOTS));
    }

    @Test
    void newBackingNamesKeepTheFormOfTheOldOnes() throws IOException {
        assertThat(gate.backingName(ref("far/vm/b"), ref("far/base"), "/vm/far/x"))
                .isEqualTo("/vm/far/base");
        assertThat(gate.backingName(ref("far/vm/b"), ref("far/base"), "x")).isEqualTo("../base");
        assertThat(gate.backingName(ref("far/vm/b"), ref("far/vm/c"), "x")).isEqualTo("c");
        assertThat(gate.backingName(ref("far/vm/b"), ref("far/vm/c:1"), "x")).isEqualTo("./c:1");
        assertThat(gate.backingName(ref("near/vm/a"), ref("far/base"), "/x")).isEqualTo("/vm/far/base");
        assertLeadsTo("far/base", "near/vm/a", gate.backingName(ref("near/vm/a"), ref("far/base"), "x"));
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void onOneMachineNamesLeadWhereTheKernelLeads(boolean linksOutside) throws IOException {
        long seed = Long.getLong("planish.seed", 20_261_123);
        Random random = new Random(seed);
        Path top = temp.toRealPath();
        Pools pools = Pools.of(List.of(pool("near", near, near), pool("far", far, far)));
        gate = linksOutside ? PathGate.ofThisMachine(storage, pools) : new PathGate(storage, pools);
        List<Path> linked = new ArrayList<>(List.of(near, near.resolve("vm"), far, far.resolve("vm")));
        if (linksOutside) {
            linked.addAll(List.of(top, top.resolve("mnt")));
        }
        Path cwd = near.resolve("vm");
        String[] words = {"..", ".", "", "vm", "base", "a", "b", "near", "mnt", "far", "l0", "l1", "l2", "l3", "gone"};
        for (String word : words) {
            // outside of the pools the gate does not look what is there: let there be something, as the kernel wants
            if (!linksOutside || !word.matches("l\\d")) {
                Files.createDirectories(top.resolve(word));
            }
        }
        for (int round = 0; round < 40; round++) {
            for (int link = 0; link < 4; link++) {
                for (Path folder : linked) {
                    Path name = folder.resolve("l" + link);
                    Files.deleteIfExists(name);
                    Files.createSymbolicLink(name, Path.of(randomName(random, words, top)));
                }
            }
            for (int i = 0; i < 100; i++) {
                String name = randomName(random, words, top);
                Resolution ours = resolve("near/vm/a", name);
                Optional<Path> kernels = kernelsPath(cwd, name);

                assertThat(agrees(ours, kernels))
                        .as("seed %d: %s leads to %s, for the kernel to %s", seed, name, ours, kernels)
                        .isTrue();
            }
        }
    }

    private static String randomName(Random random, String[] words, Path top) {
        StringBuilder name = new StringBuilder(random.nextInt(4) == 0 ? top + "/" : "");
        for (int n = random.nextInt(5); n >= 0; n--) {
            name.append(words[random.nextInt(words.length)]).append(n > 0 ? "/" : "");
        }
        return name.isEmpty() ? "a" : name.toString();
    }

    private static Optional<Path> kernelsPath(Path folder, String name) throws IOException {
        String whole = name.startsWith("/") ? name : folder + "/" + name;
        long fd = Libc.call(
                Syscall.OPENAT, Descriptors.CURRENT_FOLDER, Libc.scratch().name(whole), Descriptors.NAME_ONLY);
        if (fd < 0) {
            return Optional.empty();
        }
        Path found = Files.readSymbolicLink(Path.of("/proc/self/fd/" + fd));
        Descriptors.close((int) fd);
        return Optional.of(found);
    }

    private boolean agrees(Resolution ours, Optional<Path> kernels) {
        return switch (ours) {
            case Resolution.Inside inside -> kernels.equals(Optional.of(inside.path()));
            case Resolution.Missing missing -> kernels.isEmpty();
            case Resolution.Refused refused ->
                kernels.isEmpty() || gate.refOf(kernels.get()).isEmpty() || Files.isDirectory(kernels.get());
        };
    }

    @Test
    void everyNewBackingNameLeadsBackToItsImage() throws IOException {
        long seed = System.nanoTime();
        Random random = new Random(seed);
        String[] files = {"base", "x/y/z", "x/c:1", "vm/a", "vm/b", "d"};
        for (String name : files) {
            file(near.resolve(name));
            file(far.resolve(name));
        }
        List<Path> hostPaths = List.of(Path.of("/p/far"), Path.of("/p"), Path.of("/q/r/s"), near.resolve("deep"), far);
        for (int i = 0; i < 2000; i++) {
            gate = gate(random.nextBoolean() ? near : Path.of("/p/near"), hostPaths.get(random.nextInt(5)));
            ImageRef overlay = randomRef(random, files);
            ImageRef backing = randomRef(random, files);
            String old = random.nextBoolean() ? "/x/y" : "y";

            String name = gate.backingName(overlay, backing, old);

            assertThat(name.startsWith("/")).isEqualTo(old.startsWith("/"));
            assertThat(gate.resolveBacking(overlay, name))
                    .as("seed %d: %s in %s", seed, name, overlay)
                    .isEqualTo(new Resolution.Inside(backing, gate.locate(backing)));
        }
    }

    private static ImageRef randomRef(Random random, String[] files) {
        return ref((random.nextBoolean() ? "near/" : "far/") + files[random.nextInt(files.length)]);
    }
}
