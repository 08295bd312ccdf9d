/**
 * Pools and files as the operating system gives them: positional I/O, durability, QEMU's locks, and the gate that decides which file a name may open.
 */
@NullMarked
package io.planish.storage;

import org.jspecify.annotations.NullMarked;
