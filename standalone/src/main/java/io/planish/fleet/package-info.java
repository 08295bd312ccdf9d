/**
 * Chains of real images, made and looked at by QEMU's own tools, and what a guest must see on each: what the demonstration and the load
 * tests are made of.
 */
@NullMarked
package io.planish.fleet;

import org.jspecify.annotations.NullMarked;
