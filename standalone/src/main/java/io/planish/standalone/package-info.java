/** A real single-node broker and a real grid, each a child process on loopback, with their data in one folder. */
@NullMarked
package io.planish.standalone;

import org.jspecify.annotations.NullMarked;
