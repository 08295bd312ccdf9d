package io.planish.job;

import io.planish.chain.FileFacts;
import io.planish.chain.ImageRef;
import java.util.Optional;

/**
 * What must hold of one image when a job starts, or the job is stale.
 *
 * @param backing the image's backing file; empty: it has none
 * @param unchanged the file's facts as planned; empty where a job before this one touches it, whose recorded result
 *     tells them
 */
public record Expectation(ImageRef image, Optional<ImageRef> backing, Optional<FileFacts> unchanged) {}
