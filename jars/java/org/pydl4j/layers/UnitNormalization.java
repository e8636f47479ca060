package org.pydl4j.layers;

import java.util.Map;
import org.nd4j.autodiff.samediff.SDVariable;
import org.nd4j.autodiff.samediff.SameDiff;
import org.pydl4j.Constants;
import org.pydl4j.TranslatedLayer;

/**
 * Keras's {@code UnitNormalization}: vectors of the length 1 along the axes {@code axis} (counted with the batch).
 * {@code smallest}: the square of a length counts at least this much.
 */
public final class UnitNormalization extends TranslatedLayer {
    @Override
    protected SDVariable define(SameDiff sd, SDVariable input, Map<String, SDVariable> weights) {
        return unit(sd, input, number("smallest"), integers("axis"));
    }

    static SDVariable unit(SameDiff sd, SDVariable x, double smallest, int... axes) {
        SDVariable squares = sd.sum(sd.math().square(x), true, axes);
        return x.div(sd.math().sqrt(sd.math().max(squares, Constants.number(squares, smallest))));
    }
}
