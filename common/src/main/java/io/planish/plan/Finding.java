package io.planish.plan;

import io.planish.chain.Problem;

/**
 * Something a scan met that is no image it could take in: where (pool and path), and what was wrong.
 *
 * @param mayHide whether overlays may be there that nobody has seen; else it is only said
 */
public record Finding(String where, Problem problem, boolean mayHide) {}
