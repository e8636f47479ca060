package org.pydl4j.layers;

import java.util.Arrays;
import org.nd4j.autodiff.samediff.SDIndex;
import org.nd4j.autodiff.samediff.SDVariable;
import org.nd4j.autodiff.samediff.SameDiff;

/** Keras's activation functions, and what more than one layer needs. */
final class Functions {
    private Functions() {}

    /**
     * Keras's activation function of a name. Where Keras 2 and 3 differ, {@code hard_sigmoid} is Keras 3's and
     * {@code hard_sigmoid_2} is Keras 2's.
     */
    static SDVariable activation(SameDiff sd, String name, SDVariable x) {
        switch (name) {
            case "linear":
                return x;
            case "celu": // alpha 1: the same as elu
            case "elu":
                return sd.nn().elu(x);
            case "exponential":
                return sd.math().exp(x);
            case "abs":
                return sd.math().abs(x);
            case "cos":
                return sd.math().cos(x);
            case "erf":
                return sd.math().erf(x);
            case "log":
                return sd.math().log(x);
            case "negative":
                return x.neg();
            case "reciprocal":
                return x.rdiv(1.0);
            case "rsqrt":
                return sd.math().sqrt(x).rdiv(1.0);
            case "sin":
                return sd.math().sin(x);
            case "sqrt":
                return sd.math().sqrt(x);
            case "square":
                return sd.math().square(x);
            case "gelu_approximate":
                return x.mul(0.5).mul(sd.math().tanh(x.add(x.mul(x).mul(x).mul(0.044715))
                        .mul(Math.sqrt(2 / Math.PI))).add(1.0));
            case "sparse_sigmoid":
                return clip(sd, x.mul(0.5).add(0.5), 0.0, 1.0);
            case "gelu":
                return x.mul(0.5).mul(sd.math().erf(x.mul(Math.sqrt(0.5))).add(1.0));
            case "hard_shrink":
                return x.mul(sd.castTo(sd.gt(sd.math().abs(x), 0.5), x.dataType()));
            case "hard_sigmoid":
                return relu6(sd, x.add(3.0)).mul(1.0 / 6.0);
            case "hard_sigmoid_2":
                return clip(sd, x.mul(0.2).add(0.5), 0.0, 1.0);
            case "hard_silu":
            case "hard_swish":
                return x.mul(activation(sd, "hard_sigmoid", x));
            case "hard_tanh":
                return clip(sd, x, -1.0, 1.0);
            case "leaky_relu":
                return sd.nn().leakyRelu(x, 0.2);
            case "log_sigmoid":
                return sd.nn().logSigmoid(x);
            case "log_softmax":
                return sd.nn().logSoftmax(x, -1);
            case "mish":
                return x.mul(sd.math().tanh(sd.nn().softplus(x)));
            case "relu":
                return sd.nn().relu(x, 0.0);
            case "relu6":
                return relu6(sd, x);
            case "selu":
                return sd.nn().selu(x);
            case "sigmoid":
                return sd.nn().sigmoid(x);
            case "silu":
            case "swish":
                return x.mul(sd.nn().sigmoid(x));
            case "soft_shrink":
                return sd.nn().relu(x.sub(0.5), 0.0).sub(sd.nn().relu(x.neg().sub(0.5), 0.0));
            case "softmax":
                return sd.nn().softmax(x, -1);
            case "softplus":
                return sd.nn().softplus(x);
            case "softsign":
                return sd.nn().softsign(x);
            case "sparse_plus": // 0 below -1, x above 1, a parabola between
                return sd.math().square(clip(sd, x.add(1.0), 0.0, 2.0)).mul(0.25).add(sd.nn().relu(x.sub(1.0), 0.0));
            case "squareplus":
                return x.add(sd.math().sqrt(sd.math().square(x).add(4.0))).mul(0.5);
            case "tanh":
                return sd.math().tanh(x);
            case "tanh_shrink":
                return x.sub(sd.math().tanh(x));
            case "threshold":
                return x.mul(sd.castTo(sd.gt(x, 0.0), x.dataType()));
            default:
                throw new IllegalArgumentException("no activation is called " + name);
        }
    }

    static SDVariable clip(SameDiff sd, SDVariable x, double low, double high) {
        return sd.clipByValue(x, low, high);
    }

    private static SDVariable relu6(SameDiff sd, SDVariable x) {
        return clip(sd, x, 0.0, 6.0);
    }

    /** The part of an array from {@code from} (inclusive) to {@code to} (exclusive) along its last axis. */
    static SDVariable part(SDVariable x, int rank, long from, long to) {
        SDIndex[] indices = new SDIndex[rank];
        Arrays.fill(indices, SDIndex.all());
        indices[rank - 1] = SDIndex.interval(from, to);
        return x.get(indices);
    }

    /** A vector's shape for its place among {@code rank} axes: ones elsewhere. */
    static long[] alongAxis(int rank, int axis, long size) {
        long[] shape = new long[rank];
        Arrays.fill(shape, 1);
        shape[axis] = size;
        return shape;
    }
}
