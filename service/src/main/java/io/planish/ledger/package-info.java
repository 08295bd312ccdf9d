/**
 * The ledger: runs, jobs, plans and checkpoints in the grid, each a JSON value under a string key, changed by compare-and-set alone.
 */
@NullMarked
package io.planish.ledger;

import org.jspecify.annotations.NullMarked;
