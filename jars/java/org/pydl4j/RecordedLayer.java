package org.pydl4j;

import java.nio.ByteBuffer;
import java.util.Base64;
import java.util.Map;
import org.nd4j.autodiff.samediff.SDVariable;
import org.nd4j.autodiff.samediff.SameDiff;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * A SameDiff graph as a layer without weights: what somebody gives for a Keras {@code Lambda}, which is never executed.
 *
 * <p>The graph is part of the configuration, as Base64 of SameDiff's own format, so it is saved with the network.
 */
public final class RecordedLayer extends TranslatedLayer {
    /** Where a graph begins: the placeholder for an input of the shape without the batch, which may vary. */
    public static SDVariable input(SameDiff sd, long... shape) {
        long[] withBatch = new long[shape.length + 1];
        withBatch[0] = -1;
        System.arraycopy(shape, 0, withBatch, 1, shape.length);
        return sd.placeHolder(INPUT, DataType.FLOAT, withBatch);
    }

    /** The graph as the setting {@code graph} has it. */
    public static String encoded(SameDiff sd) throws java.io.IOException {
        ByteBuffer bytes = sd.asFlatBuffers(true);
        byte[] copied = new byte[bytes.remaining()];
        bytes.get(copied);
        return Base64.getEncoder().encodeToString(copied);
    }

    /** What a graph computes of an input. */
    public static INDArray output(SameDiff sd, String output, INDArray input) {
        return sd.outputSingle(Map.of(INPUT, input), output);
    }

    @Override
    Program program() {
        return new Program(inputs -> {
            byte[] bytes = Base64.getDecoder().decode(text("graph"));
            try {
                return new Program.Graph(SameDiff.fromFlatBuffers(ByteBuffer.wrap(bytes)), text("output"));
            } catch (java.io.IOException error) {
                throw new IllegalStateException("the graph of " + getLayerName() + " cannot be read", error);
            }
        });
    }

    @Override
    protected SDVariable define(SameDiff sd, SDVariable input, Map<String, SDVariable> weights) {
        throw new UnsupportedOperationException("the graph is recorded");
    }
}
