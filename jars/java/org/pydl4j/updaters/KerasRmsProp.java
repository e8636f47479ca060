package org.pydl4j.updaters;

import static org.nd4j.linalg.ops.transforms.Transforms.sqrt;

import java.util.Arrays;
import java.util.List;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * Keras's RMSprop with all of its options: {@code s = rho s + (1 - rho) g^2}; centred, {@code a = rho a + (1 - rho) g}
 * and a^2 is taken from s; the step is {@code rate g / sqrt(s + epsilon)}, or {@code rate g / (sqrt(s) + epsilon)} where
 * epsilon is outside (Keras before 2.11, without momentum); with momentum {@code m = momentum m + step} is the step.
 *
 * <p>State: s, then a if centred, then m if there is momentum.
 */
public final class KerasRmsProp extends KerasUpdater {
    private double rho = 0.9;
    private double momentum = 0.0;
    private double epsilon = 1e-7;
    private boolean centered = false;
    private boolean epsilonOutside = false;

    public double getRho() {
        return rho;
    }

    public void setRho(double rho) {
        this.rho = rho;
    }

    public double getMomentum() {
        return momentum;
    }

    public void setMomentum(double momentum) {
        this.momentum = momentum;
    }

    public double getEpsilon() {
        return epsilon;
    }

    public void setEpsilon(double epsilon) {
        this.epsilon = epsilon;
    }

    public boolean getCentered() {
        return centered;
    }

    public void setCentered(boolean centered) {
        this.centered = centered;
    }

    public boolean getEpsilonOutside() {
        return epsilonOutside;
    }

    public void setEpsilonOutside(boolean epsilonOutside) {
        this.epsilonOutside = epsilonOutside;
    }

    @Override
    int slots() {
        return 1 + (centered ? 1 : 0) + (momentum > 0 ? 1 : 0);
    }

    @Override
    List<Object> settings() {
        return Arrays.asList(rho, momentum, epsilon, centered, epsilonOutside);
    }

    @Override
    void update(INDArray gradient, INDArray[] slots, double rate, int iteration) {
        slots[0].muli(rho).addi(ofAll(gradient).muli(1 - rho));
        INDArray below = slots[0];
        if (centered) {
            slots[1].muli(rho).addi(gradient.mul(1 - rho));
            below = below.sub(slots[1].mul(slots[1]));
        }
        below = epsilonOutside ? sqrt(below, true).addi(epsilon) : sqrt(below.add(epsilon), false);
        gradient.muli(rate).divi(below);
        if (momentum > 0) {
            INDArray last = slots[slots.length - 1];
            last.muli(momentum).addi(gradient);
            gradient.assign(last);
        }
    }
}
