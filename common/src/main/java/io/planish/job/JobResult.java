package io.planish.job;

import io.planish.chain.FileFacts;
import io.planish.chain.ImageRef;
import java.util.List;
import java.util.Map;

/**
 * What an attempt did.
 *
 * @param outcome how it ended
 * @param facts the facts, afterwards, of each image the job wrote, relinked or replaced, for the jobs that depend on it
 * @param retired what went to the trash
 * @param bytesCopied bytes of clusters written by this attempt
 * @param bytesSkipped guest bytes that a checkpoint of an earlier attempt made unnecessary to look at
 * @param notes what a person should know although the job is done: files that were kept back, and why
 */
public record JobResult(
        Outcome outcome,
        Map<ImageRef, FileFacts> facts,
        List<ImageRef> retired,
        long bytesCopied,
        long bytesSkipped,
        List<String> notes) {

    public JobResult {
        facts = Map.copyOf(facts);
        retired = List.copyOf(retired);
        notes = List.copyOf(notes);
    }
}
