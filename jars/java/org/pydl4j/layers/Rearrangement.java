package org.pydl4j.layers;

import java.util.Arrays;
import java.util.Map;
import org.nd4j.autodiff.samediff.SDVariable;
import org.nd4j.autodiff.samediff.SameDiff;
import org.pydl4j.TranslatedLayer;

/**
 * The same numbers in another place; {@code operation} says how:
 *
 * <ul>
 *   <li>{@code identity};
 *   <li>{@code reshape}: to {@code target}, the sizes without the batch, one of which may be -1;
 *   <li>{@code permute}: the axes in the order {@code dims}, the batch being 0;
 *   <li>{@code reverse}: along {@code axis};
 *   <li>{@code repeat}: each number {@code factors[i]} times along axis i;
 *   <li>{@code pad} and {@code crop}: {@code around[i]} before and behind, along axis i;
 *   <li>{@code fold}: the axis behind the batch goes into the batch;
 *   <li>{@code unfold}: {@code steps} come out of the batch, to the axis behind it.
 * </ul>
 */
public final class Rearrangement extends TranslatedLayer {
    @Override
    protected SDVariable define(SameDiff sd, SDVariable input, Map<String, SDVariable> weights) {
        return sd.identity(rearranged(Sized.of(sd, input)).array);
    }

    private Sized rearranged(Sized x) {
        switch (text("operation")) {
            case "identity":
                return x;
            case "reshape":
                return x.reshape(behind(x.shape[0], integers("target")));
            case "permute":
                return x.permute(integers("dims"));
            case "reverse":
                return x.with(x.sd.reverse(x.array, (int) number("axis")));
            case "repeat":
                return x.repeat(integers("factors"));
            case "pad":
                return x.pad(pairs("around"), 0.0);
            case "crop":
                return x.padOrCrop(inwards(pairs("around")), 0.0);
            case "fold":
                long[] folded = Arrays.copyOfRange(x.shape, 1, x.rank());
                folded[0] *= x.shape[0];
                return x.reshape(folded);
            case "unfold":
                int[] each = Arrays.stream(x.shape).skip(1).mapToInt(Math::toIntExact).toArray();
                long steps = (long) number("steps");
                return x.reshape(behind(x.shape[0] / steps, behind((int) steps, each)));
            default:
                throw new IllegalArgumentException("no operation is called " + text("operation"));
        }
    }

    private static long[] behind(long first, int[] rest) {
        long[] all = new long[rest.length + 1];
        all[0] = first;
        for (int i = 0; i < rest.length; i++) {
            all[i + 1] = rest[i];
        }
        return all;
    }

    private static int[] behind(int first, int[] rest) {
        return Arrays.stream(behind((long) first, rest)).mapToInt(Math::toIntExact).toArray();
    }

    private static long[][] inwards(long[][] around) {
        return Arrays.stream(around).map(pair -> new long[] {-pair[0], -pair[1]}).toArray(long[][]::new);
    }
}
