package org.pydl4j.training;

import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.indexing.BooleanIndexing;
import org.nd4j.linalg.indexing.conditions.Conditions;
import org.nd4j.linalg.learning.regularization.Regularization;
import org.nd4j.shade.jackson.annotation.JsonProperty;

/**
 * Clips the gradient of one parameter after the terms of L1 and L2 were added to it, as Keras does; DL4J's
 * GradientNormalization clips before. Has to be the last in a layer's list of regularizations.
 */
public final class ClipAfterRegularization implements Regularization {
    private final double threshold;
    private final boolean byNorm;

    /**
     * @param threshold the largest L2 norm of a parameter's gradient, or the largest magnitude of each of its numbers
     * @param byNorm which of the two
     */
    public ClipAfterRegularization(
            @JsonProperty("threshold") double threshold, @JsonProperty("byNorm") boolean byNorm) {
        this.threshold = threshold;
        this.byNorm = byNorm;
    }

    public double getThreshold() {
        return threshold;
    }

    public boolean getByNorm() {
        return byNorm;
    }

    @Override
    public ApplyStep applyStep() {
        return ApplyStep.BEFORE_UPDATER;
    }

    @Override
    public void apply(INDArray param, INDArray gradient, double rate, int iteration, int epoch) {
        if (!byNorm) {
            BooleanIndexing.replaceWhere(gradient, threshold, Conditions.greaterThan(threshold));
            BooleanIndexing.replaceWhere(gradient, -threshold, Conditions.lessThan(-threshold));
            return;
        }
        double norm = gradient.norm2Number().doubleValue();
        if (norm > threshold) {
            gradient.muli(threshold / norm);
        }
    }

    @Override
    public double score(INDArray param, int iteration, int epoch) {
        return 0.0;
    }

    @Override
    public Regularization clone() {
        return new ClipAfterRegularization(threshold, byNorm);
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof ClipAfterRegularization
                && ((ClipAfterRegularization) other).threshold == threshold
                && ((ClipAfterRegularization) other).byNorm == byNorm;
    }

    @Override
    public int hashCode() {
        return Double.hashCode(threshold) + Boolean.hashCode(byNorm);
    }
}
