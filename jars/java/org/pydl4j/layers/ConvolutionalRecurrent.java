package org.pydl4j.layers;

import java.util.Arrays;
import java.util.Map;
import org.nd4j.autodiff.samediff.SDVariable;
import org.nd4j.autodiff.samediff.SameDiff;
import org.pydl4j.TranslatedLayer;

/** Keras's {@code ConvLSTM1D}, {@code 2D} and {@code 3D} for inputs {@code [batch, steps, ..., channels]}. */
public final class ConvolutionalRecurrent extends TranslatedLayer {
    @Override
    protected SDVariable define(SameDiff sd, SDVariable input, Map<String, SDVariable> weights) {
        Sized[] at = projected(Sized.of(sd, input), weights).unstack(1);
        Sized recurrent = Sized.of(sd, weights.get("recurrent_kernel"));
        int[] kernel = integers("kernel_size");
        int[] ones = new int[kernel.length];
        Arrays.fill(ones, 1);
        Windows windows = new Windows(kernel, ones, ones);
        SDVariable[] outputs = new SDVariable[at.length];
        SDVariable carry = null;
        Sized last = null;
        for (int i = 0; i < at.length; i++) {
            Sized all = at[flag("go_backwards") ? at.length - 1 - i : i];
            if (last != null) {
                all = all.with(all.array.add(Windows.product(windows.slices(last, "same"), recurrent).array));
            }
            SDVariable fresh = gate("recurrent_activation", all, 0).array.mul(gate("activation", all, 2).array);
            carry = last == null ? fresh : gate("recurrent_activation", all, 1).array.mul(carry).add(fresh);
            Sized open = gate("recurrent_activation", all, 3);
            last = open.with(open.array.mul(Functions.activation(sd, text("activation"), carry)));
            outputs[i] = last.array;
        }
        return flag("return_sequences") ? sd.stack(1, outputs) : sd.identity(last.array);
    }

    /** The convolutions of all steps at once, with the bias. */
    private Sized projected(Sized input, Map<String, SDVariable> weights) {
        long[] folded = Arrays.copyOfRange(input.shape, 1, input.rank());
        folded[0] = input.shape[0] * input.shape[1];
        Sized kernel = Sized.of(input.sd, weights.get("kernel"));
        Windows windows = new Windows(integers("kernel_size"), integers("strides"), integers("dilation_rate"));
        Sized[] slices = windows.slices(input.reshape(folded), text("padding"));
        Sized all = Windows.product(slices, kernel);
        if (weights.containsKey("bias")) {
            all = all.with(all.array.add(weights.get("bias")));
        }
        long[] unfolded = new long[input.rank()];
        unfolded[0] = input.shape[0];
        unfolded[1] = input.shape[1];
        System.arraycopy(all.shape, 1, unfolded, 2, unfolded.length - 2);
        return all.reshape(unfolded);
    }

    /** The gates are input, forget, new and output. */
    private Sized gate(String activation, Sized all, int index) {
        long filters = all.last() / 4;
        Sized part = all.part(all.rank() - 1, index * filters, (index + 1) * filters);
        return part.with(Functions.activation(part.sd, text(activation), part.array));
    }
}
