package org.pydl4j.layers;

import java.util.Map;
import org.nd4j.autodiff.samediff.SDVariable;
import org.nd4j.autodiff.samediff.SameDiff;
import org.pydl4j.TranslatedLayer;

/**
 * Keras's {@code GlobalAveragePooling1D} of a sequence with a mask, which is the last feature of the input: the mean of
 * the steps that count. With {@code keepdims} the output keeps the axis of the steps.
 */
public final class MaskedAverage extends TranslatedLayer {
    @Override
    protected SDVariable define(SameDiff sd, SDVariable input, Map<String, SDVariable> weights) {
        long features = input.getShape()[2] - 1;
        SDVariable mask = Functions.part(input, 3, features, features + 1);
        SDVariable x = Functions.part(input, 3, 0, features);
        boolean keep = flag("keepdims");
        return sd.sum(x.mul(mask), keep, 1).div(sd.sum(mask, keep, 1));
    }
}
