package org.pydl4j;

import java.util.ArrayList;
import java.util.List;
import org.deeplearning4j.nn.conf.CNN2DFormat;
import org.deeplearning4j.nn.conf.RNNFormat;
import org.deeplearning4j.nn.conf.inputs.InputType;
import org.deeplearning4j.nn.conf.layers.Convolution3D;

/** Keras's shapes as DL4J's types of input. */
final class Shapes {
    private Shapes() {}

    /**
     * The type for a shape without the batch, channels last; -1 for a size that varies. DL4J's types end at volumes:
     * the first axes of what has more are one axis in its type, and only there.
     */
    static InputType inputType(List<Long> shape) {
        long channels = shape.isEmpty() ? 1 : shape.get(shape.size() - 1);
        switch (shape.size()) {
            case 1:
                return InputType.feedForward(channels);
            case 2:
                return InputType.recurrent(channels, shape.get(0), RNNFormat.NWC);
            case 3:
                return InputType.convolutional(shape.get(0), shape.get(1), channels, CNN2DFormat.NHWC);
            case 4:
                return InputType.convolutional3D(
                        Convolution3D.DataFormat.NDHWC, shape.get(0), shape.get(1), shape.get(2), channels);
            default:
                List<Long> folded = new ArrayList<>(shape.subList(1, shape.size()));
                folded.set(0, shape.get(0) * shape.get(1));
                return inputType(folded);
        }
    }
}
