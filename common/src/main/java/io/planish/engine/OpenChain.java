package io.planish.engine;

import io.planish.ErrorKind;
import io.planish.ImageException;
import io.planish.chain.ImageRef;
import io.planish.image.HeaderFile;
import io.planish.image.ImageChain;
import io.planish.image.Images;
import io.planish.image.Layer;
import io.planish.image.Qcow2Image;
import io.planish.image.RawImage;
import io.planish.qcow2.Backing;
import io.planish.qcow2.Header;
import io.planish.storage.ImageFile;
import io.planish.storage.PathGate;
import io.planish.storage.Pools;
import io.planish.storage.Resolution;
import java.io.IOException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * The layers of a job's chain over open, locked files, with their headers. A layer is taken for what the overlay above it records; the
 * top must be qcow2. Every link is followed through the path gate and must lead to the next file of the job.
 */
final class OpenChain {
    private final List<ImageRef> images;
    private final Map<ImageRef, Header> headers = new HashMap<>();
    private final List<Layer> layers = new ArrayList<>();

    /** Opens the layers from the top downwards. */
    static OpenChain open(List<ImageRef> images, OpenFiles files, PathGate gate, Pools pools) throws IOException {
        return open(images, "qcow2", files, gate, pools);
    }

    /** Opens the chain of a new backing file, whose format no overlay has recorded yet. */
    static OpenChain openBacking(List<ImageRef> images, OpenFiles files, PathGate gate, Pools pools)
            throws IOException {
        boolean raw = !images.isEmpty() && !HeaderFile.isQcow2(files.get(images.getLast()));
        return open(images, raw ? "raw" : "qcow2", files, gate, pools);
    }

    private static OpenChain open(List<ImageRef> images, String topFormat, OpenFiles files, PathGate gate, Pools pools)
            throws IOException {
        OpenChain chain = new OpenChain(images);
        Optional<String> format = Optional.of(topFormat);
        for (int i = images.size() - 1; i >= 0; i--) {
            ImageRef image = images.get(i);
            ImageFile file = files.get(image);
            Optional<ImageRef> below = i == 0 ? Optional.empty() : Optional.of(images.get(i - 1));
            if (format.orElseThrow().equals("raw")) {
                require(below.isEmpty(), file, "it is raw and can have no backing file");
                chain.layers.addFirst(new RawImage(file, image.toString()));
            } else {
                Qcow2Image layer = Qcow2Image.open(file, image.toString(), Images.cacheBytes(images.size()));
                Header header = layer.header();
                chain.headers.put(image, header);
                chain.layers.addFirst(layer);
                requireLink(gate, image, header, below, files);
                format = header.backing().flatMap(Backing::format).or(pools.get(image.pool())::trustedFormat);
                if (below.isPresent() && !format.equals(Optional.of("raw")) && !format.equals(Optional.of("qcow2"))) {
                    throw new ImageException(
                            ErrorKind.UNSUPPORTED_FEATURE,
                            image.toString(),
                            "the format of its backing file is " + format.orElse("not recorded"),
                            "only qcow2 and raw are handled; 'qemu-img rebase -u -F FORMAT' records one");
                }
            }
        }
        return chain;
    }

    private OpenChain(List<ImageRef> images) {
        this.images = images;
    }

    ImageChain view() {
        return new ImageChain(layers);
    }

    Layer layer(int index) {
        return layers.get(index);
    }

    /** The header of an image that is qcow2. */
    Header header(ImageRef image) {
        Header header = headers.get(image);
        if (header == null) {
            throw new IllegalStateException(image + " is not qcow2");
        }
        return header;
    }

    boolean isQcow2(ImageRef image) {
        return headers.containsKey(image);
    }

    List<ImageRef> images() {
        return images;
    }

    private static void requireLink(
            PathGate gate, ImageRef image, Header header, Optional<ImageRef> below, OpenFiles files)
            throws IOException {
        Optional<Resolution.Inside> found = Optional.empty();
        if (header.backing().isPresent()) {
            found = switch (gate.resolveBacking(image, header.backing().get().name())) {
                case Resolution.Inside inside -> Optional.of(inside);
                case Resolution.Missing missing ->
                    throw new ImageException(
                            ErrorKind.MISSING,
                            image.toString(),
                            missing.what(),
                            "restore the file, or rebase the image");
                case Resolution.Refused refused ->
                    throw new ImageException(
                            ErrorKind.OUTSIDE_ROOTS,
                            image.toString(),
                            refused.why(),
                            "nothing outside the pools is opened");
            };
        }
        boolean asPlanned = found.isPresent() && below.isPresent()
                ? files.isAt(below.get(), found.get().path())
                : found.isEmpty() && below.isEmpty();
        require(
                asPlanned,
                files.get(image),
                "its backing file is "
                        + found.map(inside -> inside.ref().toString()).orElse("none") + ", planned with "
                        + below.map(ImageRef::toString).orElse("none"));
    }

    private static void require(boolean holds, ImageFile file, String what) throws ImageException {
        if (!holds) {
            throw new ImageException(ErrorKind.CHANGED_UNDERNEATH, file.path().toString(), what, "plan again");
        }
    }
}
