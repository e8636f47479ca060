package org.pydl4j;

import org.nd4j.autodiff.samediff.SDVariable;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/** Constants of a graph, of the type of what they are used with: SameDiff's operators do not mix types. */
public final class Constants {
    private Constants() {}

    /** A number beside {@code x}. */
    public static SDVariable number(SDVariable x, double value) {
        return array(x, Nd4j.scalar(value));
    }

    /** An array beside {@code x}. */
    public static SDVariable array(SDVariable x, INDArray values) {
        return x.getSameDiff().constant(values.castTo(x.dataType()));
    }
}
