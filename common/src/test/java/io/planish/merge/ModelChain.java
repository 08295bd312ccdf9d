package io.planish.merge;

import io.planish.merge.Piece.Source;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.random.RandomGenerator;

/**
 * A chain whose layers are arrays of units: each unit is not owned, zero, or a value. One unit is one byte of guest range. In some layers
 * all data is compressed.
 */
final class ModelChain implements ChainView {
    static final int NOT_OWNED = -1;

    enum Compression {
        NONE,
        DEFLATE,
        ZSTD
    }

    static final class ModelLayer {
        final int cluster;
        final Compression compression;
        int size;
        int[] units;

        ModelLayer(int cluster, Compression compression, int size, int[] units) {
            this.cluster = cluster;
            this.compression = compression;
            this.size = size;
            this.units = units;
        }

        ModelLayer copy() {
            return new ModelLayer(cluster, compression, size, units.clone());
        }
    }

    final List<ModelLayer> layers = new ArrayList<>();

    static ModelChain random(RandomGenerator random, int depth, int units) {
        ModelChain chain = new ModelChain();
        int value = 1;
        for (int i = 0; i < depth; i++) {
            int cluster = 1 << random.nextInt(5);
            int size = random.nextInt(4) == 0 ? 1 + random.nextInt(units) : units;
            int capacity = (units + cluster) / cluster * cluster;
            int[] content = new int[capacity];
            Arrays.fill(content, NOT_OWNED);
            for (int at = 0; at < size; at += cluster) {
                int draw = random.nextInt(10);
                for (int u = at; u < at + cluster; u++) {
                    content[u] = draw < 5 ? NOT_OWNED : draw < 7 ? 0 : value++;
                }
            }
            Compression compression = Compression.values()[random.nextInt(3)];
            chain.layers.add(new ModelLayer(cluster, compression, size, content));
        }
        return chain;
    }

    ModelChain copy() {
        ModelChain copy = new ModelChain();
        layers.forEach(layer -> copy.layers.add(layer.copy()));
        return copy;
    }

    /** What the guest reads at a unit as layer {@code top} shows it. */
    int view(int top, int unit) {
        for (int i = top; i >= 0; i--) {
            ModelLayer layer = layers.get(i);
            if (unit >= layer.size) {
                return 0;
            }
            if (layer.units[unit] != NOT_OWNED) {
                return layer.units[unit];
            }
        }
        return 0;
    }

    int[] view(int top) {
        int[] seen = new int[layers.get(top).size];
        for (int unit = 0; unit < seen.length; unit++) {
            seen[unit] = view(top, unit);
        }
        return seen;
    }

    /** The value a piece stands for at a unit of its range; the host offset of data is the unit itself. */
    int value(Piece piece, int unit) {
        return piece.source() == Source.DATA || piece.source() == Source.COMPRESSED
                ? layers.get(piece.layer()).units[unit]
                : 0;
    }

    @Override
    public long virtualSizeBytes(int layer) {
        return layers.get(layer).size;
    }

    @Override
    public boolean isCompressedCluster(Piece piece, int layer) {
        ModelLayer one = layers.get(piece.layer());
        ModelLayer other = layers.get(layer);
        return piece.lengthBytes() == one.cluster
                && one.cluster == other.cluster
                && one.compression == other.compression;
    }

    @Override
    public Piece resolve(int top, int bottom, long offset, long maxLengthBytes) throws IOException {
        int at = (int) offset;
        Piece first = one(top, bottom, at);
        int length = 1;
        while (length < maxLengthBytes) {
            Piece next = one(top, bottom, at + length);
            if (next.source() != first.source()
                    || next.layer() != first.layer()
                    || next.source() == Source.COMPRESSED && next.hostOffset() != first.hostOffset()) {
                break;
            }
            length++;
        }
        return new Piece(offset, length, first.source(), first.layer(), first.hostOffset());
    }

    private Piece one(int top, int bottom, int unit) {
        for (int i = top; i >= bottom; i--) {
            ModelLayer layer = layers.get(i);
            if (unit >= layer.size) {
                return new Piece(unit, 1, Source.PAST_END, i, -1);
            }
            int content = layer.units[unit];
            if (content == 0) {
                return new Piece(unit, 1, Source.ZERO, i, -1);
            }
            if (content != NOT_OWNED) {
                return layer.compression == Compression.NONE
                        ? new Piece(unit, 1, Source.DATA, i, unit)
                        : new Piece(unit, 1, Source.COMPRESSED, i, unit / layer.cluster);
            }
        }
        return new Piece(unit, 1, Source.NOTHING, Piece.NOBODY, -1);
    }
}
