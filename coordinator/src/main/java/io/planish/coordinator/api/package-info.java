/**
 * The REST interface.
 */
@NullMarked
package io.planish.coordinator.api;

import org.jspecify.annotations.NullMarked;
