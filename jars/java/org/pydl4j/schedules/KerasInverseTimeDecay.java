package org.pydl4j.schedules;

import java.util.Arrays;
import java.util.List;
import org.nd4j.shade.jackson.annotation.JsonProperty;

/** Keras's {@code InverseTimeDecay} with {@code staircase}, which ND4J's InverseSchedule does not have. */
public final class KerasInverseTimeDecay extends KerasSchedule {
    private final double initialLearningRate;
    private final double decaySteps;
    private final double decayRate;

    public KerasInverseTimeDecay(
            @JsonProperty("initialLearningRate") double initialLearningRate,
            @JsonProperty("decaySteps") double decaySteps,
            @JsonProperty("decayRate") double decayRate) {
        this.initialLearningRate = initialLearningRate;
        this.decaySteps = decaySteps;
        this.decayRate = decayRate;
    }

    @Override
    double at(double step) {
        return initialLearningRate / (1 + decayRate * Math.floor(step / decaySteps));
    }

    @Override
    List<Object> settings() {
        return Arrays.asList(initialLearningRate, decaySteps, decayRate);
    }

    public double getInitialLearningRate() {
        return initialLearningRate;
    }

    public double getDecaySteps() {
        return decaySteps;
    }

    public double getDecayRate() {
        return decayRate;
    }
}
