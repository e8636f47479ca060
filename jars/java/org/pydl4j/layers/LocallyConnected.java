package org.pydl4j.layers;

import java.util.Arrays;
import java.util.Map;
import org.nd4j.autodiff.samediff.SDVariable;
import org.nd4j.autodiff.samediff.SameDiff;
import org.nd4j.linalg.factory.Nd4j;
import org.pydl4j.Constants;
import org.pydl4j.TranslatedLayer;

/**
 * Keras 2's {@code LocallyConnected1D} and {@code 2D}, a Dense layer from the whole input to the whole output of which
 * only the weights inside of a window count.
 *
 * <p>Each {@code implementation} keeps the weights otherwise: 1 those of each window, one window after the other; 2 all
 * of them, with those outside of the windows; 3 those inside, by output and then by input.
 */
public final class LocallyConnected extends TranslatedLayer {
    private static final class Places {
        int[] input;
        int[] output;
        int inputs = 1;
        int outputs = 1;
    }

    @Override
    protected SDVariable define(SameDiff sd, SDVariable input, Map<String, SDVariable> weights) {
        Sized x = Sized.of(sd, input);
        boolean first = flag("channels_first");
        int dimensions = x.rank() - 2;
        int channels = (int) x.shape[first ? 1 : dimensions + 1];
        Places places = places(x, first ? 2 : 1, dimensions);
        int filters = (int) number("filters");
        Sized matrix = matrix(Sized.of(sd, weights.get("kernel")), places, channels, filters, first);
        Sized flat = x.reshape(x.shape[0], -1).times(matrix.array, (long) places.outputs * filters);
        long[] shape = new long[x.rank()];
        shape[0] = x.shape[0];
        shape[first ? 1 : dimensions + 1] = filters;
        for (int i = 0; i < dimensions; i++) {
            shape[i + (first ? 2 : 1)] = places.output[i];
        }
        Sized result = flat.reshape(shape);
        if (weights.containsKey("bias")) {
            // Keras reads the bias in the output's layout, though its shape has the channels last.
            long[] alone = shape.clone();
            alone[0] = 1;
            result = result.with(result.array.add(weights.get("bias").reshape(alone)));
        }
        return sd.identity(Functions.activation(sd, text("activation"), result.array));
    }

    private Places places(Sized x, int from, int dimensions) {
        Places found = new Places();
        found.input = new int[dimensions];
        found.output = new int[dimensions];
        int[] kernel = integers("kernel_size");
        int[] strides = integers("strides");
        for (int i = 0; i < dimensions; i++) {
            found.input[i] = (int) x.shape[from + i];
            int last = text("padding").equals("same") ? found.input[i] : found.input[i] - kernel[i] + 1;
            found.output[i] = (last + strides[i] - 1) / strides[i];
            found.inputs *= found.input[i];
            found.outputs *= found.output[i];
        }
        return found;
    }

    /** The weights as a matrix from the flat input to the flat output. */
    private Sized matrix(Sized kernel, Places places, int channels, int filters, boolean first) {
        int rows = places.inputs * channels;
        int columns = places.outputs * filters;
        boolean all = kernel.length() == (long) rows * columns && (int) number("implementation") == 2;
        float[][] mask = new float[rows][columns];
        int[] source = new int[rows * columns];
        Arrays.fill(source, (int) kernel.length());
        int next = 0;
        // By output and then by input, in the input's layout, as implementation 3 has them; 1 is found by counting.
        for (int column = 0; column < columns; column++) {
            int output = first ? column % places.outputs : column / filters;
            int filter = first ? column / places.outputs : column % filters;
            for (int row = 0; row < rows; row++) {
                int place = first ? row % places.inputs : row / channels;
                int channel = first ? row / places.inputs : row % channels;
                int inside = inside(places, output, place);
                if (inside >= 0) {
                    mask[row][column] = 1;
                    source[row * columns + column] = (int) number("implementation") == 1
                            ? of(output, inside, channel, filter, channels, filters, first)
                            : next;
                    next++;
                }
            }
        }
        if (all) {
            SDVariable kept = Constants.array(kernel.array, Nd4j.createFromArray(mask));
            Sized flat = kernel.reshape(rows, columns);
            return flat.with(flat.array.mul(kept));
        }
        // The place behind the weights holds the zero of all that is outside.
        Sized values = kernel.reshape(kernel.length()).pad(new long[][] {{0, 1}}, 0.0);
        SDVariable chosen = kernel.sd.gather(values.array, kernel.sd.constant(Nd4j.createFromArray(source)), 0);
        return new Sized(kernel.sd, chosen, source.length).reshape(rows, columns);
    }

    /** Where implementation 1 has a weight. */
    private int of(int output, int inside, int channel, int filter, int channels, int filters, boolean first) {
        int size = 1;
        for (int one : integers("kernel_size")) {
            size *= one;
        }
        int feature = first ? channel * size + inside : inside * channels + channel;
        return (output * size * channels + feature) * filters + filter;
    }

    /** The place inside of the window of an output that a place of the input has; -1 where it is outside. */
    private int inside(Places places, int output, int place) {
        int[] kernel = integers("kernel_size");
        int[] strides = integers("strides");
        int found = 0;
        int factor = 1;
        for (int i = kernel.length - 1; i >= 0; i--) {
            int left = text("padding").equals("same") ? kernel[i] / 2 : 0;
            int at = place % places.input[i] - (output % places.output[i]) * strides[i] + left;
            if (at < 0 || at >= kernel[i]) {
                return -1;
            }
            found += at * factor;
            factor *= kernel[i];
            place /= places.input[i];
            output /= places.output[i];
        }
        return found;
    }
}
