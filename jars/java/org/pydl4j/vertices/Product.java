package org.pydl4j.vertices;

import org.nd4j.autodiff.samediff.SDVariable;
import org.nd4j.autodiff.samediff.SameDiff;
import org.pydl4j.Constants;
import org.pydl4j.Einsum;
import org.pydl4j.TranslatedVertex;

/**
 * Keras's {@code Dot} and products of matrices: {@code equation} in Einstein's notation. With {@code normalize} the
 * vectors along the axes {@code axes}, one of each input, get the length 1 before; {@code smallest}: the square of a
 * length counts at least this much.
 */
public final class Product extends TranslatedVertex {
    @Override
    protected SDVariable define(SameDiff sd, SDVariable[] inputs) {
        SDVariable a = inputs[0];
        SDVariable b = inputs[1];
        Einsum einsum = new Einsum(text("equation"), a.getShape(), b.getShape());
        if (flag("normalize")) {
            a = unit(sd, a, integers("axes")[0]);
            b = unit(sd, b, integers("axes")[1]);
        }
        SDVariable product = einsum.product(sd, a, b);
        // Keras keeps an axis where there would be only the batch.
        return einsum.shape().length == 1 ? product.reshape(einsum.shape()[0], 1) : sd.identity(product);
    }

    private SDVariable unit(SameDiff sd, SDVariable x, int axis) {
        SDVariable squares = sd.sum(sd.math().square(x), true, axis);
        return x.div(sd.math().sqrt(sd.math().max(squares, Constants.number(squares, number("smallest")))));
    }
}
