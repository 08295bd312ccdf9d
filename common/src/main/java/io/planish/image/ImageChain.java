package io.planish.image;

import io.planish.merge.ChainView;
import io.planish.merge.Piece;
import io.planish.merge.Piece.Source;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.List;

/** Opened layers of one chain, base first. Not thread-safe; does not close the layers. */
public final class ImageChain implements ChainView {
    private final List<Layer> layers;

    public ImageChain(List<? extends Layer> layers) {
        this.layers = List.copyOf(layers);
    }

    public Layer layer(int index) {
        return layers.get(index);
    }

    public int size() {
        return layers.size();
    }

    @Override
    public long virtualSizeBytes(int layer) {
        return layers.get(layer).virtualSizeBytes();
    }

    @Override
    public boolean isCompressedCluster(Piece piece, int layer) {
        return layers.get(piece.layer()) instanceof Qcow2Image one
                && layers.get(layer) instanceof Qcow2Image other
                && piece.lengthBytes() == one.header().geometry().clusterBytes()
                && one.header().geometry().clusterBits()
                        == other.header().geometry().clusterBits()
                && one.header().compressionType() == other.header().compressionType();
    }

    @Override
    public Piece resolve(int top, int bottom, long offset, long maxLengthBytes) throws IOException {
        long length = maxLengthBytes;
        for (int i = top; i >= bottom; i--) {
            Layer layer = layers.get(i);
            long end = layer.virtualSizeBytes();
            if (offset >= end) {
                return new Piece(offset, length, Source.PAST_END, i, -1);
            }
            length = Math.min(length, end - offset);
            Mapping own = layer.map(offset, length);
            length = Math.min(length, own.lengthBytes());
            switch (own.kind()) {
                case UNALLOCATED -> {}
                case ZERO -> {
                    return new Piece(offset, length, Source.ZERO, i, own.hostOffset());
                }
                case DATA -> {
                    return new Piece(offset, length, Source.DATA, i, own.hostOffset());
                }
                case COMPRESSED -> {
                    return new Piece(offset, length, Source.COMPRESSED, i, own.hostOffset());
                }
            }
        }
        return new Piece(offset, length, Source.NOTHING, Piece.NOBODY, -1);
    }

    /** Reads what a piece stands for; {@code into} takes at most the piece's length. */
    public void read(Piece piece, ByteBuffer into) throws IOException {
        switch (piece.source()) {
            case NOTHING, ZERO, PAST_END -> {
                while (into.hasRemaining()) {
                    into.put((byte) 0);
                }
            }
            case DATA -> layers.get(piece.layer()).file().read(into, piece.hostOffset());
            case COMPRESSED ->
                layers.get(piece.layer())
                        .read(
                                new Mapping(
                                        MappingKind.COMPRESSED,
                                        piece.guestOffset(),
                                        piece.lengthBytes(),
                                        piece.hostOffset()),
                                piece.guestOffset(),
                                into);
        }
    }

    /** Reads guest bytes as layer {@code top} shows them; what lies past its end reads as zeroes. */
    public void read(int top, long offset, ByteBuffer into) throws IOException {
        int limit = into.limit();
        long at = offset;
        while (into.position() < limit) {
            Piece piece = resolve(top, 0, at, limit - into.position());
            into.limit(into.position() + (int) piece.lengthBytes());
            read(piece, into);
            into.limit(limit);
            at = piece.endOffset();
        }
    }
}
