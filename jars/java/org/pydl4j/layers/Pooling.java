package org.pydl4j.layers;

import java.util.Map;
import java.util.stream.IntStream;
import org.nd4j.autodiff.samediff.SDVariable;
import org.nd4j.autodiff.samediff.SameDiff;
import org.pydl4j.TranslatedLayer;

/**
 * Keras's global and adaptive pooling over the axes between the batch and the channels, {@code kind} being
 * {@code average} or {@code max}: to one number with {@code keepdims} or without, or to {@code output_size}.
 */
public final class Pooling extends TranslatedLayer {
    @Override
    protected SDVariable define(SameDiff sd, SDVariable input, Map<String, SDVariable> weights) {
        boolean max = text("kind").equals("max");
        Sized x = Sized.of(sd, input);
        if (getConfig().get("output_size") == null) {
            int[] axes = IntStream.range(1, x.rank() - 1).toArray();
            boolean keep = flag("keepdims");
            return max ? sd.max(input, keep, axes) : sd.mean(input, keep, axes);
        }
        int[] sizes = integers("output_size");
        for (int i = 0; i < sizes.length; i++) {
            x = adapted(x, i + 1, sizes[i], max);
        }
        return sd.identity(x.array);
    }

    /** Windows of one or two sizes, which Keras counts in float32. */
    private static Sized adapted(Sized x, int axis, int size, boolean max) {
        int from = (int) x.shape[axis];
        int small = (from + size - 1) / size;
        float[][] mean = new float[size][from];
        Sized[] greatest = new Sized[size];
        for (int i = 0; i < size; i++) {
            int begin = Math.min((int) Math.floor((float) i * (float) from / (float) size), from - 1);
            int end = Math.min((int) Math.ceil((float) (i + 1) * (float) from / (float) size), from);
            int length = end - begin == small + 1 ? small + 1 : small;
            for (int j = begin; j < begin + length; j++) {
                mean[i][j] = 1.0f / length;
            }
            if (max) {
                Sized window = x.part(axis, begin, begin + length);
                long[] one = x.shape.clone();
                one[axis] = 1;
                greatest[i] = new Sized(x.sd, x.sd.max(window.array, true, axis), one);
            }
        }
        return max ? Sized.concat(axis, greatest) : x.mixed(axis, mean);
    }
}
