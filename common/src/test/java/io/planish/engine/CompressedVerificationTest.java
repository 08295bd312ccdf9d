package io.planish.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.planish.image.HeaderFile;
import io.planish.image.ImageChain;
import io.planish.image.Qcow2Image;
import io.planish.image.Qcow2Writer;
import io.planish.merge.Group;
import io.planish.merge.MergeSteps;
import io.planish.merge.Step;
import io.planish.qcow2.CompressedDescriptor;
import io.planish.qcow2.Header;
import io.planish.qcow2.L1Entry;
import io.planish.storage.ImageFile;
import io.planish.storage.LinuxStorage;
import io.planish.storage.Storage.OpenMode;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What went wrong with a compressed cluster on its way into the target is noticed before anything relies on it. */
class CompressedVerificationTest {
    private static final int CLUSTER = 4096;

    @TempDir
    Path folder;

    interface Accident {
        void happen(ImageFile target, Header header) throws IOException;
    }

    @ParameterizedTest
    @ValueSource(strings = {"zlib", "zstd"})
    void whatWasCopiedRightIsFoundRight(String type) throws IOException {
        verifyAfter(type, (target, header) -> {});
    }

    @ParameterizedTest
    @ValueSource(strings = {"zlib", "zstd"})
    void aFlippedBitInAStreamIsFound(String type) {
        assertNoticed(type, (target, header) -> {
            long offset =
                    CompressedDescriptor.decode(entry(target, header, 5), 12).hostOffset() + 20;
            ByteBuffer one = ByteBuffer.allocate(1);
            target.read(one, offset);
            target.write(one.put(0, (byte) (one.get(0) ^ 4)).clear(), offset);
        });
    }

    @ParameterizedTest
    @ValueSource(strings = {"zlib", "zstd"})
    void swappedEntriesAreFound(String type) {
        assertNoticed(type, (target, header) -> {
            long third = entry(target, header, 3);
            setEntry(target, header, 3, entry(target, header, 6));
            setEntry(target, header, 6, third);
        });
    }

    @ParameterizedTest
    @ValueSource(strings = {"zlib", "zstd"})
    void aStreamThatTheEntryCutsOffIsFound(String type) {
        assertNoticed(type, (target, header) -> {
            CompressedDescriptor whole = CompressedDescriptor.decode(entry(target, header, 7), 12);
            assertThat(whole.additionalSectors()).isPositive();
            setEntry(
                    target,
                    header,
                    7,
                    1L << 62 | new CompressedDescriptor(whole.hostOffset(), whole.additionalSectors() - 1).encode(12));
        });
    }

    @ParameterizedTest
    @ValueSource(strings = {"zlib", "zstd"})
    void anEntryThatIsNotThereIsFound(String type) {
        assertNoticed(type, (target, header) -> setEntry(target, header, 2, 0));
    }

    private void assertNoticed(String type, Accident accident) {
        assertThatThrownBy(() -> verifyAfter(type, accident))
                .hasMessageMatching("(?s).*(verification failed|compressed cluster).*");
    }

    private void verifyAfter(String type, Accident accident) throws IOException {
        Images images = new Images(folder);
        String options = "cluster_size=4k,compression_type=" + type;
        images.make("base", "", "64k", options, "write -c -s " + images.text() + " 0 64k");
        images.make("active", "base", "64k", options);
        LinuxStorage storage = new LinuxStorage();
        try (ImageFile base = storage.open(folder.resolve("base"), OpenMode.READ);
                ImageFile active = storage.open(folder.resolve("active"), OpenMode.READ_WRITE);
                Helpers helpers = new Helpers(0, "test-")) {
            Header header = HeaderFile.read(active);
            ImageChain chain = chain(base, active);
            Qcow2Writer writer = Qcow2Writer.open(active, header);
            MergeBatch batch = new MergeBatch(chain, active, writer, new Copies(active, helpers), false);
            MergeSteps steps =
                    new MergeSteps(chain, new Group(0, 1, 1, CLUSTER, true), chain.virtualSizeBytes(1), false);
            for (long at = 0; at < steps.endOffset(); ) {
                Step step = steps.at(at, 1 << 20);
                batch.apply(step);
                at += step.lengthBytes();
            }
            List<MergeBatch.Written> written = batch.takeWritten();
            writer.prepare();
            BatchVerifier.verifyPlan(active, writer, written);
            List<MergeBatch.Written> swapped = new ArrayList<>(written);
            swapped.set(1, movedTo(written.get(1), written.get(2)));
            assertThatThrownBy(() -> BatchVerifier.verifyPlan(active, writer, swapped))
                    .hasMessageContaining("the tables would lead elsewhere");
            writer.flush();
            assertThat(written).hasSize(16).allMatch(MergeBatch.Written::isCompressed);
            accident.happen(active, header);
            BatchVerifier verifier = new BatchVerifier(chain(base, active));
            verifier.verifyData(active, written);
            BatchVerifier.verifyTables(Qcow2Image.open(active, "active", 1 << 16), written);
        }
    }

    private static MergeBatch.Written movedTo(MergeBatch.Written one, MergeBatch.Written other) {
        return new MergeBatch.Written(one.piece(), other.hostOffset(), false, one.streamBytes());
    }

    private static ImageChain chain(ImageFile base, ImageFile active) throws IOException {
        return new ImageChain(
                List.of(Qcow2Image.open(base, "base", 1 << 16), Qcow2Image.open(active, "active", 1 << 16)));
    }

    private static long entry(ImageFile file, Header header, int cluster) throws IOException {
        return word(file, l2(file, header) + cluster * 8L);
    }

    private static void setEntry(ImageFile file, Header header, int cluster, long entry) throws IOException {
        file.write(ByteBuffer.allocate(8).putLong(entry).flip(), l2(file, header) + cluster * 8L);
    }

    private static long l2(ImageFile file, Header header) throws IOException {
        return L1Entry.l2Offset(word(file, header.l1Offset()));
    }

    private static long word(ImageFile file, long offset) throws IOException {
        ByteBuffer word = ByteBuffer.allocate(8);
        file.read(word, offset);
        return word.getLong(0);
    }
}
