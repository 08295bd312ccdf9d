package io.planish.scan;

import io.planish.ImageException;
import io.planish.chain.ImageRef;
import io.planish.chain.Problem;
import io.planish.job.SkipReason;
import io.planish.plan.Finding;
import io.planish.scan.FoundFile.FileId;
import io.planish.storage.PathGate;
import io.planish.storage.Pool;
import java.io.IOException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Queue;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;

/** What one walk through the pools has met, each file once, under the first of its names. */
final class Sighting implements PoolWalk.Visitor {
    private final PathGate gate;
    private final HeadReader heads;
    private final Map<ImageRef, FoundFile> files = new ConcurrentHashMap<>();
    private final Map<ImageRef, FileHead> headOf = new ConcurrentHashMap<>();
    private final Queue<ImageRef> links = new ConcurrentLinkedQueue<>();
    private final Queue<Finding> findings = new ConcurrentLinkedQueue<>();
    private final Map<ImageRef, ImageRef> firstName = new HashMap<>();
    private final Map<ImageRef, List<ImageRef>> symbolicLinks = new HashMap<>();
    private final Map<ImageRef, List<ImageRef>> otherNames = new HashMap<>();

    Sighting(PathGate gate, HeadReader heads) {
        this.gate = gate;
        this.heads = heads;
    }

    @Override
    public void file(FoundFile file) throws IOException {
        headOf.put(file.ref(), heads.read(file));
        files.put(file.ref(), file);
    }

    @Override
    public void link(ImageRef link) {
        links.add(link);
    }

    @Override
    public void unknown(ImageRef where, IOException why) {
        findings.add(finding(where.toString(), SkipReason.UNREADABLE, why));
    }

    @Override
    public void unknown(Pool pool, IOException why) {
        findings.add(finding(pool.name().value(), SkipReason.UNREADABLE, why));
    }

    /** To be called when the walk has ended: finds files that have several names. */
    void settleNames() {
        Map<FileId, ImageRef> byId = new HashMap<>();
        for (FoundFile file : new TreeMap<>(files).values()) {
            ImageRef first = byId.computeIfAbsent(file.id(), id -> file.ref());
            firstName.put(file.ref(), first);
            if (!first.equals(file.ref())) {
                otherNames.computeIfAbsent(first, ref -> new ArrayList<>()).add(file.ref());
            }
        }
        for (ImageRef link : links.stream().sorted().toList()) {
            settleLink(link);
        }
    }

    private void settleLink(ImageRef link) {
        try {
            SymbolicLinks.target(gate, link)
                    .ifPresent(target -> symbolicLinks
                            .computeIfAbsent(firstName(target), ref -> new ArrayList<>())
                            .add(link));
        } catch (IOException e) {
            unknown(link, e);
        }
    }

    /** The files by their first names, in the order of these. */
    List<FoundFile> files() {
        return new TreeMap<>(files)
                .values().stream()
                        .filter(file -> firstName(file.ref()).equals(file.ref()))
                        .toList();
    }

    Optional<FoundFile> file(ImageRef name) {
        return Optional.ofNullable(files.get(firstName(name)));
    }

    FileHead head(ImageRef name) {
        return headOf.getOrDefault(name, FileHead.NO_IMAGE);
    }

    ImageRef firstName(ImageRef name) {
        return firstName.getOrDefault(name, name);
    }

    /** Further names in folders, which are as good as the first. */
    List<ImageRef> hardLinks(ImageRef firstName) {
        return otherNames.getOrDefault(firstName, List.of());
    }

    List<ImageRef> symbolicLinks(ImageRef firstName) {
        return symbolicLinks.getOrDefault(firstName, List.of());
    }

    List<Finding> findings() {
        return findings.stream()
                .sorted((a, b) -> a.where().compareTo(b.where()))
                .toList();
    }

    static Finding finding(String where, SkipReason reason, IOException why) {
        String what = why instanceof ImageException image ? image.what() : String.valueOf(why.getMessage());
        return new Finding(where, new Problem(reason, where + " cannot be looked at: " + what));
    }
}
