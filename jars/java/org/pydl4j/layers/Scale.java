package org.pydl4j.layers;

import java.util.Map;
import org.nd4j.autodiff.samediff.SDVariable;
import org.nd4j.autodiff.samediff.SameDiff;
import org.pydl4j.TranslatedLayer;

/** The input times the weight {@code gamma}: one number, or one for each of the last axis. */
public final class Scale extends TranslatedLayer {
    @Override
    protected SDVariable define(SameDiff sd, SDVariable input, Map<String, SDVariable> weights) {
        SDVariable gamma = weights.get("gamma");
        int rank = input.getShape().length;
        return input.mul(gamma.reshape(Functions.alongAxis(rank, rank - 1, gamma.getShape()[0])));
    }
}
