package org.pydl4j.layers;

import java.util.Map;
import org.nd4j.autodiff.samediff.SDVariable;
import org.nd4j.autodiff.samediff.SameDiff;
import org.pydl4j.TranslatedLayer;

/**
 * Keras's {@code ReLU}: x from {@code threshold} on and {@code negative_slope * (x - threshold)} below, at most {@code
 * max_value}.
 */
public final class Rectifier extends TranslatedLayer {
    @Override
    protected SDVariable define(SameDiff sd, SDVariable x, Map<String, SDVariable> weights) {
        double threshold = number("threshold");
        SDVariable above = sd.castTo(sd.gte(x, threshold), x.dataType());
        SDVariable result = x.mul(above);
        if (number("negative_slope") != 0) {
            result = result.add(x.sub(threshold).mul(above.rsub(1.0)).mul(number("negative_slope")));
        }
        return getConfig().get("max_value") == null
                ? result
                : sd.math().min(result, sd.constant((float) number("max_value")));
    }
}
