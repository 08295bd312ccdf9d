/**
 * Looks across the pools and tells what stands there: images, their links, and who has them open.
 */
@NullMarked
package io.planish.scan;

import org.jspecify.annotations.NullMarked;
