package org.pydl4j.layers;

import java.util.Map;
import org.nd4j.autodiff.samediff.SDVariable;
import org.nd4j.autodiff.samediff.SameDiff;
import org.nd4j.linalg.factory.Nd4j;
import org.pydl4j.TranslatedLayer;

/** Keras's {@code Rescaling}: {@code x * scale + offset}, each one number or one for each of the last axis. */
public final class Rescaling extends TranslatedLayer {
    @Override
    protected SDVariable define(SameDiff sd, SDVariable input, Map<String, SDVariable> weights) {
        return input.mul(constant(sd, "scale", input)).add(constant(sd, "offset", input));
    }

    private SDVariable constant(SameDiff sd, String name, SDVariable input) {
        double[] values = numbers(name);
        int rank = input.getShape().length;
        return sd.constant(Nd4j.create(values, Functions.alongAxis(rank, rank - 1, values.length), input.dataType()));
    }
}
