/** The whole program on images that QEMU's tools made, judged by QEMU's tools. */
@NullMarked
package io.planish.acceptance;

import org.jspecify.annotations.NullMarked;
