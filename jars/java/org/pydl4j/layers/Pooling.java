package org.pydl4j.layers;

import java.util.Map;
import java.util.stream.IntStream;
import org.nd4j.autodiff.samediff.SDVariable;
import org.nd4j.autodiff.samediff.SameDiff;
import org.nd4j.linalg.factory.Nd4j;
import org.pydl4j.Constants;
import org.pydl4j.TranslatedLayer;

/**
 * Keras's pooling over the axes between the batch and the channels, {@code kind} being {@code average} or {@code max}:
 * in windows of {@code kernel_size}, or to {@code output_size}, or else to one number,
 * with {@code keepdims} or without.
 */
public final class Pooling extends TranslatedLayer {
    @Override
    protected SDVariable define(SameDiff sd, SDVariable input, Map<String, SDVariable> weights) {
        boolean max = text("kind").equals("max");
        Sized x = Sized.of(sd, input);
        if (getConfig().get("kernel_size") != null) {
            Windows windows = new Windows(integers("kernel_size"), integers("strides"), integers("dilation_rate"));
            return sd.identity(max ? greatest(x, windows) : mean(x, windows));
        }
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

    private SDVariable greatest(Sized x, Windows windows) {
        Sized padded = x.pad(windows.padding(text("padding"), x.shape), Float.NEGATIVE_INFINITY);
        SDVariable found = null;
        for (Sized slice : windows.slices(padded)) {
            found = found == null ? slice.array : x.sd.max(found, slice.array);
        }
        return found;
    }

    /** What is padded does not count. */
    private SDVariable mean(Sized x, Windows windows) {
        SDVariable sum = null;
        SDVariable count = null;
        long[] one = x.shape.clone();
        one[0] = 1;
        one[one.length - 1] = 1;
        Sized ones = new Sized(x.sd, Constants.array(x.array, Nd4j.ones(one)), one);
        Sized[] counted = windows.slices(ones, text("padding"));
        Sized[] slices = windows.slices(x, text("padding"));
        for (int i = 0; i < slices.length; i++) {
            sum = sum == null ? slices[i].array : sum.add(slices[i].array);
            count = count == null ? counted[i].array : count.add(counted[i].array);
        }
        return sum.div(count);
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
