/**
 * Takes wishes for runs, and turns them into planned ones.
 */
@NullMarked
package io.planish.coordinator.request;

import org.jspecify.annotations.NullMarked;
