/** What every part of Planish shares: the words for what went wrong. */
@NullMarked
package io.planish;

import org.jspecify.annotations.NullMarked;
