/**
 * Keeps a claim alive by its heartbeat, and knows when to stop acting on it.
 */
@NullMarked
package io.planish.worker.lease;

import org.jspecify.annotations.NullMarked;
