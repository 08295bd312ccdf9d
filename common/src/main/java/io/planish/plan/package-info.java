/**
 * Decides what to merge: a snapshot of the pools and a policy become a plan of jobs, each of them safe, with a reason for all that is left alone.
 */
@NullMarked
package io.planish.plan;

import org.jspecify.annotations.NullMarked;
