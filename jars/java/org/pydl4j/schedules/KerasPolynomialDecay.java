package org.pydl4j.schedules;

import java.util.Arrays;
import java.util.List;
import org.nd4j.shade.jackson.annotation.JsonProperty;

/**
 * Keras's {@code PolynomialDecay}: down to a rate, along a power of the part that is left; with {@code cycle} up again,
 * and down over as many more steps.
 */
public final class KerasPolynomialDecay extends KerasSchedule {
    private final double initialLearningRate;
    private final double decaySteps;
    private final double endLearningRate;
    private final double power;
    private final boolean cycle;

    public KerasPolynomialDecay(
            @JsonProperty("initialLearningRate") double initialLearningRate,
            @JsonProperty("decaySteps") double decaySteps,
            @JsonProperty("endLearningRate") double endLearningRate,
            @JsonProperty("power") double power,
            @JsonProperty("cycle") boolean cycle) {
        this.initialLearningRate = initialLearningRate;
        this.decaySteps = decaySteps;
        this.endLearningRate = endLearningRate;
        this.power = power;
        this.cycle = cycle;
    }

    @Override
    double at(double step) {
        double over = cycle ? decaySteps * Math.max(1, Math.ceil(step / decaySteps)) : decaySteps;
        double left = 1 - Math.min(step, over) / over;
        return (initialLearningRate - endLearningRate) * Math.pow(left, power) + endLearningRate;
    }

    @Override
    List<Object> settings() {
        return Arrays.asList(initialLearningRate, decaySteps, endLearningRate, power, cycle);
    }

    public double getInitialLearningRate() {
        return initialLearningRate;
    }

    public double getDecaySteps() {
        return decaySteps;
    }

    public double getEndLearningRate() {
        return endLearningRate;
    }

    public double getPower() {
        return power;
    }

    public boolean getCycle() {
        return cycle;
    }
}
