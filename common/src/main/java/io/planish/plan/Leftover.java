package io.planish.plan;

import io.planish.chain.Forest;
import io.planish.chain.ImageNode;
import io.planish.chain.ImageRef;
import io.planish.job.Job;
import java.util.List;
import java.util.stream.Stream;

/**
 * A file that a job leaves over.
 *
 * @param bytes what removing it gives back at least: blocks that the job's target has come to share stay in use
 */
record Leftover(ImageNode file, long bytes) {

    /** The bytes are right in their sum; of which file the shared blocks were is not told apart. */
    static List<Leftover> of(Job job, Forest forest) {
        long[] shared = {job.bytesToClone()};
        Stream<ImageRef> files = Stream.concat(job.retires().stream(), job.replaces().stream());
        return files.flatMap(image -> forest.node(image).stream())
                .map(file -> {
                    long stay = Math.min(shared[0], file.allocatedBytes());
                    shared[0] -= stay;
                    return new Leftover(file, file.allocatedBytes() - stay);
                })
                .toList();
    }
}
