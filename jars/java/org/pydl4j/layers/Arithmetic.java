package org.pydl4j.layers;

import java.util.Arrays;
import java.util.Map;
import org.nd4j.autodiff.samediff.SDVariable;
import org.nd4j.autodiff.samediff.SameDiff;
import org.nd4j.linalg.factory.Nd4j;
import org.pydl4j.TranslatedLayer;
import org.pydl4j.vertices.Merge;

/**
 * An operator between the input and numbers that are in the model: {@code op} of {@link Merge}, the {@code constant}
 * and its {@code shape}, whose axes are the input's last ones. {@code constant_first}: it is the left one.
 */
public final class Arithmetic extends TranslatedLayer {
    @Override
    protected SDVariable define(SameDiff sd, SDVariable input, Map<String, SDVariable> weights) {
        double[] numbers = numbers("constant");
        long[] shape = Arrays.stream(integers("shape")).asLongStream().toArray();
        SDVariable constant = sd.constant(Nd4j.create(numbers, shape, input.dataType()));
        boolean first = flag("constant_first");
        return Merge.merged(sd, text("op"), first ? constant : input, first ? input : constant);
    }
}
