/**
 * Pools that are not mounted here: asking the workers that mount them, and taking what they tell into one view of all pools.
 */
@NullMarked
package io.planish.remote;

import org.jspecify.annotations.NullMarked;
