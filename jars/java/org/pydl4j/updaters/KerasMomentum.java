package org.pydl4j.updaters;

import java.util.Arrays;
import java.util.List;
import org.nd4j.linalg.api.ndarray.INDArray;

/** Keras's SGD with heavy-ball momentum: {@code v = momentum v - rate g; w += v}. State: v. */
public final class KerasMomentum extends KerasUpdater {
    private double momentum = 0.9;

    public double getMomentum() {
        return momentum;
    }

    public void setMomentum(double momentum) {
        this.momentum = momentum;
    }

    @Override
    int slots() {
        return 1;
    }

    @Override
    List<Object> settings() {
        return Arrays.asList(momentum);
    }

    @Override
    void update(INDArray gradient, INDArray[] slots, double rate, int iteration) {
        slots[0].muli(momentum).subi(gradient.muli(rate));
        gradient.assign(slots[0]).negi();
    }
}
