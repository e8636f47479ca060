package org.pydl4j.layers;

import java.util.Arrays;
import org.nd4j.autodiff.samediff.SDVariable;
import org.nd4j.autodiff.samediff.SameDiff;
import org.nd4j.enums.PadMode;
import org.nd4j.linalg.factory.Nd4j;
import org.pydl4j.Constants;

/** An array of a graph together with its shape, which SameDiff does not tell before the graph runs. */
final class Sized {
    final SameDiff sd;
    final SDVariable array;
    final long[] shape;

    Sized(SameDiff sd, SDVariable array, long... shape) {
        this.sd = sd;
        this.array = array;
        this.shape = shape;
    }

    /** An input of the graph. */
    static Sized of(SameDiff sd, SDVariable input) {
        return new Sized(sd, input, input.getShape());
    }

    int rank() {
        return shape.length;
    }

    /** The size of the last axis. */
    long last() {
        return shape[shape.length - 1];
    }

    long length() {
        return Arrays.stream(shape).reduce(1, (a, b) -> a * b);
    }

    /** Another array of the same shape. */
    Sized with(SDVariable other) {
        return new Sized(sd, other, shape);
    }

    /** In another shape, of which one size may be -1. */
    Sized reshape(long... target) {
        long[] made = target.clone();
        long known = Arrays.stream(target).filter(size -> size != -1).reduce(1, (a, b) -> a * b);
        for (int i = 0; i < made.length; i++) {
            made[i] = target[i] == -1 ? length() / known : target[i];
        }
        return Arrays.equals(made, shape) ? this : new Sized(sd, array.reshape(made), made);
    }

    Sized permute(int... axes) {
        long[] made = Arrays.stream(axes).mapToLong(axis -> shape[axis]).toArray();
        return new Sized(sd, sd.permute(array, axes), made);
    }

    /** From {@code begin} (inclusive) to {@code end} (exclusive) along each axis, every {@code step}-th. */
    Sized slice(long[] begin, long[] end, long[] step) {
        long[] made = new long[shape.length];
        boolean whole = true;
        for (int i = 0; i < made.length; i++) {
            made[i] = (end[i] - begin[i] - 1) / step[i] + 1;
            whole &= made[i] == shape[i];
        }
        return whole ? this : new Sized(sd, sd.stridedSlice(array, begin, end, step), made);
    }

    /** From {@code begin} (inclusive) to {@code end} (exclusive) along one axis. */
    Sized part(int axis, long begin, long end) {
        long[] from = new long[shape.length];
        long[] to = shape.clone();
        from[axis] = begin;
        to[axis] = end;
        return slice(from, to, ones(shape.length));
    }

    /** With {@code value} around it: a pair of before and after for each axis. */
    Sized pad(long[][] around, double value) {
        long[] made = shape.clone();
        for (int i = 0; i < made.length; i++) {
            made[i] += around[i][0] + around[i][1];
        }
        if (Arrays.equals(made, shape)) {
            return this;
        }
        SDVariable padding = sd.constant(Nd4j.createFromArray(around));
        return new Sized(sd, sd.nn().pad(array, padding, PadMode.CONSTANT, value), made);
    }

    /** With {@code value} around it, or where the pair of an axis has a number below zero, without so many. */
    Sized padOrCrop(long[][] around, double value) {
        long[][] more = new long[around.length][2];
        long[] begin = new long[shape.length];
        long[] end = shape.clone();
        for (int i = 0; i < around.length; i++) {
            begin[i] = Math.max(-around[i][0], 0);
            end[i] -= Math.max(-around[i][1], 0);
            more[i] = new long[] {Math.max(around[i][0], 0), Math.max(around[i][1], 0)};
        }
        return slice(begin, end, ones(shape.length)).pad(more, value);
    }

    /** Each number {@code factors[i]} times along axis i. */
    Sized repeat(int... factors) {
        Sized made = this;
        for (int axis = 0; axis < factors.length; axis++) {
            if (factors[axis] > 1) {
                // An axis of its own behind the other, along which it is repeated, and which the other takes in.
                long[] wide = inserted(made.shape, axis + 1, factors[axis]);
                SDVariable ones = Constants.array(
                        array, Nd4j.ones(Functions.alongAxis(wide.length, axis + 1, factors[axis])));
                SDVariable open = made.reshape(inserted(made.shape, axis + 1, 1)).array;
                long[] closed = made.shape.clone();
                closed[axis] *= factors[axis];
                made = new Sized(sd, open.mul(ones), wide).reshape(closed);
            }
        }
        return made;
    }

    /** With {@code strides[i] - 1} zeros between the numbers along axis i + 1. */
    Sized spread(int... strides) {
        Sized made = this;
        for (int axis = 1; axis <= strides.length; axis++) {
            int stride = strides[axis - 1];
            if (stride > 1) {
                long[] open = inserted(made.shape, axis + 1, 1);
                long[][] behind = new long[open.length][2];
                behind[axis + 1][1] = stride - 1;
                long[] closed = made.shape.clone();
                closed[axis] *= stride;
                made = made.reshape(open).pad(behind, 0.0).reshape(closed).part(axis, 0, closed[axis] - stride + 1);
            }
        }
        return made;
    }

    private static long[] inserted(long[] shape, int at, long size) {
        long[] made = new long[shape.length + 1];
        System.arraycopy(shape, 0, made, 0, at);
        made[at] = size;
        System.arraycopy(shape, at, made, at + 1, shape.length - at);
        return made;
    }

    /** The product of its last axis with a matrix of {@code columns} columns. */
    Sized times(SDVariable matrix, long columns) {
        long[] made = shape.clone();
        made[made.length - 1] = columns;
        SDVariable flat = reshape(-1, last()).array.mmul(matrix);
        return new Sized(sd, flat, length() / last(), columns).reshape(made);
    }

    /** The product of one axis with a matrix: {@code result[i] = sum over j of matrix[i, j] * array[j]}. */
    Sized mixed(int axis, float[][] matrix) {
        int[] axes = moved(axis, rank() - 1);
        SDVariable transposed = Constants.array(array, Nd4j.createFromArray(matrix).transpose().dup('c'));
        return permute(axes).times(transposed, matrix.length).permute(moved(rank() - 1, axis));
    }

    /** The order of axes in which the one at {@code from} stands at {@code to}. */
    private int[] moved(int from, int to) {
        java.util.List<Integer> axes = new java.util.ArrayList<>();
        for (int i = 0; i < rank(); i++) {
            axes.add(i);
        }
        axes.add(to, axes.remove(from));
        return axes.stream().mapToInt(Integer::intValue).toArray();
    }

    /** The slices along an axis, without it. */
    Sized[] unstack(int axis) {
        int count = (int) shape[axis];
        long[] made = new long[shape.length - 1];
        System.arraycopy(shape, 0, made, 0, axis);
        System.arraycopy(shape, axis + 1, made, axis, made.length - axis);
        if (count == 1) {
            return new Sized[] {reshape(made)};
        }
        SDVariable[] parts = sd.unstack(array, axis, count);
        return Arrays.stream(parts).map(one -> new Sized(sd, one, made)).toArray(Sized[]::new);
    }

    /** Arrays one behind the other along an axis. */
    static Sized concat(int axis, Sized... parts) {
        if (parts.length == 1) {
            return parts[0];
        }
        long[] made = parts[0].shape.clone();
        made[axis] = Arrays.stream(parts).mapToLong(part -> part.shape[axis]).sum();
        SDVariable[] arrays = Arrays.stream(parts).map(part -> part.array).toArray(SDVariable[]::new);
        return new Sized(parts[0].sd, parts[0].sd.concat(axis, arrays), made);
    }

    static long[] ones(int count) {
        long[] made = new long[count];
        Arrays.fill(made, 1);
        return made;
    }
}
