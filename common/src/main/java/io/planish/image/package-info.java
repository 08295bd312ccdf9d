/**
 * One opened image: what it owns, where it stands on disk, and whether its tables are sound.
 */
@NullMarked
package io.planish.image;

import org.jspecify.annotations.NullMarked;
