package org.pydl4j.layers;

import java.util.Map;
import org.nd4j.autodiff.samediff.SDVariable;
import org.nd4j.autodiff.samediff.SameDiff;
import org.pydl4j.Einsum;
import org.pydl4j.TranslatedLayer;

/** Keras's {@code EinsumDense}: {@code equation} without dots, and {@code activation}; the
 * bias's axes are the output's last ones. {@code Dense} on time steps is one. */
public final class EinsumDense extends TranslatedLayer {
    @Override
    protected SDVariable define(SameDiff sd, SDVariable input, Map<String, SDVariable> weights) {
        SDVariable kernel = weights.get("kernel");
        Einsum einsum = new Einsum(text("equation"), input.getShape(), kernel.getShape());
        SDVariable product = einsum.product(sd, input, kernel);
        SDVariable bias = weights.get("bias");
        if (bias != null) {
            product = product.add(bias.reshape(broadcast(bias.getShape(), einsum.shape().length)));
        }
        return sd.identity(Functions.activation(sd, text("activation"), product));
    }

    private static long[] broadcast(long[] given, int rank) {
        long[] shape = Functions.alongAxis(rank, 0, 1);
        System.arraycopy(given, 0, shape, shape.length - given.length, given.length);
        return shape;
    }
}
