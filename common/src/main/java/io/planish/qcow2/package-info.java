/**
 * The QCOW2 format as values: headers, tables and refcounts, decoded from and encoded into buffers; no file is opened here.
 */
@NullMarked
package io.planish.qcow2;

import org.jspecify.annotations.NullMarked;
