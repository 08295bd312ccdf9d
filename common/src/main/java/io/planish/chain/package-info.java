/**
 * Images and how they hang together: addresses, facts, backing links and the forest they form over all pools.
 */
@NullMarked
package io.planish.chain;

import org.jspecify.annotations.NullMarked;
