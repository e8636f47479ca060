package org.pydl4j.layers;

import java.util.Arrays;
import java.util.Map;
import org.nd4j.autodiff.samediff.SDVariable;
import org.nd4j.autodiff.samediff.SameDiff;
import org.pydl4j.TranslatedLayer;

/**
 * Keras's convolutions in one to three dimensions, with the channels last; {@code kind} is {@code plain} (with
 * {@code groups}), {@code depthwise}, {@code separable} or {@code transposed}.
 */
public final class Convolution extends TranslatedLayer {
    @Override
    protected SDVariable define(SameDiff sd, SDVariable input, Map<String, SDVariable> weights) {
        Windows windows = new Windows(integers("kernel_size"), integers("strides"), integers("dilation_rate"));
        Sized result = convolved(Sized.of(sd, input), windows, weights);
        SDVariable biased = weights.containsKey("bias") ? result.array.add(weights.get("bias")) : result.array;
        return sd.identity(Functions.activation(sd, text("activation"), biased));
    }

    private Sized convolved(Sized input, Windows windows, Map<String, SDVariable> weights) {
        switch (text("kind")) {
            case "plain":
                return plain(windows.slices(input, text("padding")), Sized.of(input.sd, weights.get("kernel")));
            case "depthwise":
                return depthwise(windows.slices(input, text("padding")), weights);
            case "separable":
                Sized between = depthwise(windows.slices(input, text("padding")), weights);
                Sized pointwise = Sized.of(input.sd, weights.get("pointwise_kernel"));
                return between.times(pointwise.reshape(between.last(), pointwise.last()).array, pointwise.last());
            case "transposed":
                return transposed(input, windows, Sized.of(input.sd, weights.get("kernel")));
            default:
                throw new IllegalArgumentException("no convolution is called " + text("kind"));
        }
    }

    /** Every group of channels has its own kernel, which makes its own part of the output. */
    private Sized plain(Sized[] slices, Sized kernel) {
        int groups = (int) number("groups");
        if (groups == 1) {
            return Windows.product(slices, kernel);
        }
        int channels = slices[0].rank() - 1;
        long each = slices[0].last() / groups;
        long outputs = kernel.last() / groups;
        Sized[] made = new Sized[groups];
        for (int group = 0; group < groups; group++) {
            Sized[] parts = new Sized[slices.length];
            for (int i = 0; i < parts.length; i++) {
                parts[i] = slices[i].part(channels, group * each, (group + 1) * each);
            }
            Sized own = kernel.part(kernel.rank() - 1, group * outputs, (group + 1) * outputs);
            made[group] = Windows.product(parts, own);
        }
        return Sized.concat(channels, made);
    }

    /** Every channel has its own kernels, one for each of the outputs that it has. */
    private Sized depthwise(Sized[] slices, Map<String, SDVariable> weights) {
        Sized kernel = Sized.of(slices[0].sd, weights.get("depthwise_kernel"));
        long multiplier = kernel.last();
        long channels = slices[0].last();
        Sized[] places = kernel.reshape(slices.length, channels * multiplier).unstack(0);
        int[] factors = new int[slices[0].rank()];
        Arrays.fill(factors, 1);
        factors[factors.length - 1] = (int) multiplier;
        SDVariable sum = null;
        Sized wide = null;
        for (int i = 0; i < slices.length; i++) {
            wide = slices[i].repeat(factors);
            SDVariable term = wide.array.mul(places[i].array);
            sum = sum == null ? term : sum.add(term);
        }
        return wide.with(sum);
    }

    /**
     * Zeros between the numbers of the input, then windows that run over it backwards. The kernel has its outputs
     * before its inputs.
     */
    private Sized transposed(Sized input, Windows windows, Sized kernel) {
        int[] strides = windows.strides;
        Sized spread = input.spread(strides);
        long[][] around = new long[input.rank()][2];
        long[] begin = new long[input.rank()];
        for (int i = 0; i < strides.length; i++) {
            long reach = windows.reach(i);
            long whole = (input.shape[i + 1] - 1) * strides[i] + reach;
            long wanted = size(i, input.shape[i + 1], strides[i], reach);
            begin[i + 1] = text("padding").equals("same") ? Math.max(whole - wanted, 0) / 2 : 0;
            around[i + 1] = new long[] {reach - 1, reach - 1 + Math.max(begin[i + 1] + wanted - whole, 0)};
            long cut = Math.max(whole - begin[i + 1] - wanted, 0);
            around[i + 1][1] -= cut;
            around[i + 1][0] -= begin[i + 1];
        }
        Sized padded = spread.padOrCrop(around, 0.0);
        int[] ones = new int[strides.length];
        Arrays.fill(ones, 1);
        Sized[] slices = new Windows(windows.kernel, ones, windows.dilation).slices(padded);
        Sized[] backwards = new Sized[slices.length];
        for (int i = 0; i < slices.length; i++) {
            backwards[i] = slices[slices.length - 1 - i];
        }
        Sized flat = kernel.reshape(slices.length, kernel.shape[kernel.rank() - 2], kernel.last());
        return Windows.product(backwards, flat.permute(0, 2, 1));
    }

    /** Keras's size of the output along an axis. */
    private long size(int axis, long size, long stride, long reach) {
        boolean same = text("padding").equals("same");
        if (getConfig().get("output_padding") != null) {
            long around = same ? 2 * (reach / 2) : 0;
            return (size - 1) * stride + reach - around + integers("output_padding")[axis];
        }
        return same ? size * stride : size * stride + Math.max(reach - stride, 0);
    }
}
