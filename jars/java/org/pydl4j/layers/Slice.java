package org.pydl4j.layers;

import java.util.Arrays;
import java.util.Map;
import org.nd4j.autodiff.samediff.SDVariable;
import org.nd4j.autodiff.samediff.SameDiff;
import org.pydl4j.TranslatedLayer;

/**
 * A part of the input: for each axis after the batch where it {@code begin}s and its {@code size}; then {@code shape}
 * is the shape without the batch.
 */
public final class Slice extends TranslatedLayer {
    @Override
    protected SDVariable define(SameDiff sd, SDVariable input, Map<String, SDVariable> weights) {
        long batch = input.getShape()[0];
        SDVariable part = sd.slice(input, with(0, "begin"), with((int) batch, "size"));
        return part.reshape(Arrays.stream(with((int) batch, "shape")).asLongStream().toArray());
    }

    private int[] with(int first, String name) {
        int[] rest = integers(name);
        int[] all = new int[rest.length + 1];
        all[0] = first;
        System.arraycopy(rest, 0, all, 1, rest.length);
        return all;
    }
}
