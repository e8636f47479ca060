package org.pydl4j.layers;

import java.util.Map;
import org.nd4j.autodiff.samediff.SDVariable;
import org.nd4j.autodiff.samediff.SameDiff;
import org.pydl4j.TranslatedLayer;

/**
 * Which steps count: 1 where a step of {@code [batch, steps, features]}, or a number of {@code [batch, steps]}, is not
 * {@code mask_value} throughout, else 0; of the shape {@code [batch, steps, 1]}. With {@code apply} the input itself,
 * zero where a step does not count: Keras's {@code Masking}.
 */
public final class Mask extends TranslatedLayer {
    @Override
    protected SDVariable define(SameDiff sd, SDVariable x, Map<String, SDVariable> weights) {
        long[] shape = x.getShape();
        SDVariable differs = sd.castTo(sd.neq(x, number("mask_value")), x.dataType());
        SDVariable mask = shape.length == 2 ? differs.reshape(shape[0], shape[1], 1) : sd.max(differs, true, 2);
        return flag("apply") ? x.mul(mask) : sd.identity(mask);
    }
}
