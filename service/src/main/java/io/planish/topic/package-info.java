/**
 * The topics: their names, and sending to them.
 */
@NullMarked
package io.planish.topic;

import org.jspecify.annotations.NullMarked;
