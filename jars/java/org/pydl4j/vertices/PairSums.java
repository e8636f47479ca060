package org.pydl4j.vertices;

import org.nd4j.autodiff.samediff.SDVariable;
import org.nd4j.autodiff.samediff.SameDiff;
import org.pydl4j.TranslatedVertex;

/** The sum of every step of the first input and every step of the second one: {@code [batch, first, second, features]}. */
public final class PairSums extends TranslatedVertex {
    @Override
    protected SDVariable define(SameDiff sd, SDVariable[] inputs) {
        long[] first = inputs[0].getShape();
        long[] second = inputs[1].getShape();
        return inputs[0].reshape(first[0], first[1], 1, first[2])
                .add(inputs[1].reshape(second[0], 1, second[1], second[2]));
    }
}
