/**
 * Who leads, and what of the ledger is told to the outside.
 */
@NullMarked
package io.planish.coordinator.ledger;

import org.jspecify.annotations.NullMarked;
