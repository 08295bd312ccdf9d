package io.planish.remote;

import io.planish.chain.Forest;
import io.planish.chain.ImageNode;
import io.planish.chain.ImageRef;
import io.planish.chain.PoolName;
import io.planish.job.Expectation;
import io.planish.job.Job;
import io.planish.job.PoolJobs;
import io.planish.plan.Owned;
import io.planish.plan.Ownership;
import io.planish.survey.OwnedFile;
import java.io.IOException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * What images own in pools that are not mounted here. Planning goes through the trees one after the other, so with an image those that come
 * after it are asked for too; what was read waits in the grid, and may be asked for again.
 */
final class RemoteOwnership implements Ownership {
    private static final int AT_ONCE = 256;

    private final Surveys surveys;
    private final Set<PoolName> mounted;
    private final Ownership here;
    private final Map<PoolName, List<ImageNode>> inOrder = new HashMap<>();
    private final Map<ImageRef, Integer> turn = new HashMap<>();
    private final Map<ImageRef, Answers.Place> places = new HashMap<>();

    /** @param here of the pools that are mounted here */
    RemoteOwnership(Surveys surveys, Forest forest, Set<PoolName> mounted, Ownership here) {
        this.surveys = surveys;
        this.mounted = mounted;
        this.here = here;
        for (Forest tree : forest.trees()) {
            if (tree.nodes().size() > 1) {
                tree.nodes().forEach(this::take);
            }
        }
    }

    private void take(ImageNode node) {
        if (!mounted.contains(node.ref().pool())) {
            List<ImageNode> nodes = inOrder.computeIfAbsent(node.ref().pool(), pool -> new ArrayList<>());
            turn.put(node.ref(), nodes.size());
            nodes.add(node);
        }
    }

    @Override
    public Owned of(ImageRef image) throws IOException {
        if (mounted.contains(image.pool())) {
            return here.of(image);
        }
        Answers.Place place = place(image);
        try {
            return OwnedFile.read(surveys.answers().read(place));
        } catch (Answers.GoneException e) {
            forget(place.job());
            return OwnedFile.read(surveys.answers().read(place(image)));
        }
    }

    private synchronized Answers.Place place(ImageRef image) throws IOException {
        if (!places.containsKey(image)) {
            ask(image);
        }
        return Optional.ofNullable(places.get(image)).orElseThrow(() -> new IOException(image + " was not looked at"));
    }

    /** What was read by this job has waited for too long, and is read anew. */
    private synchronized void forget(String job) {
        places.values().removeIf(place -> place.job().equals(job));
    }

    private void ask(ImageRef image) throws IOException {
        Integer at = turn.get(image);
        if (at == null) {
            throw new IOException(image + " is in no chain of this snapshot");
        }
        List<ImageNode> all = inOrder.getOrDefault(image.pool(), List.of());
        List<ImageNode> asked = new ArrayList<>();
        for (int i = at; i < all.size() && asked.size() < AT_ONCE; i++) {
            if (!places.containsKey(all.get(i).ref())) {
                asked.add(all.get(i));
            }
        }
        Job job = PoolJobs.read(
                image.pool(),
                asked.stream()
                        .map(node -> new Expectation(node.ref(), Optional.empty(), Optional.of(node.facts())))
                        .toList());
        try (Surveys.Survey survey = surveys.begin(List.of(job))) {
            long epoch = survey.await(job, Surveys.Waiting.PATIENTLY);
            for (int i = 0; i < asked.size(); i++) {
                places.put(asked.get(i).ref(), survey.place(job, epoch, i));
            }
        } catch (IOException e) {
            throw new IOException("pool " + image.pool() + " " + e.getMessage(), e);
        }
    }
}
