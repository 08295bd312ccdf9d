package io.planish.plan;

import org.roaringbitmap.RoaringBitmap;

/**
 * What one image owns by itself, as sets of cluster numbers.
 *
 * @param clusterBytes the size of one cluster, a power of two
 * @param data clusters with content of their own, compressed ones too; these count with what they would take inflated, which is the most
 *     that a merge writes for them
 * @param zero clusters that read as zeroes, whatever lies below
 */
public record Owned(int clusterBytes, RoaringBitmap data, RoaringBitmap zero) {}
