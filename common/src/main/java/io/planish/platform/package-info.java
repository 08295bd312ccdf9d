/**
 * The management system around the images: what it says it refers to, and the hooks it wants called. All of it is asked for from outside, with bounds
 * on time and size, and believed only as far as it can do no harm: it can keep images from being touched, never the opposite.
 */
@NullMarked
package io.planish.platform;

import org.jspecify.annotations.NullMarked;
