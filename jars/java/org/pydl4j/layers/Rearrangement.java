package org.pydl4j.layers;

import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.nd4j.autodiff.samediff.SDVariable;
import org.nd4j.autodiff.samediff.SameDiff;
import org.nd4j.linalg.factory.Nd4j;
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
                return repeated(x, integers("factors"));
            case "pad":
                return x.pad(around(), 0.0);
            case "crop":
                return cropped(x);
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

    /** Each axis gets one of its own behind it, along which it is repeated, and which it takes in again. */
    private static Sized repeated(Sized x, int[] factors) {
        Sized made = x;
        for (int axis = 0; axis < factors.length; axis++) {
            if (factors[axis] > 1) {
                long[] open = new long[made.rank() + 1];
                System.arraycopy(made.shape, 0, open, 0, axis + 1);
                open[axis + 1] = 1;
                System.arraycopy(made.shape, axis + 1, open, axis + 2, made.rank() - axis - 1);
                long[] wide = open.clone();
                wide[axis + 1] = factors[axis];
                SDVariable ones = x.sd.constant(Nd4j.ones(Functions.alongAxis(open.length, axis + 1, factors[axis])));
                long[] closed = made.shape.clone();
                closed[axis] *= factors[axis];
                made = new Sized(x.sd, made.reshape(open).array.mul(ones), wide).reshape(closed);
            }
        }
        return made;
    }

    private long[][] around() {
        return ((List<?>) getConfig().get("around")).stream()
                .map(pair -> ((List<?>) pair).stream().mapToLong(size -> ((Number) size).longValue()).toArray())
                .toArray(long[][]::new);
    }

    private Sized cropped(Sized x) {
        long[][] around = around();
        long[] begin = new long[x.rank()];
        long[] end = x.shape.clone();
        for (int i = 0; i < begin.length; i++) {
            begin[i] = around[i][0];
            end[i] -= around[i][1];
        }
        return x.slice(begin, end, Sized.ones(x.rank()));
    }
}
