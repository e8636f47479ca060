package org.pydl4j.updaters;

import static org.nd4j.linalg.ops.transforms.Transforms.sqrt;

import java.util.Arrays;
import java.util.List;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * Keras's Adagrad: {@code s += g^2}, from {@code initialAccumulatorValue} on; the step is
 * {@code rate g / sqrt(s + epsilon)}, or {@code rate g / (sqrt(s) + epsilon)} where epsilon is outside (Keras before
 * 2.11). State: s.
 */
public final class KerasAdaGrad extends KerasUpdater {
    private double initialAccumulatorValue = 0.1;
    private double epsilon = 1e-7;
    private boolean epsilonOutside = false;

    public double getInitialAccumulatorValue() {
        return initialAccumulatorValue;
    }

    public void setInitialAccumulatorValue(double initialAccumulatorValue) {
        this.initialAccumulatorValue = initialAccumulatorValue;
    }

    public double getEpsilon() {
        return epsilon;
    }

    public void setEpsilon(double epsilon) {
        this.epsilon = epsilon;
    }

    public boolean getEpsilonOutside() {
        return epsilonOutside;
    }

    public void setEpsilonOutside(boolean epsilonOutside) {
        this.epsilonOutside = epsilonOutside;
    }

    @Override
    int slots() {
        return 1;
    }

    @Override
    double initialValue(int slot) {
        return initialAccumulatorValue;
    }

    @Override
    List<Object> settings() {
        return Arrays.asList(initialAccumulatorValue, epsilon, epsilonOutside);
    }

    @Override
    void update(INDArray gradient, INDArray[] slots, double rate, int iteration) {
        slots[0].addi(ofAll(gradient));
        INDArray below =
                epsilonOutside ? sqrt(slots[0], true).addi(epsilon) : sqrt(slots[0].add(epsilon), false);
        gradient.muli(rate).divi(below);
    }
}
