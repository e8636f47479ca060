package org.pydl4j.layers;

/**
 * The windows that a convolution or a pooling looks through, over the axes between the batch and the channels.
 *
 * <p>A window is taken apart into its places: for each of them one slice of the input, which holds what all windows
 * have there. That needs no more of SameDiff than to pad and to slice, in any number of dimensions.
 */
final class Windows {
    final int[] kernel;
    final int[] strides;
    final int[] dilation;

    Windows(int[] kernel, int[] strides, int[] dilation) {
        this.kernel = kernel;
        this.strides = strides;
        this.dilation = dilation;
    }

    /** How far a window reaches along an axis. */
    int reach(int axis) {
        return dilation[axis] * (kernel[axis] - 1) + 1;
    }

    /** Places in a window. */
    int places() {
        int count = 1;
        for (int size : kernel) {
            count *= size;
        }
        return count;
    }

    /** What Keras's {@code padding} adds around an input: before and after, for every axis of the array. */
    long[][] padding(String padding, long[] shape) {
        long[][] around = new long[shape.length][2];
        for (int i = 0; i < kernel.length; i++) {
            long size = shape[i + 1];
            if (padding.equals("same")) {
                long count = (size + strides[i] - 1) / strides[i];
                long total = Math.max((count - 1) * strides[i] + reach(i) - size, 0);
                around[i + 1] = new long[] {total / 2, total - total / 2};
            } else if (padding.equals("causal")) {
                around[i + 1] = new long[] {reach(i) - 1, 0};
            }
        }
        return around;
    }

    /** The slices of a padded input, one for each place of the window, the window's last axis fastest. */
    Sized[] slices(Sized padded) {
        Sized[] found = new Sized[places()];
        for (int place = 0; place < found.length; place++) {
            long[] begin = new long[padded.rank()];
            long[] end = padded.shape.clone();
            long[] step = Sized.ones(padded.rank());
            int rest = place;
            for (int i = kernel.length - 1; i >= 0; i--) {
                long count = (padded.shape[i + 1] - reach(i)) / strides[i] + 1;
                begin[i + 1] = (long) dilation[i] * (rest % kernel[i]);
                end[i + 1] = begin[i + 1] + (count - 1) * strides[i] + 1;
                step[i + 1] = strides[i];
                rest /= kernel[i];
            }
            found[place] = padded.slice(begin, end, step);
        }
        return found;
    }

    /** The slices of an input with Keras's padding of zeros. */
    Sized[] slices(Sized input, String padding) {
        return slices(input.pad(padding(padding, input.shape), 0.0));
    }

    /** The sum over the places and channels of slice times kernel, whose outputs are its last axis. */
    static Sized product(Sized[] slices, Sized kernel) {
        Sized all = Sized.concat(slices[0].rank() - 1, slices);
        return all.times(kernel.reshape(all.last(), kernel.last()).array, kernel.last());
    }
}
