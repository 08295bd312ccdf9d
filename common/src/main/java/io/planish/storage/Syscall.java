package io.planish.storage;

/** The kernel's numbers of the calls that are used here, for x86-64 and for aarch64. */
enum Syscall {
    CLOSE(3, 57),
    COPY_FILE_RANGE(326, 285),
    FACCESSAT(269, 48),
    FADVISE(221, 223),
    FALLOCATE(285, 47),
    FCHMOD(91, 52),
    FCHOWN(93, 55),
    FCNTL(72, 25),
    FDATASYNC(75, 83),
    FGETXATTR(193, 10),
    FLISTXATTR(196, 13),
    FREMOVEXATTR(199, 16),
    FSETXATTR(190, 7),
    FSTATFS(138, 44),
    FSYNC(74, 82),
    FTRUNCATE(77, 46),
    IOCTL(16, 29),
    LINKAT(265, 37),
    LSEEK(8, 62),
    MKDIRAT(258, 34),
    OPENAT(257, 56),
    OPENAT2(437, 437),
    PREAD(17, 67),
    PRLIMIT(302, 261),
    PREADV2(327, 286),
    PWRITE(18, 68),
    PWRITEV2(328, 287),
    RENAMEAT2(316, 276),
    STATFS(137, 43),
    STATX(332, 291),
    SYNC_FILE_RANGE(277, 84),
    UNLINKAT(263, 35);

    private final int x86;
    private final int arm;

    Syscall(int x86, int arm) {
        this.x86 = x86;
        this.arm = arm;
    }

    long number() {
        return Machine.IS_ARM ? arm : x86;
    }

    /** {@code O_DIRECTORY}, the one flag of those used that differs between the machines. */
    static int openDirectoryFlag() {
        return Machine.IS_ARM ? 0x4000 : 0x10000;
    }

    private static final class Machine {
        static final boolean IS_ARM = isArm();

        private static boolean isArm() {
            String machine = System.getProperty("os.name") + " " + System.getProperty("os.arch");
            return switch (machine) {
                case "Linux amd64" -> false;
                case "Linux aarch64" -> true;
                default -> throw new UnsupportedOperationException("runs on Linux amd64 or aarch64, not on " + machine);
            };
        }
    }
}
