package org.pydl4j.layers;

import java.util.Map;
import org.nd4j.autodiff.samediff.SDVariable;
import org.nd4j.autodiff.samediff.SameDiff;
import org.pydl4j.TranslatedLayer;

/**
 * Keras's {@code ReLU} with {@code max_value}, {@code negative_slope} and {@code threshold}, and {@code PReLU}, whose
 * slopes are the weight {@code alpha}, of the input's shape without the batch, with ones for the axes that share them.
 */
public final class Rectifier extends TranslatedLayer {
    @Override
    protected SDVariable define(SameDiff sd, SDVariable x, Map<String, SDVariable> weights) {
        if (weights.containsKey("alpha")) {
            SDVariable negative = sd.nn().relu(x.neg(), 0.0);
            return sd.nn().relu(x, 0.0).sub(negative.mul(weights.get("alpha")));
        }
        double threshold = number("threshold");
        double slope = number("negative_slope");
        SDVariable above = sd.castTo(sd.gte(x, threshold), x.dataType());
        SDVariable kept = x.mul(above);
        if (getConfig().get("max_value") != null) {
            // What does not count is zero here, which may be below a threshold.
            kept = sd.min(kept, kept.mul(0.0).add(number("max_value")));
        }
        return slope == 0.0 ? kept : kept.add(x.sub(threshold).mul(slope).mul(above.rsub(1.0)));
    }
}
