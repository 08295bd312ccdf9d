/** Claims offered jobs, runs the merge engine on them, and reports what came of it. */
@NullMarked
package io.planish.worker;

import org.jspecify.annotations.NullMarked;
