/**
 * Takes offers from the pools' topics and claims their jobs in the ledger; the first claim wins.
 */
@NullMarked
package io.planish.worker.claim;

import org.jspecify.annotations.NullMarked;
