package org.pydl4j.schedules;

import java.util.Arrays;
import java.util.List;
import org.nd4j.shade.jackson.annotation.JsonProperty;

/** Keras's {@code CosineDecay}: a straight line up to {@code warmupTarget}, and half a cosine down from there. */
public final class KerasCosineDecay extends KerasSchedule {
    private final double initialLearningRate;
    private final double decaySteps;
    private final double alpha;
    private final double warmupTarget;
    private final double warmupSteps;

    public KerasCosineDecay(
            @JsonProperty("initialLearningRate") double initialLearningRate,
            @JsonProperty("decaySteps") double decaySteps,
            @JsonProperty("alpha") double alpha,
            @JsonProperty("warmupTarget") double warmupTarget,
            @JsonProperty("warmupSteps") double warmupSteps) {
        this.initialLearningRate = initialLearningRate;
        this.decaySteps = decaySteps;
        this.alpha = alpha;
        this.warmupTarget = warmupTarget;
        this.warmupSteps = warmupSteps;
    }

    @Override
    double at(double step) {
        if (step < warmupSteps) {
            return initialLearningRate + (warmupTarget - initialLearningRate) * step / warmupSteps;
        }
        double done = Math.min(step - warmupSteps, decaySteps) / decaySteps;
        return warmupTarget * ((1 - alpha) * 0.5 * (1 + Math.cos(Math.PI * done)) + alpha);
    }

    @Override
    List<Object> settings() {
        return Arrays.asList(initialLearningRate, decaySteps, alpha, warmupTarget, warmupSteps);
    }

    public double getInitialLearningRate() {
        return initialLearningRate;
    }

    public double getDecaySteps() {
        return decaySteps;
    }

    public double getAlpha() {
        return alpha;
    }

    public double getWarmupTarget() {
        return warmupTarget;
    }

    public double getWarmupSteps() {
        return warmupSteps;
    }
}
