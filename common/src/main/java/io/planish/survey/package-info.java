/**
 * What a host that mounts a pool tells one that does not: which images stand there, and what they own; and how several such tellings become one forest.
 */
@NullMarked
package io.planish.survey;

import org.jspecify.annotations.NullMarked;
