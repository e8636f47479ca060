package org.pydl4j.vertices;

import java.util.Arrays;
import org.nd4j.autodiff.samediff.SDVariable;
import org.nd4j.autodiff.samediff.SameDiff;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;
import org.pydl4j.Einsum;
import org.pydl4j.TranslatedVertex;

/**
 * What Keras's attention layers have in common: values, weighted by the softmax of scores.
 *
 * <p>The inputs are query, key and value, whose scores are {@code scale * einsum(scores, query, key)}, or the scores and
 * the value. The result is {@code einsum(values, softmax(scores), value)}. The softmax is over the last {@code
 * attended} axes of the scores. Each head of key and value serves {@code repeats} heads of the query. With {@code causal}, no query sees a key that comes after it.
 */
public final class Attention extends TranslatedVertex {
    private static final double NOTHING = -1e9; // a score that weighs nothing

    @Override
    protected SDVariable define(SameDiff sd, SDVariable[] inputs) {
        SDVariable last = inputs[inputs.length - 1];
        SDVariable value = repeated(sd, last);
        SDVariable scores = inputs[0];
        long[] shape = scores.getShape();
        if (inputs.length == 3) {
            Einsum products = new Einsum(text("scores"), shape, repeated(inputs[1].getShape()));
            scores = products.product(sd, scores.mul(number("scale")), repeated(sd, inputs[1]));
            shape = products.shape();
        }
        int rank = shape.length;
        if (flag("causal")) {
            long[] square = {shape[rank - 2], shape[rank - 1]};
            INDArray hidden = Nd4j.zeros(scores.dataType(), square);
            for (long query = 0; query < square[0]; query++) {
                for (long key = query + 1; key < square[1]; key++) {
                    hidden.putScalar(query, key, NOTHING);
                }
            }
            long[] broadcast = new long[rank];
            Arrays.fill(broadcast, 1);
            System.arraycopy(square, 0, broadcast, rank - 2, 2);
            scores = scores.add(sd.constant(hidden.reshape(broadcast)));
        }
        int attended = (int) number("attended");
        long keys = 1;
        for (int i = rank - attended; i < rank; i++) {
            keys *= shape[i];
        }
        long[] flat = Arrays.copyOf(shape, rank - attended + 1);
        flat[rank - attended] = keys;
        SDVariable weights = sd.nn().softmax(attended == 1 ? scores : scores.reshape(flat), rank - attended);
        weights = attended == 1 ? weights : weights.reshape(shape);
        Einsum weighted = new Einsum(text("values"), shape, repeated(last.getShape()));
        return sd.identity(weighted.product(sd, weights, value));
    }

    /** Each head as many times as queries share it, one after the other. */
    private SDVariable repeated(SameDiff sd, SDVariable x) {
        int repeats = (int) number("repeats");
        if (repeats == 1) {
            return x;
        }
        long[] shape = x.getShape(); // batch, steps, heads, features
        SDVariable[] copies = new SDVariable[repeats];
        Arrays.fill(copies, x.reshape(shape[0], shape[1], shape[2], 1, shape[3]));
        return sd.concat(3, copies).reshape(repeated(shape));
    }

    private long[] repeated(long[] shape) {
        long[] found = shape.clone();
        found[shape.length - 2] *= (long) number("repeats");
        return found;
    }
}
