/**
 * Carries a job out, step by step so that a crash anywhere costs time and never data.
 */
@NullMarked
package io.planish.engine;

import org.jspecify.annotations.NullMarked;
