package org.pydl4j;

import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.nd4j.autodiff.samediff.SDVariable;
import org.nd4j.autodiff.samediff.SameDiff;
import org.nd4j.common.primitives.Pair;
import org.nd4j.linalg.activations.IActivation;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.lossfunctions.ILossFunction;

/**
 * Keras's losses with Keras's settings: the mean over the batch and over all other axes but the last one, which the
 * loss itself joins. DL4J's of the same names scale some gradients by the number of outputs, and lack settings.
 *
 * <p>Labels and output are {@code [batch, numbers]}, the numbers being those of {@code shape} in C order. Classes as
 * integers are labels of ones and zeros here.
 */
public final class KerasLoss implements ILossFunction {
    private static final String LABELS = "labels";
    private static final String OUTPUT = "output";
    /** Keras's epsilon: what keeps logarithms and quotients finite. */
    private static final double EPSILON = 1e-7;

    private String loss;
    private Map<String, Object> settings;
    private List<Long> shape;

    private transient Program program;

    public String getLoss() {
        return loss;
    }

    public void setLoss(String loss) {
        this.loss = loss;
    }

    /** As in Keras's config of the loss: {@code from_logits}, {@code label_smoothing}, {@code delta}; and {@code weight}. */
    public Map<String, Object> getSettings() {
        return settings;
    }

    public void setSettings(Map<String, Object> settings) {
        this.settings = settings;
    }

    /** The shape of one output in Keras, without the batch. */
    public List<Long> getShape() {
        return shape;
    }

    public void setShape(List<Long> shape) {
        this.shape = shape;
    }

    @Override
    public double computeScore(
            INDArray labels, INDArray preOutput, IActivation activation, INDArray mask, boolean average) {
        double mean = scoreOf(labels, activated(preOutput, activation), mask);
        return average ? mean : mean * preOutput.size(0);
    }

    @Override
    public INDArray computeScoreArray(INDArray labels, INDArray preOutput, IActivation activation, INDArray mask) {
        INDArray output = activated(preOutput, activation);
        INDArray scores = Nd4j.create(output.size(0), 1);
        for (long row = 0; row < output.size(0); row++) {
            INDArray[] one = {
                labels.reshape(output.shape()).getRow(row, true).dup(), output.getRow(row, true).dup()
            };
            scores.putScalar(row, 0, scoreOf(one[0], one[1], mask));
        }
        return scores;
    }

    @Override
    public INDArray computeGradient(INDArray labels, INDArray preOutput, IActivation activation, INDArray mask) {
        INDArray output = activated(preOutput, activation);
        withoutMask(mask);
        // DL4J divides by the size of the batch; Keras's mean has done so already.
        INDArray each = Nd4j.scalar(output.dataType(), output.size(0));
        INDArray found = program().gradients(values(labels, output), each, OUTPUT).get(OUTPUT);
        // A copy, which is made in the workspace that DL4J has opened for it.
        return activation.backprop(preOutput.dup(), found.dup()).getFirst();
    }

    @Override
    public Pair<Double, INDArray> computeGradientAndScore(
            INDArray labels, INDArray preOutput, IActivation activation, INDArray mask, boolean average) {
        return new Pair<>(
                computeScore(labels, preOutput, activation, mask, average),
                computeGradient(labels, preOutput, activation, mask));
    }

    @Override
    public String name() {
        return "KerasLoss(" + loss + ")";
    }

    private double scoreOf(INDArray labels, INDArray output, INDArray mask) {
        withoutMask(mask);
        return program().output(values(labels, output)).getDouble(0);
    }

    private static void withoutMask(INDArray mask) {
        if (mask != null) {
            throw new UnsupportedOperationException("Keras's losses have no masks here");
        }
    }

    private static INDArray activated(INDArray preOutput, IActivation activation) {
        return activation.getActivation(preOutput.dup(), true);
    }

    private static Map<String, INDArray> values(INDArray labels, INDArray output) {
        Map<String, INDArray> values = new LinkedHashMap<>();
        values.put(LABELS, labels.castTo(output.dataType()).reshape(output.shape()));
        values.put(OUTPUT, output);
        return values;
    }

    private Program program() {
        if (program == null) {
            program = new Program((sd, inputs) -> {
                long[] whole = new long[shape.size() + 1];
                whole[0] = inputs.get(OUTPUT).getShape()[0];
                for (int i = 0; i < shape.size(); i++) {
                    whole[i + 1] = shape.get(i);
                }
                SDVariable labels = inputs.get(LABELS).reshape(whole);
                // What the loss counts among those of several outputs.
                double weight = ((Number) settings.getOrDefault("weight", 1.0)).doubleValue();
                long vectors = 1;
                for (int i = 0; i < shape.size(); i++) {
                    vectors *= whole[i];
                }
                return sd.sum(each(sd, labels, inputs.get(OUTPUT).reshape(whole))).mul(weight / vectors);
            });
        }
        return program;
    }

    /** The loss for each vector along the last axis. */
    private SDVariable each(SameDiff sd, SDVariable labels, SDVariable output) {
        SDVariable difference = output.sub(labels);
        switch (loss) {
            case "mean_squared_error":
                return mean(sd, sd.math().square(difference));
            case "mean_absolute_error":
                return mean(sd, sd.math().abs(difference));
            case "mean_absolute_percentage_error":
                SDVariable size = sd.math().max(sd.math().abs(labels), Constants.number(labels, EPSILON));
                return mean(sd, sd.math().abs(difference.div(size))).mul(100.0);
            case "mean_squared_logarithmic_error":
                return mean(sd, sd.math().square(logarithm(sd, output).sub(logarithm(sd, labels))));
            case "binary_crossentropy":
                return mean(sd, binary(sd, smooth(labels, 2), output));
            case "categorical_crossentropy":
                return categorical(sd, smooth(labels, shape.get(shape.size() - 1)), output);
            case "kl_divergence":
                SDVariable truth = sd.clipByValue(labels, EPSILON, 1.0);
                SDVariable guess = sd.clipByValue(output, EPSILON, 1.0);
                return sd.sum(truth.mul(sd.math().log(truth.div(guess))), last());
            case "poisson":
                return mean(sd, output.sub(labels.mul(sd.math().log(output.add(EPSILON)))));
            case "hinge":
                return mean(sd, sd.nn().relu(signs(sd, labels).mul(output).rsub(1.0), 0.0));
            case "squared_hinge":
                return mean(sd, sd.math().square(sd.nn().relu(signs(sd, labels).mul(output).rsub(1.0), 0.0)));
            case "categorical_hinge":
                SDVariable right = sd.sum(labels.mul(output), last());
                SDVariable wrong = sd.max(labels.rsub(1.0).mul(output), last());
                return sd.nn().relu(wrong.sub(right).add(1.0), 0.0);
            case "log_cosh":
                SDVariable soft = sd.nn().softplus(difference.mul(-2.0));
                return mean(sd, difference.add(soft).sub(Math.log(2.0)));
            case "huber":
                double delta = ((Number) settings.getOrDefault("delta", 1.0)).doubleValue();
                SDVariable far = sd.math().abs(difference);
                SDVariable near = sd.clipByValue(far, 0.0, delta);
                // Quadratic up to delta, linear beyond it.
                return mean(sd, sd.math().square(near).mul(0.5).add(far.sub(near).mul(delta)));
            case "cosine_similarity":
                return sd.sum(unit(sd, labels).mul(unit(sd, output)), last()).neg();
            default:
                throw new IllegalArgumentException("no loss is called " + loss);
        }
    }

    /** The last axis. Counted from the end, with the axes kept, ND4J takes another one. */
    private int last() {
        return shape.size();
    }

    /** The mean along the last axis; where that has one number nothing is joined, and ND4J's sum has no gradient. */
    private SDVariable mean(SameDiff sd, SDVariable x) {
        long numbers = shape.get(shape.size() - 1);
        return numbers == 1 ? x : sd.sum(x, last()).mul(1.0 / numbers);
    }

    /** ND4J's own cannot be differentiated. */
    private SDVariable logSoftmax(SameDiff sd, SDVariable x) {
        SDVariable shifted = x.sub(sd.max(x, true, last()));
        return shifted.sub(sd.math().log(sd.sum(sd.math().exp(shifted), true, last())));
    }

    private boolean fromLogits() {
        return Boolean.TRUE.equals(settings.get("from_logits"));
    }

    private SDVariable smooth(SDVariable labels, long classes) {
        double smoothing = ((Number) settings.getOrDefault("label_smoothing", 0.0)).doubleValue();
        return smoothing == 0.0 ? labels : labels.mul(1.0 - smoothing).add(smoothing / classes);
    }

    private SDVariable binary(SameDiff sd, SDVariable labels, SDVariable output) {
        if (fromLogits()) {
            // max(x, 0) - x y + log(1 + exp(-|x|))
            SDVariable far = sd.nn().softplus(sd.math().abs(output).neg());
            return sd.nn().relu(output, 0.0).sub(output.mul(labels)).add(far);
        }
        SDVariable p = sd.clipByValue(output, EPSILON, 1.0 - EPSILON);
        SDVariable yes = labels.mul(sd.math().log(p));
        return yes.add(labels.rsub(1.0).mul(sd.math().log(p.rsub(1.0)))).neg();
    }

    private SDVariable categorical(SameDiff sd, SDVariable labels, SDVariable output) {
        if (fromLogits()) {
            return sd.sum(labels.mul(logSoftmax(sd, output)), last()).neg();
        }
        SDVariable normal = output.div(sd.sum(output, true, last()));
        return sd.sum(labels.mul(sd.math().log(sd.clipByValue(normal, EPSILON, 1.0 - EPSILON))), last()).neg();
    }

    private static SDVariable logarithm(SameDiff sd, SDVariable x) {
        return sd.math().log(sd.math().max(x, Constants.number(x, EPSILON)).add(1.0));
    }

    /** Labels of 0 and 1 as -1 and 1; others as they are. */
    private static SDVariable signs(SameDiff sd, SDVariable labels) {
        SDVariable other = sd.castTo(sd.neq(labels, 0.0), labels.dataType());
        SDVariable notOne = sd.castTo(sd.neq(labels, 1.0), labels.dataType());
        SDVariable binary = sd.max(other.mul(notOne)).rsub(1.0);
        return binary.mul(labels.mul(2.0).sub(1.0)).add(binary.rsub(1.0).mul(labels));
    }

    private SDVariable unit(SameDiff sd, SDVariable x) {
        SDVariable squares = sd.sum(sd.math().square(x), true, last());
        return x.div(sd.math().sqrt(sd.math().max(squares, Constants.number(squares, 1e-12))));
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof KerasLoss
                && Arrays.asList(loss, settings, shape)
                        .equals(Arrays.asList(
                                ((KerasLoss) other).loss, ((KerasLoss) other).settings, ((KerasLoss) other).shape));
    }

    @Override
    public int hashCode() {
        return Objects.hash(loss, settings, shape);
    }

    @Override
    public String toString() {
        return name();
    }
}
