/**
 * Decides from the ledger which jobs may run now, and offers them.
 */
@NullMarked
package io.planish.coordinator.offer;

import org.jspecify.annotations.NullMarked;
