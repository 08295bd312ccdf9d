/** Turns scans, plans and requests into runs, and offers their jobs to workers. */
@NullMarked
package io.planish.coordinator;

import org.jspecify.annotations.NullMarked;
