package io.planish.merge;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.planish.ImageException;
import io.planish.merge.MergedBitmap.Holder;
import io.planish.merge.MergedBitmap.Part;
import io.planish.qcow2.BitmapEntry;
import java.nio.ByteBuffer;
import java.util.List;
import org.junit.jupiter.api.Test;

class MergedBitmapTest {
    private static final int AUTO = BitmapEntry.AUTO;
    private static final int IN_USE = BitmapEntry.IN_USE;

    @Test
    void bitmapsOfDifferentNamesAllComeTogether() throws ImageException {
        List<MergedBitmap> merged = MergedBitmap.of(
                List.of(
                        holder(1, bitmap("a", AUTO)),
                        holder(2, bitmap("b", 0), bitmap("c", AUTO)),
                        holder(3, bitmap("d", 0))),
                true);

        assertThat(merged).extracting(m -> m.form().name()).containsExactly("a", "b", "c", "d");
        assertThat(merged).extracting(m -> m.form().flags()).containsExactly(AUTO, 0, AUTO, 0);
        assertThat(merged).allSatisfy(m -> assertThat(m.parts()).hasSize(1));
    }

    @Test
    void bitmapsOfOneNameBecomeOneThatIsEnabledAsAtTheTopIfItsPlaceIsTaken() throws ImageException {
        List<Holder> holders =
                List.of(holder(1, bitmap("x", AUTO)), holder(2), holder(3, bitmap("x", 0)), holder(4, bitmap("x", 0)));

        MergedBitmap underTheTopsName = MergedBitmap.of(holders, true).getFirst();
        MergedBitmap underItsOwnName = MergedBitmap.of(holders, false).getFirst();

        assertThat(underTheTopsName.form().isEnabled()).isFalse();
        assertThat(underItsOwnName.form().isEnabled()).isTrue();
        assertThat(underItsOwnName.parts()).extracting(Part::layer).containsExactly(1, 3, 4);
        assertThat(underItsOwnName.parts())
                .extracting(part -> part.bitmap().isEnabled())
                .containsExactly(true, false, false);
    }

    @Test
    void theGranularityIsTheTopsIfItsPlaceIsTakenAndElseTheTargets() throws ImageException {
        List<Holder> holders = List.of(holder(1, shaped("x", 16, 0)), holder(2, shaped("x", 9, 0)), holder(3));

        assertThat(MergedBitmap.of(holders, true).getFirst().form().granularityBits())
                .isEqualTo(9);
        assertThat(MergedBitmap.of(holders, false).getFirst().form().granularityBits())
                .isEqualTo(16);
    }

    @Test
    void oneInconsistentPartMakesTheWholeInconsistentAndIsToldByName() throws ImageException {
        List<Holder> holders = List.of(holder(1, bitmap("x", AUTO)), holder(2, bitmap("x", IN_USE | AUTO)));

        assertThat(MergedBitmap.of(holders, true).getFirst().form().isInUse()).isTrue();
        assertThat(MergedBitmap.of(holders, false).getFirst().form().isInUse()).isTrue();
        assertThatThrownBy(() -> MergedBitmap.requireConsistent(holders))
                .hasMessageContaining("layer 2: its persistent bitmap 'x' was not saved correctly");
    }

    @Test
    void whatDoesNotFitOrIsNotUnderstoodIsRefusedByName() {
        assertRefused("'x' has unknown flags 0x8", holder(1, bitmap("x", 8)));
        assertRefused("'x' has unknown type 2", holder(1, new BitmapEntry(0, 1, 0, 2, 16, extra(0), "x")));
        assertRefused("'x' has a granularity of 2^8 bytes", holder(1, shaped("x", 8, 0)));
        assertRefused("'x' has extra data", holder(1, new BitmapEntry(0, 1, 0, 1, 16, extra(8), "x")));
        assertRefused("has a name that is none", holder(1, bitmap("", 0)));
        assertRefused("'a?b' was", holder(1, bitmap("a\u001bb", IN_USE)));
    }

    @Test
    void extraDataThatMayBePassedOverIsKept() throws ImageException {
        BitmapEntry entry = new BitmapEntry(0, 1, BitmapEntry.EXTRA_COMPATIBLE, 1, 16, extra(8), "x");

        BitmapEntry read = BitmapEntry.decode(MergedBitmap.of(List.of(holder(1, entry)), true)
                .getFirst()
                .form()
                .encode());

        assertThat(read).isEqualTo(entry);
        assertRefused("other extra data", holder(1, entry), holder(2, bitmap("x", 0)));
    }

    private static void assertRefused(String why, Holder... holders) {
        assertThatThrownBy(() -> {
                    MergedBitmap.requireConsistent(List.of(holders));
                    MergedBitmap.of(List.of(holders), true);
                })
                .isInstanceOf(ImageException.class)
                .hasMessageContaining("layer " + holders[holders.length - 1].layer())
                .hasMessageContaining(why);
    }

    private static Holder holder(int layer, BitmapEntry... bitmaps) {
        return new Holder(layer, "layer " + layer, List.of(bitmaps));
    }

    private static BitmapEntry bitmap(String name, int flags) {
        return shaped(name, 16, flags);
    }

    private static BitmapEntry shaped(String name, int granularityBits, int flags) {
        return new BitmapEntry(0, 1, flags, BitmapEntry.DIRTY_TRACKING, granularityBits, extra(0), name);
    }

    private static ByteBuffer extra(int length) {
        return ByteBuffer.allocate(length);
    }
}
