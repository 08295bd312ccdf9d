/**
 * What the parts of Planish tell each other about work: jobs, checkpoints and outcomes, as immutable values with one JSON form.
 */
@NullMarked
package io.planish.job;

import org.jspecify.annotations.NullMarked;
