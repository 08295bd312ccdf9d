package io.planish.fleet;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/** What a guest must see on a disk, known from what was written to it: one byte value, 0 for nothing, a sector of 512 bytes. */
public final class Content {
    private static final int SECTOR = 512;
    /** Commands to one {@code qemu-io}: well below what a command line may hold. */
    private static final int AT_ONCE = 1000;

    private final byte[] values;

    Content(long bytes) {
        this(new byte[Math.toIntExact(bytes / SECTOR)]);
    }

    private Content(byte[] values) {
        this.values = values;
    }

    Content copy() {
        return new Content(values.clone());
    }

    void write(long offset, long lengthBytes, int value) {
        int from = Math.toIntExact(offset / SECTOR);
        Arrays.fill(values, from, from + Math.toIntExact(lengthBytes / SECTOR), (byte) value);
    }

    /**
     * Has QEMU read all of an image, through its chain.
     *
     * @return what it says is not as it must be; empty: all is right
     */
    public String differenceIn(Path image, String format) throws IOException {
        List<String> reads = reads();
        for (int i = 0; i < reads.size(); i += AT_ONCE) {
            List<String> command = new ArrayList<>(List.of("qemu-io", "-U", "-r", "-f", format));
            reads.subList(i, Math.min(reads.size(), i + AT_ONCE)).forEach(read -> command.addAll(List.of("-c", read)));
            command.add(image.toString());
            Qemu.Answer answer = Qemu.run(command);
            if (answer.exit() != 0 || answer.text().contains("failed")) {
                return answer.text().lines().findFirst().orElse("qemu-io ended with " + answer.exit());
            }
        }
        return "";
    }

    private List<String> reads() {
        List<String> reads = new ArrayList<>();
        for (int from = 0; from < values.length; ) {
            int to = from + 1;
            while (to < values.length && values[to] == values[from]) {
                to++;
            }
            reads.add("read -q -P " + (values[from] & 0xFF) + " " + (long) from * SECTOR + " "
                    + (long) (to - from) * SECTOR);
            from = to;
        }
        return reads;
    }
}
