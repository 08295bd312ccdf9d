package io.planish.image;

import io.planish.merge.ChainView;
import io.planish.merge.Piece;
import io.planish.merge.Piece.Source;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.util.List;

/** Opened layers of one chain, base first. Not thread-safe; does not close the layers. */
public final class ImageChain implements ChainView {
    private final LayerCursor[] layers;

    public ImageChain(List<? extends Layer> layers) {
        this.layers = layers.stream().map(LayerCursor::new).toArray(LayerCursor[]::new);
    }

    public Layer layer(int index) {
        return layers[index].layer();
    }

    public int size() {
        return layers.length;
    }

    /** Forgets what a layer's tables said; to be called after a writer changed them. */
    public void reload(int index) throws IOException {
        layers[index].reload();
    }

    @Override
    public long virtualSizeBytes(int layer) {
        return layer(layer).virtualSizeBytes();
    }

    @Override
    public boolean isCompressedCluster(Piece piece, int layer) {
        return layer(piece.layer()) instanceof Qcow2Image one
                && layer(layer) instanceof Qcow2Image other
                && piece.lengthBytes() == one.header().geometry().clusterBytes()
                && one.header().geometry().clusterBits()
                        == other.header().geometry().clusterBits()
                && one.header().compressionType() == other.header().compressionType();
    }

    @Override
    public Piece resolve(int top, int bottom, long offset, long maxLengthBytes) throws IOException {
        long length = maxLengthBytes;
        for (int i = top; i >= bottom; i--) {
            LayerCursor layer = layers[i];
            if (!layer.isAt(offset)) {
                if (offset >= layer.layer().virtualSizeBytes()) {
                    return new Piece(offset, length, Source.PAST_END, i, -1);
                }
                layer.moveTo(offset, length);
            }
            length = Math.min(length, layer.end() - offset);
            Source source = layer.source();
            if (source != Source.NOTHING) {
                return new Piece(offset, length, source, i, layer.hostOffset(offset));
            }
        }
        return new Piece(offset, length, Source.NOTHING, Piece.NOBODY, -1);
    }

    /** Reads what a piece stands for; {@code into} takes at most the piece's length. */
    public void read(Piece piece, ByteBuffer into) throws IOException {
        switch (piece.source()) {
            case NOTHING, ZERO, PAST_END -> {
                MemorySegment.ofBuffer(into).fill((byte) 0);
                into.position(into.limit());
            }
            case DATA -> layer(piece.layer()).file().readData(into, piece.hostOffset());
            case COMPRESSED ->
                layer(piece.layer())
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
