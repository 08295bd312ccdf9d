/**
 * Runs: who asked for what, how far it is, and what is told of it; immutable values with one JSON form.
 */
@NullMarked
package io.planish.run;

import org.jspecify.annotations.NullMarked;
