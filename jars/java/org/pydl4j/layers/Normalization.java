package org.pydl4j.layers;

import java.util.Map;
import org.nd4j.autodiff.samediff.SDVariable;
import org.nd4j.autodiff.samediff.SameDiff;
import org.nd4j.linalg.factory.Nd4j;
import org.pydl4j.Constants;
import org.pydl4j.TranslatedLayer;

/**
 * Keras's {@code Normalization}: {@code (x - mean) / max(sqrt(variance), 1e-7)}, or the {@code invert} of it. {@code
 * shape} is the shape of the statistics among the input's axes, the batch included. They are weights or, where Keras was
 * given them, settings.
 */
public final class Normalization extends TranslatedLayer {
    private static final double SMALLEST = 1e-7; // Keras's epsilon

    @Override
    protected SDVariable define(SameDiff sd, SDVariable input, Map<String, SDVariable> weights) {
        int[] shape = integers("shape");
        SDVariable mean = statistic(input, "mean", weights).reshape(shape);
        SDVariable variance = statistic(input, "variance", weights).reshape(shape);
        SDVariable deviation = sd.math().max(sd.math().sqrt(variance), Constants.number(input, SMALLEST));
        return flag("invert") ? mean.add(input.mul(deviation)) : input.sub(mean).div(deviation);
    }

    private SDVariable statistic(SDVariable input, String name, Map<String, SDVariable> weights) {
        if (weights.containsKey(name)) {
            return weights.get(name);
        }
        return Constants.array(input, Nd4j.create(numbers(name)));
    }
}
