package org.pydl4j.updaters;

import static org.nd4j.linalg.ops.transforms.Transforms.max;
import static org.nd4j.linalg.ops.transforms.Transforms.sqrt;

import java.util.Arrays;
import java.util.List;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * Keras's Adam, which is ND4J's, for embeddings whose gradients come one by one: {@code m = beta1 m + (1 - beta1) g;
 * v = beta2 v + (1 - beta2) g^2}; with amsgrad {@code w = max(w, v)} stands for v in the step, which is
 * {@code rate sqrt(1 - beta2^t) / (1 - beta1^t) m / (sqrt(v) + epsilon)}, t from 1. State: m, v, then w with amsgrad.
 */
public final class KerasAdam extends KerasUpdater {
    private double beta1 = 0.9;
    private double beta2 = 0.999;
    private double epsilon = 1e-7;
    private boolean amsgrad = false;

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

    public boolean getAmsgrad() {
        return amsgrad;
    }

    public void setAmsgrad(boolean amsgrad) {
        this.amsgrad = amsgrad;
    }

    @Override
    int slots() {
        return amsgrad ? 3 : 2;
    }

    @Override
    List<Object> settings() {
        return Arrays.asList(beta1, beta2, epsilon, amsgrad);
    }

    @Override
    void update(INDArray gradient, INDArray[] slots, double rate, int iteration) {
        int t = iteration + 1;
        slots[0].muli(beta1).addi(gradient.mul(1 - beta1));
        slots[1].muli(beta2).addi(ofAll(gradient).muli(1 - beta2));
        INDArray second = slots[1];
        if (amsgrad) {
            slots[2].assign(max(slots[2], second, true));
            second = slots[2];
        }
        double corrected = rate * Math.sqrt(1 - Math.pow(beta2, t)) / (1 - Math.pow(beta1, t));
        gradient.assign(slots[0]).muli(corrected).divi(sqrt(second, true).addi(epsilon));
    }
}
