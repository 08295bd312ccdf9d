/**
 * Measures Planish beside {@code qemu-img}, in turn, on fresh copies of chains that QEMU's tools made. Run by {@code ./planish bench}.
 */
@NullMarked
package io.planish.load.bench;

import org.jspecify.annotations.NullMarked;
