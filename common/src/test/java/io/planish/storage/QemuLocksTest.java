package io.planish.storage;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.planish.storage.ImageFile.LockConflict;
import io.planish.storage.ImageFile.LockMode;
import io.planish.storage.Storage.OpenMode;
import java.io.IOException;
import java.nio.file.Path;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class QemuLocksTest {
    private final Storage storage = new LinuxStorage();

    @TempDir
    Path folder;

    private Path image;

    @BeforeEach
    void makeImage() throws IOException {
        image = folder.toRealPath().resolve("a.qcow2");
        Qemu.img("create", "-q", "-f", "qcow2", image.toString(), "1M");
    }

    private ImageFile open() throws IOException {
        return storage.open(image, OpenMode.READ_WRITE);
    }

    private Qemu.Holder holder(String... options) throws IOException {
        Qemu.Holder holder = new Qemu.Holder(image, options);
        try (ImageFile file = open()) {
            await().until(() -> file.probeLock(LockMode.WRITE).isPresent());
        }
        return holder;
    }

    @Test
    void qemuCannotWriteNorReadWhatIsLockedForWriting() throws IOException {
        try (ImageFile file = open()) {
            assertThat(file.tryLock(LockMode.WRITE)).isEmpty();

            Qemu.Result write = Qemu.io(image, "write 0 4k");
            Qemu.Result read = Qemu.run("qemu-img", "info", image.toString());

            assertThat(write.exit()).isNotZero();
            assertThat(write.output()).contains("lock");
            assertThat(read.exit()).isNotZero();
            assertThat(read.output()).contains("lock");
        }
        assertThat(Qemu.io(image, "write 0 4k").exit()).isZero();
    }

    @Test
    void qemuReadsButCannotWriteWhatIsLockedForReading() throws IOException {
        try (ImageFile file = open()) {
            assertThat(file.tryLock(LockMode.READ)).isEmpty();

            assertThat(Qemu.io(image, "write 0 4k").output()).contains("lock");
            assertThat(Qemu.run("qemu-img", "info", image.toString()).exit()).isZero();
        }
    }

    @Test
    void aRunningQemuKeepsUsFromReadingAndWriting() throws IOException {
        try (Qemu.Holder qemu = holder();
                ImageFile file = open()) {
            assertThat(file.probeLock(LockMode.WRITE)).contains(LockConflict.OTHER);
            assertThat(file.tryLock(LockMode.WRITE)).contains(LockConflict.OTHER);
            assertThat(file.tryLock(LockMode.READ)).contains(LockConflict.OTHER);
            assertThat(qemu.isAlive()).isTrue();
        }
        try (ImageFile file = open()) {
            assertThat(file.tryLock(LockMode.WRITE)).isEmpty();
        }
    }

    @Test
    void weReadBesideAQemuThatOnlyReads() throws IOException {
        try (Qemu.Holder qemu = holder("-r");
                ImageFile file = open()) {
            assertThat(file.tryLock(LockMode.WRITE)).contains(LockConflict.OTHER);
            assertThat(file.tryLock(LockMode.READ)).isEmpty();
            assertThat(qemu.isAlive()).isTrue();
        }
    }

    @Test
    void aBackingFileOfAnOpenOverlayIsReadableToUsButNotWritable() throws IOException {
        Path overlay = image.resolveSibling("b.qcow2");
        Qemu.img("create", "-q", "-f", "qcow2", "-b", image.toString(), "-F", "qcow2", overlay.toString());
        try (Qemu.Holder qemu = new Qemu.Holder(overlay);
                ImageFile file = open()) {
            await().until(() -> file.probeLock(LockMode.WRITE).isPresent());
            assertThat(file.tryLock(LockMode.WRITE)).contains(LockConflict.OTHER);
            assertThat(file.tryLock(LockMode.READ)).isEmpty();
            assertThat(qemu.isAlive()).isTrue();
        }
    }

    @Test
    void whatWasRefusedLeavesNoLockBehind() throws IOException {
        try (Qemu.Holder qemu = holder("-r");
                ImageFile file = open()) {
            assertThat(file.tryLock(LockMode.WRITE)).contains(LockConflict.OTHER);
            assertThat(qemu.isAlive()).isTrue();
            assertThat(Qemu.run("qemu-img", "info", image.toString()).exit()).isZero();
            try (ImageFile second = open()) {
                assertThat(second.probeLock(LockMode.WRITE)).contains(LockConflict.OTHER);
            }
        }
    }

    @Test
    void anotherAttemptIsToldFromAHypervisor() throws IOException {
        try (ImageFile first = open();
                ImageFile second = open()) {
            assertThat(first.tryLock(LockMode.WRITE)).isEmpty();

            assertThat(second.probeLock(LockMode.WRITE)).contains(LockConflict.PLANISH);
            assertThat(second.tryLock(LockMode.WRITE)).contains(LockConflict.PLANISH);
            assertThat(second.tryLock(LockMode.READ)).contains(LockConflict.PLANISH);
        }
    }

    @Test
    void readersOfOursShareAndKeepAWriterOut() throws IOException {
        try (ImageFile first = open();
                ImageFile second = open();
                ImageFile writer = open()) {
            assertThat(first.tryLock(LockMode.READ)).isEmpty();
            assertThat(second.tryLock(LockMode.READ)).isEmpty();
            assertThat(writer.tryLock(LockMode.WRITE)).contains(LockConflict.PLANISH);
        }
    }

    @Test
    void closingAnotherDescriptorOfTheFileDropsNoLock() throws IOException {
        try (ImageFile holder = open()) {
            assertThat(holder.tryLock(LockMode.WRITE)).isEmpty();

            open().close();

            assertThat(Qemu.io(image, "write 0 4k").output()).contains("lock");
        }
    }

    @Test
    void aReadLockBecomesAWriteLockOrStaysWhatItWas() throws IOException {
        try (ImageFile first = open();
                ImageFile second = open()) {
            assertThat(first.tryLock(LockMode.READ)).isEmpty();
            assertThat(second.tryLock(LockMode.READ)).isEmpty();

            assertThat(first.tryLock(LockMode.WRITE)).contains(LockConflict.PLANISH);
            assertThat(Qemu.io(image, "write 0 4k").output()).contains("lock");
            second.close();
            assertThat(first.tryLock(LockMode.WRITE)).isEmpty();
            assertThat(Qemu.run("qemu-img", "info", image.toString()).exit()).isNotZero();
        }
    }
}
