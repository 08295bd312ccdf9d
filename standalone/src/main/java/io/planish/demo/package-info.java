/**
 * {@code ./planish demo}: a fleet of real chains made by QEMU's tools, flattened by all of Planish on this machine while a worker
 * is killed, and judged by QEMU's tools.
 */
@NullMarked
package io.planish.demo;

import org.jspecify.annotations.NullMarked;
