package org.pydl4j.layers;

import java.util.Map;
import org.nd4j.autodiff.samediff.SDVariable;
import org.nd4j.autodiff.samediff.SameDiff;
import org.pydl4j.TranslatedLayer;

/** Keras's activation {@code glu}: the first half of the last axis times the sigmoid of the second one. */
public final class GatedLinearUnit extends TranslatedLayer {
    @Override
    protected SDVariable define(SameDiff sd, SDVariable input, Map<String, SDVariable> weights) {
        long[] shape = input.getShape();
        long size = shape[shape.length - 1];
        SDVariable gate = Functions.part(input, shape.length, size / 2, size);
        return Functions.part(input, shape.length, 0, size / 2).mul(sd.nn().sigmoid(gate));
    }
}
