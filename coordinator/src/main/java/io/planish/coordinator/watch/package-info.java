/** What the coordinator counts, for whoever watches the fleet. */
@NullMarked
package io.planish.coordinator.watch;

import org.jspecify.annotations.NullMarked;
