/** The one-shot verbs: thin shells over the common module. */
@NullMarked
package io.planish.cli;

import org.jspecify.annotations.NullMarked;
