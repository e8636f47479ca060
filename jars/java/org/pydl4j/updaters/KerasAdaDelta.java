package org.pydl4j.updaters;

import static org.nd4j.linalg.ops.transforms.Transforms.sqrt;

import java.util.Arrays;
import java.util.List;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * Keras's Adadelta, which has a learning rate: {@code s = rho s + (1 - rho) g^2;
 * d = g sqrt(u + epsilon) / sqrt(s + epsilon); u = rho u + (1 - rho) d^2}; the step is {@code rate d}. State: s, u.
 */
public final class KerasAdaDelta extends KerasUpdater {
    private double rho = 0.95;
    private double epsilon = 1e-7;

    public double getRho() {
        return rho;
    }

    public void setRho(double rho) {
        this.rho = rho;
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
        return Arrays.asList(rho, epsilon);
    }

    @Override
    void update(INDArray gradient, INDArray[] slots, double rate, int iteration) {
        INDArray squares = ofAll(gradient);
        slots[0].muli(rho).addi(squares.mul(1 - rho));
        INDArray factor = sqrt(slots[1].add(epsilon), false).divi(sqrt(slots[0].add(epsilon), false));
        gradient.muli(factor);
        slots[1].muli(rho).addi(squares.muli(factor.muli(factor)).muli(1 - rho));
        gradient.muli(rate);
    }
}
