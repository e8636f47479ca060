package org.pydl4j.layers;

import java.util.Map;
import org.nd4j.autodiff.samediff.SDVariable;
import org.nd4j.autodiff.samediff.SameDiff;
import org.pydl4j.TranslatedLayer;

/** The steps of a sequence, axis 1, in the other order: the way back of a {@code Bidirectional}. */
public final class Reverse extends TranslatedLayer {
    @Override
    protected SDVariable define(SameDiff sd, SDVariable x, Map<String, SDVariable> weights) {
        return sd.reverse(x, 1);
    }
}
