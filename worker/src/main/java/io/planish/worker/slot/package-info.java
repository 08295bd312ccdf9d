/**
 * Carries claimed jobs out on threads of its own, as many at once as there are slots, and stops them in time.
 */
@NullMarked
package io.planish.worker.slot;

import org.jspecify.annotations.NullMarked;
