package org.pydl4j.updaters;

import static org.nd4j.linalg.ops.transforms.Transforms.sqrt;

import java.util.Arrays;
import java.util.List;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * Keras's Nadam, with its momentum schedule: {@code u(t) = beta1 (1 - 0.5 * 0.96^(t scheduleDecay))} and U(t) the
 * product of u(1) to u(t); {@code m = beta1 m + (1 - beta1) g; v = beta2 v + (1 - beta2) g^2}; the step is
 * {@code rate (u(t+1) m / (1 - U(t+1)) + (1 - u(t)) g / (1 - U(t))) / (sqrt(v / (1 - beta2^t)) + epsilon)}, t from 1.
 * State: m, v. Keras since 2.11 has {@code scheduleDecay} 1, before that it was a setting, 0.004 by default.
 */
public final class KerasNadam extends KerasUpdater {
    private double beta1 = 0.9;
    private double beta2 = 0.999;
    private double epsilon = 1e-7;
    private double scheduleDecay = 1.0;

    /** U(t) for the t that was asked for last: it is the same for every block of parameters. */
    private transient int productAt = 0;
    private transient double product = 1.0;

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

    public double getScheduleDecay() {
        return scheduleDecay;
    }

    public void setScheduleDecay(double scheduleDecay) {
        this.scheduleDecay = scheduleDecay;
    }

    @Override
    int slots() {
        return 2;
    }

    @Override
    List<Object> settings() {
        return Arrays.asList(beta1, beta2, epsilon, scheduleDecay);
    }

    private double momentum(int t) {
        return beta1 * (1 - 0.5 * Math.pow(0.96, t * scheduleDecay));
    }

    private double product(int t) {
        if (productAt > t) {
            productAt = 0;
        }
        if (productAt == 0) {
            product = 1.0;
        }
        while (productAt < t) {
            productAt++;
            product *= momentum(productAt);
        }
        return product;
    }

    @Override
    void update(INDArray gradient, INDArray[] slots, double rate, int iteration) {
        int t = iteration + 1;
        double now = momentum(t);
        double next = momentum(t + 1);
        double untilNow = product(t);
        slots[0].muli(beta1).addi(gradient.mul(1 - beta1));
        slots[1].muli(beta2).addi(ofAll(gradient).muli(1 - beta2));
        gradient.muli((1 - now) / (1 - untilNow)).addi(slots[0].mul(next / (1 - untilNow * next)));
        INDArray below = sqrt(slots[1].mul(1 / (1 - Math.pow(beta2, t))), false).addi(epsilon);
        gradient.muli(rate).divi(below);
    }
}
