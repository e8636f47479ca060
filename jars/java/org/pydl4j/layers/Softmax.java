package org.pydl4j.layers;

import java.util.Map;
import org.nd4j.autodiff.samediff.SDVariable;
import org.nd4j.autodiff.samediff.SameDiff;
import org.pydl4j.TranslatedLayer;

/** Keras's {@code Softmax} over the axes {@code axis}, counted with the batch. */
public final class Softmax extends TranslatedLayer {
    @Override
    protected SDVariable define(SameDiff sd, SDVariable x, Map<String, SDVariable> weights) {
        int[] axes = integers("axis");
        SDVariable powers = sd.math().exp(x.sub(sd.max(x, true, axes)));
        return powers.div(sd.sum(powers, true, axes));
    }
}
