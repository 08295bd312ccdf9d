/**
 * Decides what a merge has to write: who answers for each guest range of a group of layers, and what that makes of each cluster
 * of the target. Pure: it asks a {@link io.planish.merge.ChainView} and returns steps; it opens and writes nothing.
 */
@NullMarked
package io.planish.merge;

import org.jspecify.annotations.NullMarked;
