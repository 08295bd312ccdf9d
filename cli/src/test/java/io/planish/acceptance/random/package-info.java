/**
 * Random chains, random operations, and QEMU's tools as judges. A new shape of layer is one more constant of {@code LayerShape}, a new operation
 * one more of {@code Operation}, a refusal that is right one more of {@code Refusal}.
 */
@NullMarked
package io.planish.acceptance.random;

import org.jspecify.annotations.NullMarked;
