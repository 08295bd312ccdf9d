package io.planish.load.bench;

import io.planish.chain.ImageRef;
import io.planish.plan.Owned;
import java.util.SplittableRandom;

/**
 * What an image of a made-up fleet owns, made anew each time from its address: 1 to 30 % of 480,000 clusters, fewer more often than many, in
 * runs of 24 clusters on average, three times as dense in the quarter of the disk that its machine writes most. A sixteenth of the runs are
 * zeroes.
 */
final class Bitmaps {
    static final int CLUSTERS = 480_000;
    static final int CLUSTER_BYTES = 65536;

    private static final int MEAN_RUN = 24;
    private static final double MOST = 0.3;
    private static final double LEAST = 0.01;
    private static final double HOT = 2;
    private static final double COLD = 2.0 / 3;

    private Bitmaps() {}

    /** The share of the disk that the image owns, about. */
    static double share(ImageRef image) {
        return share(new SplittableRandom(seed(image.path())));
    }

    private static double share(SplittableRandom random) {
        return LEAST * Math.pow(MOST / LEAST, random.nextDouble());
    }

    static Owned owned(ImageRef image) {
        SplittableRandom random = new SplittableRandom(seed(image.path()));
        double share = share(random);
        int machine = (int) (seed(image.path().substring(0, image.path().indexOf('/'))) >>> 32);
        RunWriter data = new RunWriter();
        RunWriter zero = new RunWriter();
        for (int key = 0; key * RunWriter.CONTAINER < CLUSTERS; key++) {
            boolean hot = key == (machine & 7) || key == (machine >>> 3 & 7);
            double density = share * (hot ? HOT : COLD);
            double meanGap = MEAN_RUN * (1 - density) / density;
            int end = Math.min(RunWriter.CONTAINER, CLUSTERS - key * RunWriter.CONTAINER);
            data.begin(key);
            zero.begin(key);
            for (int at = upToTwice(random, meanGap); at < end; at += upToTwice(random, meanGap)) {
                int length = Math.min(end - at, upToTwice(random, MEAN_RUN));
                (random.nextInt(16) == 0 ? zero : data).add(at, length);
                at += length;
            }
            data.end();
            zero.end();
        }
        return new Owned(CLUSTER_BYTES, data.bitmap(), zero.bitmap());
    }

    private static int upToTwice(SplittableRandom random, double mean) {
        return 1 + (int) (random.nextDouble() * 2 * (mean - 1));
    }

    private static long seed(String text) {
        long hash = 0;
        for (int i = 0; i < text.length(); i++) {
            hash = (hash ^ text.charAt(i)) * 0x9E3779B97F4A7C15L;
            hash ^= hash >>> 29;
        }
        return hash;
    }
}
