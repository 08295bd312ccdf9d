package io.planish.storage;

import io.planish.ErrorKind;
import io.planish.ImageException;
import io.planish.storage.SimulatedStorage.Failure;
import io.planish.storage.SimulatedStorage.PowerLost;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** Counts the steps of a storage and lets happen what is planned for one of them. */
final class Accidents {
    private static final long NEVER = Long.MAX_VALUE;

    private long steps;
    private long changes;
    private long losesPowerBefore = NEVER;
    private long losesPowerAfter = NEVER;
    private final Map<Long, Failure> failures = new HashMap<>();
    private Consumer<String> listener = step -> {};
    private @Nullable String powerLostAt;

    void losePowerBefore(long step) {
        losesPowerBefore = step;
    }

    void losePowerAfter(long step) {
        losesPowerAfter = step;
    }

    void failStep(long step, Failure failure) {
        failures.put(step, failure);
    }

    void onStep(Consumer<String> newListener) {
        listener = newListener;
    }

    long steps() {
        return steps;
    }

    long changes() {
        return changes;
    }

    void requirePower() {
        if (powerLostAt != null) {
            throw new PowerLost(powerLostAt);
        }
    }

    /** Counts a step and takes it, or lets it fail; {@code onFailure} is what is done all the same. */
    <T> T step(String what, Path path, Supplier<T> action, Consumer<Failure> onFailure) throws ImageException {
        requirePower();
        steps++;
        changes += what.startsWith("sync ") ? 0 : 1;
        listener.accept(what);
        if (steps == losesPowerBefore) {
            losePower("before step " + steps + ": " + what);
        }
        Failure failure = failures.get(steps);
        if (failure != null) {
            onFailure.accept(failure);
            throw new ImageException(
                    failure == Failure.NO_SPACE ? ErrorKind.NO_SPACE : ErrorKind.IO,
                    path.toString(),
                    "step " + steps + " was made to fail: " + what,
                    "");
        }
        T result = action.get();
        if (steps == losesPowerAfter) {
            losePower("after step " + steps + ": " + what);
        }
        return result;
    }

    private void losePower(String at) {
        powerLostAt = at;
        requirePower();
    }
}
