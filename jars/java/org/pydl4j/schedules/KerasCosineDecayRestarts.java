package org.pydl4j.schedules;

import java.util.Arrays;
import java.util.List;
import org.nd4j.shade.jackson.annotation.JsonProperty;

/**
 * Keras's {@code CosineDecayRestarts}: half a cosine down, again and again, each {@code periodFactor} (t_mul) times as
 * long and {@code heightFactor} (m_mul) times as high as the one before.
 */
public final class KerasCosineDecayRestarts extends KerasSchedule {
    private final double initialLearningRate;
    private final double firstDecaySteps;
    private final double periodFactor;
    private final double heightFactor;
    private final double alpha;

    public KerasCosineDecayRestarts(
            @JsonProperty("initialLearningRate") double initialLearningRate,
            @JsonProperty("firstDecaySteps") double firstDecaySteps,
            @JsonProperty("periodFactor") double periodFactor,
            @JsonProperty("heightFactor") double heightFactor,
            @JsonProperty("alpha") double alpha) {
        this.initialLearningRate = initialLearningRate;
        this.firstDecaySteps = firstDecaySteps;
        this.periodFactor = periodFactor;
        this.heightFactor = heightFactor;
        this.alpha = alpha;
    }

    @Override
    double at(double step) {
        double done = step / firstDecaySteps;
        double restart;
        if (periodFactor == 1) {
            restart = Math.floor(done);
            done -= restart;
        } else {
            restart = Math.floor(Math.log(1 - done * (1 - periodFactor)) / Math.log(periodFactor));
            done = (done - (1 - Math.pow(periodFactor, restart)) / (1 - periodFactor)) / Math.pow(periodFactor, restart);
        }
        double height = Math.pow(heightFactor, restart);
        return initialLearningRate * ((1 - alpha) * 0.5 * height * (1 + Math.cos(Math.PI * done)) + alpha);
    }

    @Override
    List<Object> settings() {
        return Arrays.asList(initialLearningRate, firstDecaySteps, periodFactor, heightFactor, alpha);
    }

    public double getInitialLearningRate() {
        return initialLearningRate;
    }

    public double getFirstDecaySteps() {
        return firstDecaySteps;
    }

    public double getPeriodFactor() {
        return periodFactor;
    }

    public double getHeightFactor() {
        return heightFactor;
    }

    public double getAlpha() {
        return alpha;
    }
}
