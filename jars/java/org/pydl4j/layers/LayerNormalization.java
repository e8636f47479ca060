package org.pydl4j.layers;

import java.util.Map;
import org.nd4j.autodiff.samediff.SDVariable;
import org.nd4j.autodiff.samediff.SameDiff;
import org.pydl4j.TranslatedLayer;

/**
 * Keras's {@code LayerNormalization} and {@code RMSNormalization} over the axes {@code axis} (counted with the batch,
 * ascending): {@code (x - mean) / sqrt(variance + epsilon) * gamma + beta}; with {@code rms_scaling} the mean counts as
 * zero.
 */
public final class LayerNormalization extends TranslatedLayer {
    @Override
    protected SDVariable define(SameDiff sd, SDVariable x, Map<String, SDVariable> weights) {
        int[] axes = integers("axis");
        long[] shape = x.getShape();
        SDVariable centred = flag("rms_scaling") ? x : x.sub(sd.mean(x, true, axes));
        SDVariable variance = sd.mean(sd.math().square(centred), true, axes);
        SDVariable result = centred.div(sd.math().sqrt(variance.add(number("epsilon"))));
        long[] broadcast = Functions.alongAxis(shape.length, 0, 1);
        for (int axis : axes) {
            broadcast[axis] = shape[axis];
        }
        if (weights.containsKey("gamma")) {
            result = result.mul(weights.get("gamma").reshape(broadcast));
        }
        return weights.containsKey("beta") ? result.add(weights.get("beta").reshape(broadcast)) : result;
    }
}
