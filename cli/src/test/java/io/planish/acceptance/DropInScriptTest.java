package io.planish.acceptance;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A script that calls {@code qemu-img} cannot tell whose {@code commit} and {@code rebase} it got, by anything it can look at. */
class DropInScriptTest {
    /** Says what each call printed and how it exited; images called {@code gone} are never there. */
    private static final String SCRIPT = """
            img() { # folder
              mkdir -p $1/sub
              (cd $1 &&
              qemu-img create -q -f qcow2 base.qcow2 1M && qemu-io -f qcow2 -c 'write -P 1 0 1M' base.qcow2 &&
              qemu-img create -q -f qcow2 -b base.qcow2 -F qcow2 s1.qcow2 && qemu-io -f qcow2 -c 'write -P 2 200k 300k' s1.qcow2 &&
              qemu-img create -q -f qcow2 -b s1.qcow2 -F qcow2 top.qcow2 ${2:-1M} &&
              qemu-io -f qcow2 -c 'write -P 3 400k 70k' -c 'write -z 640k 64k' top.qcow2) >/dev/null
            }
            call() { echo "\\$ $*"; "$@" 2>err | tr '\\r' '\\n' | grep -v '/100%' | grep . ; echo "said $(test -s err && echo something)"; }
            status() { "$@" >/dev/null 2>&1; echo "$* exits $?"; }
            q=qemu-img
            img c1; call $q commit c1/top.qcow2
            img c2; call $q commit -d -q c2/top.qcow2
            img c3; call $q commit -b base.qcow2 c3/top.qcow2
            img c4; call $q commit -b $PWD/c4/base.qcow2 c4/top.qcow2
            img c5; status $q commit -b c5/base.qcow2 c5/top.qcow2
            img c6; call $q commit -p -t none -r 100M -f qcow2 c6/top.qcow2
            img c7; status $q commit -t bogus c7/top.qcow2; status $q commit c7/base.qcow2; status $q commit c7/gone.qcow2
            img c8 2M; (cd c8/sub && call $q commit ../top.qcow2)
            img c9; (cd c9/sub && call $q commit -d -b ../c9/s1.qcow2 ../top.qcow2)
            mkdir r0; qemu-img create -q -f raw r0/base.raw 700k; qemu-img create -q -f qcow2 -b base.raw -F raw r0/top.qcow2 1M
            qemu-io -f qcow2 -c 'write -P 7 600k 300k' r0/top.qcow2 >/dev/null; call $q commit r0/top.qcow2
            img r1; call $q rebase -b base.qcow2 -F qcow2 r1/top.qcow2
            img r2; call $q rebase -T none -t none -U -b $PWD/r2/base.qcow2 -F qcow2 r2/top.qcow2
            img r3; status $q rebase -b base.qcow2 r3/top.qcow2; status $q rebase -u -b gone.qcow2 r3/top.qcow2
            status $q rebase r3/top.qcow2; status $q rebase -b gone.qcow2 -F qcow2 r3/top.qcow2
            img r4; call $q rebase -u -b ../gone.qcow2 -F qcow2 r4/top.qcow2
            img r5; call $q rebase -b '' -p r5/top.qcow2
            img r6; call $q rebase -u r6/top.qcow2
            img r7; qemu-img create -q -f qcow2 r7/sub/new.qcow2 2M; qemu-io -f qcow2 -c 'write -P 9 100k 900k' r7/sub/new.qcow2 >/dev/null
            (cd r7/sub && call $q rebase -b sub/new.qcow2 -F qcow2 ../top.qcow2)
            img r8; mv r8/base.qcow2 r8/sub/b.qcow2; call $q rebase -u -b sub/b.qcow2 -F qcow2 r8/s1.qcow2
            img r9; status $q rebase -b base.qcow2 -F bogus r9/top.qcow2; call $q rebase -u -F raw -b base.qcow2 r9/top.qcow2
            rm err
            """;

    @TempDir
    Path dir;

    @Test
    void theSameScriptLeavesTheSameImages() throws IOException {
        Path theirs = Files.createDirectory(dir.resolve("theirs"));
        Path ours = Files.createDirectory(dir.resolve("ours"));
        Qemu.Result original = Qemu.shell("cd " + theirs + "\n" + SCRIPT);
        Qemu.Result replaced = Qemu.shell("cd " + ours + "\nexport PATH=" + wrapper() + ":$PATH\n" + SCRIPT);

        assertThat(replaced.out().replace(ours.toString(), theirs.toString())).isEqualTo(original.out());
        assertThat(original.out()).contains("Image committed.", "exits 1");
        List<Path> images = filesOf(theirs);
        assertThat(filesOf(ours)).isEqualTo(images);
        for (Path image : images) {
            assertSame(image, theirs.resolve(image), ours.resolve(image));
        }
        for (String committed : List.of("c1", "c2", "c3", "c4", "c6", "c8", "c9")) {
            assertThat(ownBytes(ours.resolve(committed).resolve("top.qcow2")))
                    .as("what %s/top.qcow2 holds itself", committed)
                    .isEqualTo(ownBytes(theirs.resolve(committed).resolve("top.qcow2")));
        }
    }

    private static void assertSame(Path image, Path theirs, Path ours) {
        String format = image.toString().endsWith(".raw") ? "raw" : "qcow2";
        JsonNode expected = info(theirs, format);
        JsonNode found = info(ours, format);
        for (String field : List.of("virtual-size", "format", "backing-filename", "backing-filename-format")) {
            assertThat(found.path(field).asText().replace("/ours/", "/theirs/"))
                    .as("%s: %s", image, field)
                    .isEqualTo(expected.path(field).asText());
        }
        if (format.equals("qcow2")) {
            Qemu.Result check = Qemu.run("qemu-img", "check", ours);
            assertThat(check.exit())
                    .as(image + check.out())
                    .isEqualTo(Qemu.run("qemu-img", "check", theirs).exit());
        }
        if (!expected.path("backing-filename").asText().contains("gone")) {
            Qemu.Result compared = Qemu.run("qemu-img", "compare", "-f", format, "-F", format, theirs, ours);
            assertThat(compared.exit())
                    .as(image + ": " + compared.out() + compared.err())
                    .isZero();
        }
    }

    private static JsonNode info(Path image, String format) {
        return Qemu.json(Qemu.img("info", "--output=json", "-f", format, image));
    }

    private static long ownBytes(Path image) {
        long bytes = 0;
        for (JsonNode extent : Qemu.json(Qemu.img("map", "--output=json", image))) {
            bytes += extent.path("depth").asInt() == 0 ? extent.path("length").asLong() : 0;
        }
        return bytes;
    }

    private static List<Path> filesOf(Path folder) throws IOException {
        try (var files = Files.walk(folder)) {
            return files.filter(file -> file.toString().endsWith(".qcow2")
                            || file.toString().endsWith(".raw"))
                    .map(folder::relativize)
                    .sorted()
                    .toList();
        }
    }

    /** A folder with a {@code qemu-img} that is ours for two of its commands. */
    private Path wrapper() throws IOException {
        Path bin = Files.createDirectory(dir.resolve("bin"));
        String ours = LaunchedCli.command(Files.createDirectory(dir.resolve("state"))).stream()
                .map(word -> "'" + word + "'")
                .collect(Collectors.joining(" "));
        Path wrapper = bin.resolve("qemu-img");
        Files.writeString(
                wrapper,
                "#!/bin/sh\ncase $1 in\n  commit | rebase) exec " + ours
                        + " \"$@\" ;;\n  *) PATH=${PATH#*:} exec qemu-img \"$@\" ;;\nesac\n");
        assertThat(wrapper.toFile().setExecutable(true)).isTrue();
        return bin;
    }
}
