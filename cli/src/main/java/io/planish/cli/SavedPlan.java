package io.planish.cli;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.planish.ErrorKind;
import io.planish.ImageException;
import io.planish.chain.FileFacts;
import io.planish.chain.ImageRef;
import io.planish.chain.PoolName;
import io.planish.job.Expectation;
import io.planish.job.Job;
import io.planish.job.Json;
import io.planish.plan.Plan;
import io.planish.plan.PlanFile;
import io.planish.plan.Policy;
import io.planish.storage.Pool;
import io.planish.storage.PoolMarker;
import java.io.IOException;
import java.io.StringReader;
import java.io.StringWriter;
import java.nio.charset.MalformedInputException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.time.DateTimeException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * A plan with the time it was made at and the folders that its pools are on this machine: a plan file with two more kinds of lines,
 * {@code {"type":"made","at":…,"references":[…]}} and {@code {"type":"pool","name":…,"path":…,"id":…,"marked":…}}.
 *
 * @param asked the options that say who was asked what refers to images
 */
record SavedPlan(Plan plan, Instant madeAt, List<Folder> folders, List<String> asked) {

    /**
     * One pool of the plan.
     *
     * @param id of the pool in the plan
     * @param marked whether that is the id in the folder's marker; else it only stands for the folder, which had none
     * @param trustedFormat what a backing file is where its overlay does not say
     */
    record Folder(PoolName name, Path path, String id, boolean marked, Optional<String> trustedFormat) {
        Optional<String> expectedId() {
            return marked ? Optional.of(id) : Optional.empty();
        }
    }

    SavedPlan {
        folders = List.copyOf(folders);
        asked = List.copyOf(asked);
    }

    /** @param pools as they were when the plan was made */
    static SavedPlan of(Plan plan, Workspace pools, List<String> asked) throws IOException {
        List<Folder> folders = new ArrayList<>();
        for (Pool pool : pools.pools().all()) {
            boolean marked = PoolMarker.read(pools.storage(), pool.root()).equals(Optional.of(pool.id()));
            folders.add(new Folder(pool.name(), pool.root(), pool.id(), marked, pool.trustedFormat()));
        }
        return new SavedPlan(plan, Instant.now(), folders, asked);
    }

    /**
     * A folder without a marker is known by its images only.
     *
     * @throws ImageException if it holds none of those that jobs need there, as an empty mount point does
     */
    void requireFolders() throws ImageException {
        for (Folder folder : folders) {
            List<ImageRef> images = plan.jobs().stream()
                    .flatMap(job -> job.expects().stream())
                    .map(Expectation::image)
                    .filter(image -> image.pool().equals(folder.name()))
                    .toList();
            boolean gone = images.stream()
                    .noneMatch(image -> Files.exists(folder.path().resolve(image.path())));
            if (!folder.marked() && !images.isEmpty() && gone) {
                throw new ImageException(
                        ErrorKind.MISSING,
                        folder.path().toString(),
                        "none of the images that the plan is for is there",
                        "is the right filesystem mounted? else plan again");
            }
        }
    }

    /** The same without a grace period for what is left over. */
    SavedPlan deleting() {
        Policy now = plan.policy().change().grace(Duration.ZERO).build();
        Plan same = new Plan(
                plan.snapshot(),
                now,
                plan.jobs(),
                plan.leaves(),
                plan.skips(),
                plan.stays(),
                plan.ends(),
                plan.totals());
        return new SavedPlan(same, madeAt, folders, asked);
    }

    String text() throws IOException {
        StringWriter text = new StringWriter();
        PlanFile.write(plan, text);
        ObjectNode made = Json.MAPPER.createObjectNode().put("type", "made").put("at", madeAt.toString());
        asked.forEach(made.putArray("references")::add);
        line(text, made);
        for (Folder folder : folders) {
            ObjectNode line = Json.MAPPER.createObjectNode().put("type", "pool");
            line.put("name", folder.name().value()).put("path", folder.path().toString());
            line.put("id", folder.id()).put("marked", folder.marked());
            folder.trustedFormat().ifPresent(format -> line.put("trustedFormat", format));
            line(text, line);
        }
        return text.toString();
    }

    private static void line(StringWriter text, ObjectNode line) throws IOException {
        text.append(Json.MAPPER.writeValueAsString(line)).append('\n');
    }

    static SavedPlan read(Path file) throws IOException {
        String text;
        try {
            text = Files.readString(file);
        } catch (NoSuchFileException e) {
            throw new ImageException(
                    ErrorKind.MISSING, file.toString(), "there is no such file", "make a plan with plan -o FILE");
        } catch (MalformedInputException e) {
            throw new ImageException(
                    ErrorKind.MALFORMED_IMAGE,
                    file.toString(),
                    "this is not a saved plan",
                    "make one with plan -o FILE");
        } catch (IOException e) {
            throw new ImageException(
                    ErrorKind.IO,
                    file.toString(),
                    "cannot be read: " + e.getMessage(),
                    "make a plan with plan -o FILE");
        }
        try {
            Plan plan = PlanFile.read(new StringReader(text));
            List<Folder> folders = new ArrayList<>();
            List<String> asked = new ArrayList<>();
            @Nullable Instant madeAt = null;
            for (String line : text.lines().filter(l -> !l.isBlank()).toList()) {
                JsonNode node = Json.MAPPER.readTree(line);
                if (node.path("type").asText().equals("pool")) {
                    folders.add(new Folder(
                            new PoolName(node.path("name").asText()),
                            Path.of(node.path("path").asText()),
                            node.path("id").asText(),
                            node.path("marked").asBoolean(),
                            Optional.ofNullable(node.path("trustedFormat").asText(null))));
                } else if (node.path("type").asText().equals("made")) {
                    madeAt = Instant.parse(node.path("at").asText());
                    node.path("references").forEach(option -> asked.add(option.asText()));
                }
            }
            if (madeAt == null) {
                throw new ImageException(
                        ErrorKind.MALFORMED_IMAGE, "the plan does not say when it was made", "make the plan anew");
            }
            return new SavedPlan(plan, madeAt, folders, asked);
        } catch (ImageException e) {
            throw e.at(file.toString());
        } catch (DateTimeException | IllegalArgumentException e) {
            throw new ImageException(
                    ErrorKind.MALFORMED_IMAGE, file.toString(), "its lines cannot be read", "make the plan anew");
        }
    }

    /** The plan's jobs, with the ids that its pools have by now in place of those that stood for them while they had no marker. */
    List<Job> jobs(Workspace now) {
        return plan.jobs().stream().map(job -> withIds(job, now)).toList();
    }

    private Job withIds(Job job, Workspace now) {
        return new Job(
                job.id(),
                job.kind(),
                job.target(),
                job.base(),
                job.top(),
                job.relinks(),
                job.replaces(),
                job.retires(),
                job.dependsOn(),
                job.expects().stream()
                        .map(e -> new Expectation(
                                e.image(), e.backing(), e.unchanged().map(facts -> withId(facts, e.image(), now))))
                        .toList(),
                job.bytesToWrite(),
                job.bytesToClone(),
                job.bytesToFree());
    }

    private FileFacts withId(FileFacts facts, ImageRef image, Workspace now) {
        boolean unmarked = folders.stream()
                .anyMatch(f -> !f.marked() && f.name().equals(image.pool()) && f.id().equals(facts.poolId()));
        if (!unmarked) {
            return facts;
        }
        return new FileFacts(
                now.pools().get(image.pool()).id(),
                facts.inode(),
                facts.birthTimeNanos(),
                facts.sizeBytes(),
                facts.mtimeNanos(),
                facts.ctimeNanos());
    }
}
