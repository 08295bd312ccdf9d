/**
 * What only processes of their own can show: kills, pauses and orderly stops in the middle of a job.
 */
@NullMarked
package io.planish.system;

import org.jspecify.annotations.NullMarked;
