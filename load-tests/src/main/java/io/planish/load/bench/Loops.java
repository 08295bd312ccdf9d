package io.planish.load.bench;

import io.planish.qcow2.L2Entry;
import io.planish.qcow2.Refcounts;
import java.nio.ByteBuffer;
import java.util.concurrent.Callable;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.Warmup;
import org.openjdk.jmh.runner.Runner;
import org.openjdk.jmh.runner.RunnerException;
import org.openjdk.jmh.runner.options.OptionsBuilder;
import picocli.CommandLine.Command;

/** The loops that run once for every cluster: decoding entries, counting references. */
@Command(
        name = "loops",
        mixinStandardHelpOptions = true,
        description = "JMH over the loops that run for every cluster.")
public final class Loops implements Callable<Integer> {
    @Override
    public Integer call() throws RunnerException {
        new Runner(new OptionsBuilder().include(PerCluster.class.getName()).build()).run();
        return 0;
    }

    /** One table of 64 KiB, entry by entry. */
    @State(Scope.Thread)
    @BenchmarkMode(Mode.AverageTime)
    @OutputTimeUnit(TimeUnit.MICROSECONDS)
    @Warmup(iterations = 3, time = 1)
    @Measurement(iterations = 5, time = 1)
    @Fork(1)
    public static class PerCluster {
        private static final int TABLE_BYTES = 65536;

        @Param({"1", "16", "64"})
        int refcountBits;

        private final ByteBuffer l2 = ByteBuffer.allocateDirect(TABLE_BYTES);
        private final ByteBuffer counts = ByteBuffer.allocateDirect(TABLE_BYTES);

        @Setup
        public void fill() {
            for (int i = 0; i < TABLE_BYTES / Long.BYTES; i++) {
                l2.putLong(i * Long.BYTES, i % 3 == 0 ? 0 : L2Entry.standard((i + 5L) << 16, true));
            }
        }

        @Benchmark
        public int kindsOfOneL2Table() {
            int data = 0;
            for (int i = 0; i < TABLE_BYTES; i += Long.BYTES) {
                data += L2Entry.kind(l2.getLong(i)) == L2Entry.Kind.STANDARD ? 1 : 0;
            }
            return data;
        }

        @Benchmark
        public long raiseAndSumOneRefcountBlock() {
            long sum = 0;
            for (int i = 0; i < TABLE_BYTES * 8 / refcountBits; i++) {
                Refcounts.set(counts, i, refcountBits, 1);
                sum += Refcounts.get(counts, i, refcountBits);
            }
            return sum;
        }
    }
}
