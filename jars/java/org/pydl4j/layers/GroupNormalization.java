package org.pydl4j.layers;

import java.util.Map;
import org.nd4j.autodiff.samediff.SDVariable;
import org.nd4j.autodiff.samediff.SameDiff;
import org.pydl4j.TranslatedLayer;

/**
 * Keras's {@code GroupNormalization}: the channels, which lie along {@code axis} (counted with the batch), in {@code
 * groups}; each group of an example has the mean 0 and the variance 1, before gamma and beta.
 */
public final class GroupNormalization extends TranslatedLayer {
    @Override
    protected SDVariable define(SameDiff sd, SDVariable input, Map<String, SDVariable> weights) {
        long[] shape = input.getShape();
        int axis = integers("axis")[0];
        long groups = (long) number("groups");
        long[] grouped = new long[shape.length + 1];
        int[] reduced = new int[shape.length - 1];
        for (int i = 0, at = 0; i < shape.length; i++) {
            grouped[at++] = i == axis ? groups : shape[i];
            if (i == axis) {
                grouped[at++] = shape[i] / groups;
            }
        }
        for (int i = 1, at = 0; i < grouped.length; i++) {
            if (i != axis) {
                reduced[at++] = i;
            }
        }
        SDVariable x = input.reshape(grouped);
        SDVariable centred = x.sub(sd.mean(x, true, reduced));
        SDVariable variance = sd.mean(sd.math().square(centred), true, reduced);
        SDVariable result = centred.div(sd.math().sqrt(variance.add(number("epsilon")))).reshape(shape);
        long[] broadcast = Functions.alongAxis(shape.length, axis, shape[axis]);
        if (weights.containsKey("gamma")) {
            result = result.mul(weights.get("gamma").reshape(broadcast));
        }
        return weights.containsKey("beta") ? result.add(weights.get("beta").reshape(broadcast)) : result;
    }
}
