/**
 * Makes runs at planned times.
 */
@NullMarked
package io.planish.coordinator.schedule;

import org.jspecify.annotations.NullMarked;
