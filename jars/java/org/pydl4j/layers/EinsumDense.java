package org.pydl4j.layers;

import java.util.Map;
import org.nd4j.autodiff.samediff.SDVariable;
import org.nd4j.autodiff.samediff.SameDiff;
import org.pydl4j.Einsum;
import org.pydl4j.TranslatedLayer;

/** Keras's {@code EinsumDense}: {@code equation} without dots; the bias's axes are the output's last ones. */
public final class EinsumDense extends TranslatedLayer {
    @Override
    protected SDVariable define(SameDiff sd, SDVariable input, Map<String, SDVariable> weights) {
        SDVariable kernel = weights.get("kernel");
        Einsum einsum = new Einsum(text("equation"), input.getShape(), kernel.getShape());
        SDVariable product = einsum.product(sd, input, kernel);
        SDVariable bias = weights.get("bias");
        if (bias == null) {
            return sd.identity(product);
        }
        long[] given = bias.getShape();
        long[] shape = Functions.alongAxis(einsum.shape().length, 0, 1);
        System.arraycopy(given, 0, shape, shape.length - given.length, given.length);
        return product.add(bias.reshape(shape));
    }
}
