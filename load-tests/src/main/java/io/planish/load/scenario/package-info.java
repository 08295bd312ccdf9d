/**
 * Scenarios: a fleet of real chains is made by seed, the whole stack runs on it as processes of their own, things go wrong on purpose, and
 * QEMU's tools and the ledger say whether all is as it must be. Each ends with a table and a verdict.
 */
@NullMarked
package io.planish.load.scenario;

import org.jspecify.annotations.NullMarked;
