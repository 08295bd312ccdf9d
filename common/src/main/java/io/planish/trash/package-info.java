/**
 * What jobs leave over: where it waits, what is known of it, how it comes back or goes for good. Only what a record says was put there by a job, and
 * what still is that file, is ever touched.
 */
@NullMarked
package io.planish.trash;

import org.jspecify.annotations.NullMarked;
