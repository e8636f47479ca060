package org.pydl4j.layers;

import java.util.Map;
import org.nd4j.autodiff.samediff.SDVariable;
import org.nd4j.autodiff.samediff.SameDiff;
import org.pydl4j.TranslatedLayer;

/**
 * Keras's {@code LSTM}, {@code GRU} and {@code SimpleRNN} (the setting {@code cell}) with all of their options, for
 * inputs {@code [batch, steps, features]}.
 *
 * <p>With {@code masked} the last feature of the input is the mask: 1 where a step counts. A step that does not count
 * leaves state and output as they were.
 */
public final class Recurrent extends TranslatedLayer {
    @Override
    protected SDVariable define(SameDiff sd, SDVariable input, Map<String, SDVariable> weights) {
        long[] shape = input.getShape();
        int steps = (int) shape[1];
        long features = shape[2] - (flag("masked") ? 1 : 0);
        SDVariable mask = flag("masked") ? Functions.part(input, 3, features, features + 1) : null;
        SDVariable x = flag("masked") ? Functions.part(input, 3, 0, features) : input;
        Cell cell = cell(sd, weights);
        // The product of all steps at once.
        SDVariable product = x.reshape(shape[0] * steps, features).mmul(weights.get("kernel"));
        SDVariable projected = cell.biased(product).reshape(shape[0], steps, weights.get("kernel").getShape()[1]);
        SDVariable[] at = sd.unstack(projected, 1, steps);
        SDVariable[] counts = mask == null ? null : sd.unstack(mask, 1, steps);
        SDVariable[] outputs = new SDVariable[steps];
        SDVariable[] state = null;
        for (int i = 0; i < steps; i++) {
            int step = flag("go_backwards") ? steps - 1 - i : i;
            SDVariable[] next = cell.step(at[step], state);
            SDVariable output = next[0];
            if (counts != null) {
                for (int k = 0; k < next.length; k++) {
                    SDVariable kept = next[k].mul(counts[step]);
                    next[k] = state == null ? kept : kept.add(state[k].mul(counts[step].rsub(1.0)));
                }
                output = flag("zero_output_for_mask") ? output.mul(counts[step]) : next[0];
            }
            state = next;
            outputs[i] = output;
        }
        return flag("return_sequences") ? sd.stack(1, outputs) : sd.identity(outputs[steps - 1]);
    }

    /** One kind of cell: the first of its states is its output. */
    private interface Cell {
        SDVariable biased(SDVariable product);

        /** The states after a step; {@code state} is null at the first one, where all are zero. */
        SDVariable[] step(SDVariable x, SDVariable[] state);
    }

    private Cell cell(SameDiff sd, Map<String, SDVariable> weights) {
        switch (text("cell")) {
            case "LSTM":
                return new Lstm(sd, weights);
            case "GRU":
                return new Gru(sd, weights);
            case "SimpleRNN":
                return new Simple(sd, weights);
            default:
                throw new IllegalArgumentException("no cell is called " + text("cell"));
        }
    }

    private abstract class WithWeights implements Cell {
        final SameDiff sd;
        final SDVariable recurrent;
        final SDVariable bias;
        final long units;

        WithWeights(SameDiff sd, Map<String, SDVariable> weights) {
            this.sd = sd;
            recurrent = weights.get("recurrent_kernel");
            bias = weights.get("bias");
            units = recurrent.getShape()[0];
        }

        @Override
        public SDVariable biased(SDVariable product) {
            return bias == null ? product : product.add(bias);
        }

        SDVariable gate(SDVariable x, int index) {
            return Functions.part(x, 2, index * units, (index + 1) * units);
        }

        SDVariable activation(SDVariable x) {
            return Functions.activation(sd, text("activation"), x);
        }

        SDVariable recurrentActivation(SDVariable x) {
            return Functions.activation(sd, text("recurrent_activation"), x);
        }
    }

    private final class Simple extends WithWeights {
        Simple(SameDiff sd, Map<String, SDVariable> weights) {
            super(sd, weights);
        }

        @Override
        public SDVariable[] step(SDVariable x, SDVariable[] state) {
            return new SDVariable[] {activation(state == null ? x : x.add(state[0].mmul(recurrent)))};
        }
    }

    private final class Lstm extends WithWeights {
        Lstm(SameDiff sd, Map<String, SDVariable> weights) {
            super(sd, weights);
        }

        @Override
        public SDVariable[] step(SDVariable x, SDVariable[] state) {
            SDVariable all = state == null ? x : x.add(state[0].mmul(recurrent));
            SDVariable carry = recurrentActivation(gate(all, 0)).mul(activation(gate(all, 2)));
            if (state != null) {
                carry = carry.add(recurrentActivation(gate(all, 1)).mul(state[1]));
            }
            return new SDVariable[] {recurrentActivation(gate(all, 3)).mul(activation(carry)), carry};
        }
    }

    /** The gates are update (z), reset (r) and new; the bias has a row for each of the two products, or one for both. */
    private final class Gru extends WithWeights {
        private final boolean resetAfter = flag("reset_after");

        Gru(SameDiff sd, Map<String, SDVariable> weights) {
            super(sd, weights);
        }

        private SDVariable row(int index) {
            return sd.unstack(bias, 0, 2)[index];
        }

        @Override
        public SDVariable biased(SDVariable product) {
            return bias != null && resetAfter ? product.add(row(0)) : super.biased(product);
        }

        @Override
        public SDVariable[] step(SDVariable x, SDVariable[] state) {
            SDVariable inner = null;
            if (resetAfter) {
                inner = state == null ? null : state[0].mmul(recurrent);
                if (bias != null) {
                    // At the first step the product is zero: the row alone, for each of the batch.
                    inner = inner == null ? x.mul(0.0).add(row(1)) : inner.add(row(1));
                }
            } else if (state != null) {
                inner = state[0].mmul(Functions.part(recurrent, 2, 0, 2 * units));
            }
            SDVariable update = recurrentActivation(plus(x, inner, 0));
            SDVariable reset = recurrentActivation(plus(x, inner, 1));
            SDVariable fresh = gate(x, 2);
            if (resetAfter && inner != null) {
                fresh = fresh.add(reset.mul(gate(inner, 2)));
            } else if (!resetAfter && state != null) {
                SDVariable ofNew = Functions.part(recurrent, 2, 2 * units, 3 * units);
                fresh = fresh.add(reset.mul(state[0]).mmul(ofNew));
            }
            SDVariable next = update.rsub(1.0).mul(activation(fresh));
            return new SDVariable[] {state == null ? next : next.add(update.mul(state[0]))};
        }

        private SDVariable plus(SDVariable x, SDVariable inner, int index) {
            return inner == null ? gate(x, index) : gate(x, index).add(gate(inner, index));
        }
    }
}
