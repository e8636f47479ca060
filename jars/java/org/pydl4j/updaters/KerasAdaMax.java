package org.pydl4j.updaters;

import static org.nd4j.linalg.ops.transforms.Transforms.abs;
import static org.nd4j.linalg.ops.transforms.Transforms.max;

import java.util.Arrays;
import java.util.List;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * Keras's Adamax, which uses its epsilon: {@code m = beta1 m + (1 - beta1) g; u = max(beta2 u, |g|)}; the step is
 * {@code rate / (1 - beta1^t) m / (u + epsilon)}, t from 1. State: m, u.
 */
public final class KerasAdaMax extends KerasUpdater {
    private double beta1 = 0.9;
    private double beta2 = 0.999;
    private double epsilon = 1e-7;

    public double getBeta1() {
        return beta1;
    }

    public void setBeta1(double beta1) {
        this.beta1 = beta1;
    }

    public double getBeta2() {
        return beta2;
    }

    public void setBeta2(double beta2) {
        this.beta2 = beta2;
    }

    public double getEpsilon() {
        return epsilon;
    }

    public void setEpsilon(double epsilon) {
        this.epsilon = epsilon;
    }

    @Override
    int slots() {
        return 2;
    }

    @Override
    List<Object> settings() {
        return Arrays.asList(beta1, beta2, epsilon);
    }

    @Override
    public INDArray ofEach(INDArray gradients) {
        return abs(gradients, true);
    }

    @Override
    void update(INDArray gradient, INDArray[] slots, double rate, int iteration) {
        slots[0].muli(beta1).addi(gradient.mul(1 - beta1));
        slots[1].assign(max(slots[1].muli(beta2), ofAll(gradient), true));
        double corrected = rate / (1 - Math.pow(beta1, iteration + 1.0));
        gradient.assign(slots[0]).muli(corrected).divi(slots[1].add(epsilon));
    }
}
