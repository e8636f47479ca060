package org.pydl4j.training;

import java.util.Collection;
import java.util.List;
import org.deeplearning4j.nn.api.Layer;
import org.deeplearning4j.nn.conf.NeuralNetConfiguration;
import org.deeplearning4j.nn.conf.layers.BatchNormalization;
import org.deeplearning4j.nn.gradient.Gradient;
import org.deeplearning4j.nn.params.BatchNormalizationParamInitializer;
import org.deeplearning4j.nn.workspace.LayerWorkspaceMgr;
import org.deeplearning4j.optimize.api.TrainingListener;
import org.nd4j.common.primitives.Pair;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.learning.regularization.Regularization;

/**
 * DL4J's BatchNormalization, trained as tf.keras trains it.
 *
 * <p>Two things differ. On images, tf.keras's moving variance follows {@code n / (n - 1)} times the variance of the n
 * numbers of a channel, DL4J's the variance itself. And DL4J takes the changes of the moving averages for gradients when
 * it clips: here, gamma and beta have the layer's regularizations, of which {@link ClipAfterRegularization} is one.
 */
public class KerasBatchNormalization extends BatchNormalization {
    private boolean unbiased;

    /** The same layer as DL4J's. */
    public static KerasBatchNormalization of(BatchNormalization layer, boolean unbiased) throws IllegalAccessException {
        KerasBatchNormalization made = Copied.from(layer, new KerasBatchNormalization());
        made.unbiased = unbiased;
        return made;
    }

    public boolean isUnbiased() {
        return unbiased;
    }

    public void setUnbiased(boolean unbiased) {
        this.unbiased = unbiased;
    }

    @Override
    public List<Regularization> getRegularizationByParam(String name) {
        if (name.equals(BatchNormalizationParamInitializer.GAMMA)) {
            return regularization;
        }
        return name.equals(BatchNormalizationParamInitializer.BETA) ? regularizationBias : null;
    }

    @Override
    public boolean equals(Object other) {
        return super.equals(other)
                && other instanceof KerasBatchNormalization
                && ((KerasBatchNormalization) other).unbiased == unbiased;
    }

    @Override
    public int hashCode() {
        return super.hashCode() * 31 + Boolean.hashCode(unbiased);
    }

    @Override
    public Layer instantiate(NeuralNetConfiguration conf, Collection<TrainingListener> listeners, int index,
            INDArray parameters, boolean initialize, DataType dataType) {
        Running layer = new Running(conf, dataType);
        layer.setListeners(listeners);
        layer.setIndex(index);
        layer.setParamsViewArray(parameters);
        layer.setParamTable(initializer().init(conf, parameters, initialize));
        layer.setConf(conf);
        return layer;
    }

    private static final class Running extends org.deeplearning4j.nn.layers.normalization.BatchNormalization {
        Running(NeuralNetConfiguration conf, DataType dataType) {
            super(conf, dataType);
        }

        @Override
        public Pair<Gradient, INDArray> backpropGradient(INDArray epsilon, LayerWorkspaceMgr workspaces) {
            KerasBatchNormalization config = (KerasBatchNormalization) layerConf();
            long numbers = input.rank() < 4 ? 0 : input.length() / config.getNOut();
            Pair<Gradient, INDArray> found = super.backpropGradient(epsilon, workspaces);
            if (config.unbiased && numbers > 1) {
                // The change is (1 - d) (moving - batch); the batch's variance becomes n / (n - 1) times as large.
                INDArray change = gradientViews.get(BatchNormalizationParamInitializer.GLOBAL_VAR);
                INDArray moving = params.get(BatchNormalizationParamInitializer.GLOBAL_VAR);
                double others = numbers - 1;
                change.muli(numbers / others).subi(moving.mul((1 - config.getDecay()) / others));
            }
            return found;
        }
    }
}
