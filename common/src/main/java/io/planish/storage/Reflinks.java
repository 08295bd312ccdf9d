package io.planish.storage;

import static java.lang.foreign.ValueLayout.JAVA_INT;

import io.planish.ImageException;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;

/**
 * Whether a filesystem lets files share blocks, asked without writing anything: Btrfs always does; XFS says so in the flags of {@code struct
 * xfs_fsop_geom}, at byte 92, bit 20. Of any other it is not known before it is tried.
 */
final class Reflinks {
    private static final long BTRFS = 0x9123683EL;
    private static final long XFS = 0x58465342L;
    private static final long XFS_IOC_FSGEOMETRY_V4 = 0x8070587CL;
    private static final int FLAGS_OFFSET = 92;
    private static final int HAS_REFLINKS = 1 << 20;

    private Reflinks() {}

    static boolean areKnownToWork(Path directory) throws ImageException {
        long kind = Statfs.of(directory).kind();
        return kind == BTRFS || kind == XFS && xfsHasThem(directory);
    }

    private static boolean xfsHasThem(Path directory) throws ImageException {
        int fd = Descriptors.openDirectory(directory);
        try {
            MemorySegment geometry = Libc.scratch().struct();
            long result = Libc.call(Syscall.IOCTL, fd, XFS_IOC_FSGEOMETRY_V4, geometry.address());
            return result == 0 && (geometry.get(JAVA_INT, FLAGS_OFFSET) & HAS_REFLINKS) != 0;
        } finally {
            Descriptors.close(fd);
        }
    }
}
