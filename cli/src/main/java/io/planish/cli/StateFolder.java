package io.planish.cli;

import com.fasterxml.jackson.core.JacksonException;
import io.planish.ErrorKind;
import io.planish.ImageException;
import io.planish.job.JobResult;
import io.planish.job.Json;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.Optional;

/**
 * What this machine remembers of one run, so that it can be continued: the number of attempts so far, results of jobs that are done, and, in
 * the same folder, checkpoints. Held by one process at a time, until closed.
 */
final class StateFolder implements AutoCloseable {
    private final Path folder;
    private final FileChannel lock;
    private final long epoch;

    private StateFolder(Path folder, FileChannel lock, long epoch) {
        this.folder = folder;
        this.lock = lock;
        this.epoch = epoch;
    }

    /** The folder of all runs: {@code $XDG_STATE_HOME/planish}, else {@code ~/.local/state/planish}. */
    static Path ofAllRuns() {
        String configured = System.getenv("XDG_STATE_HOME");
        Path state = configured == null || configured.isEmpty()
                ? Path.of(System.getProperty("user.home"), ".local", "state")
                : Path.of(configured);
        return state.resolve("planish");
    }

    /**
     * Takes the run up, or begins it.
     *
     * @throws ImageException of kind {@code IMAGE_IN_USE} while another process is at it
     */
    static StateFolder take(Path allRuns, String run) throws IOException {
        Path folder = made(allRuns.resolve(run));
        FileChannel lock = FileChannel.open(
                folder.resolve("lock"), StandardOpenOption.CREATE, StandardOpenOption.READ, StandardOpenOption.WRITE);
        if (lock.tryLock() == null) {
            lock.close();
            throw new ImageException(
                    ErrorKind.IMAGE_IN_USE,
                    run,
                    "another process is carrying this plan out",
                    "wait for it, or stop it");
        }
        Path file = folder.resolve("attempts");
        long epoch =
                1 + (Files.exists(file) ? Long.parseLong(Files.readString(file).strip()) : 0);
        replace(file, epoch + "\n");
        return new StateFolder(folder, lock, epoch);
    }

    private static Path made(Path folder) throws IOException {
        try {
            return Files.createDirectories(folder).toRealPath();
        } catch (FileSystemException e) {
            throw new ImageException(
                    ErrorKind.IO,
                    folder.toString(),
                    "cannot be made to keep in it how far a job is ("
                            + e.getClass().getSimpleName() + ")",
                    "set XDG_STATE_HOME to a folder that can be written",
                    e);
        }
    }

    /** Absolute, without symbolic links. */
    Path folder() {
        return folder;
    }

    /** The number of this attempt at the run, from 1. */
    long epoch() {
        return epoch;
    }

    /** What a job that is done ended with. */
    Optional<JobResult> result(String job) throws IOException {
        Path file = resultOf(job);
        if (!Files.exists(file)) {
            return Optional.empty();
        }
        try {
            return Optional.of(Json.MAPPER.readValue(file.toFile(), JobResult.class));
        } catch (JacksonException e) {
            throw new ImageException(
                    ErrorKind.IO, file.toString(), "the recorded result cannot be read", "make the plan anew");
        }
    }

    void record(String job, JobResult result) throws IOException {
        replace(resultOf(job), Json.MAPPER.writeValueAsString(result));
    }

    private Path resultOf(String job) {
        return folder.resolve(job + ".result.json");
    }

    private static void replace(Path file, String content) throws IOException {
        Path next = file.resolveSibling(file.getFileName() + ".next");
        try (FileChannel channel = FileChannel.open(
                next, StandardOpenOption.CREATE, StandardOpenOption.TRUNCATE_EXISTING, StandardOpenOption.WRITE)) {
            channel.write(StandardCharsets.UTF_8.encode(content));
            channel.force(true);
        }
        Files.move(next, file, StandardCopyOption.ATOMIC_MOVE);
    }

    /** Forgets the run, when there is nothing left to continue. */
    void forget() throws IOException {
        try (var files = Files.newDirectoryStream(folder)) {
            for (Path file : files) {
                Files.delete(file);
            }
        }
        Files.delete(folder);
    }

    @Override
    public void close() throws IOException {
        lock.close();
    }
}
