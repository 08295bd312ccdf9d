package io.planish.job;

import io.planish.chain.ImageRef;

/** After the merge {@code overlay}'s backing file is {@code backing} instead of the group's top. */
public record Relink(ImageRef overlay, ImageRef backing) {}
