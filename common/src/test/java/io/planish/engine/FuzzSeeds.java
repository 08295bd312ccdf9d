package io.planish.engine;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.List;
import java.util.zip.Deflater;

/** Small images of many kinds, made by QEMU's tools, for a fuzzer to start from. */
final class FuzzSeeds {
    private static final List<String> OPTIONS = List.of(
            "cluster_size=512",
            "cluster_size=512,compat=0.10",
            "cluster_size=1k,refcount_bits=1",
            "cluster_size=512,refcount_bits=64,lazy_refcounts=on",
            "cluster_size=2k,compression_type=zstd",
            "cluster_size=4k,preallocation=metadata",
            "cluster_size=16k,extended_l2=on");

    private FuzzSeeds() {}

    /** Fills a corpus, and a folder of partners for {@link ImageFuzzer#PARTNERS}. */
    static void make(Path corpus, Path partners) throws IOException {
        Files.createDirectories(corpus);
        Images partner = new Images(Files.createDirectories(partners));
        partner.make("base", "", "48k", "cluster_size=512", "write -P 1 0 3k", "write -P 2 40k 1k");
        partner.make("image", "", "64k", "cluster_size=512");
        partner.make("over", "image", "64k", "cluster_size=1k", "write -P 3 2k 2k", "write -z 40k 1k");
        Images images = new Images(Files.createDirectories(partners.resolve("made")));
        int number = 0;
        for (String options : OPTIONS) {
            for (String backing : List.of("", "base")) {
                if (!backing.isEmpty() && options.contains("preallocation")) {
                    continue;
                }
                String name = "seed-" + number++;
                if (!backing.isEmpty()) {
                    Files.copy(
                            partners.resolve("base"),
                            partners.resolve("made").resolve("base"),
                            StandardCopyOption.REPLACE_EXISTING);
                }
                Path image = images.make(name, backing, "64k", options, writes(options));
                if (number % 3 == 0 && !options.contains("refcount_bits=1")) {
                    Images.run(List.of("qemu-img", "snapshot", "-c", "one", image.toString()));
                }
                if (number % 4 == 1 && !options.contains("0.10")) {
                    Images.run(List.of("qemu-img", "bitmap", "--add", "-g", "4k", image.toString(), "bits"));
                }
                byte[] content = Files.readAllBytes(image);
                for (int mode = 2; mode < ImageFuzzer.MODES; mode++) {
                    write(corpus.resolve(name + "-" + mode), mode, content);
                }
            }
        }
        write(corpus.resolve("deflate"), 0, deflated());
        write(corpus.resolve("zstd"), 1, new byte[] {
            0x28, (byte) 0xb5, 0x2f, (byte) 0xfd, 0x60, 0, 0x0f, 0x4d, 0, 0, 0x10, 1, 1, 1, 0, (byte) 0xfb, 0x1f, 0, 2
        });
    }

    private static String[] writes(String options) {
        boolean plain = options.contains("extended") || options.contains("preallocation");
        String compressed = plain ? "write -P 9 32k 16k" : "write -c -P 9 32k 4k";
        return new String[] {compressed, "write -P 5 1k 2k", "write -z 8k 4k", "write -P 6 60k 4k"};
    }

    private static byte[] deflated() {
        Deflater deflater = new Deflater(Deflater.DEFAULT_COMPRESSION, true);
        deflater.setInput(new byte[4096]);
        deflater.finish();
        byte[] stream = new byte[64];
        deflater.deflate(stream);
        deflater.end();
        return stream;
    }

    private static void write(Path path, int mode, byte[] content) throws IOException {
        byte[] input = new byte[content.length + 1];
        input[0] = (byte) mode;
        System.arraycopy(content, 0, input, 1, content.length);
        Files.write(path, input);
    }
}
