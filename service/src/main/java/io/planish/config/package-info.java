/**
 * Pools and policies as operators configure them, checked and turned into the values the rest works with.
 */
@NullMarked
package io.planish.config;

import org.jspecify.annotations.NullMarked;
