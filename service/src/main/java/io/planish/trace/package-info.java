/** Traces of OpenTelemetry, from the request for a run to the relinking of its images. */
@NullMarked
package io.planish.trace;

import org.jspecify.annotations.NullMarked;
