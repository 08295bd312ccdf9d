/**
 * Keeps checkpoints in the grid, so that any worker can go on from them.
 */
@NullMarked
package io.planish.worker.checkpoint;

import org.jspecify.annotations.NullMarked;
