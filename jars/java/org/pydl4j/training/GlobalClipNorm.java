package org.pydl4j.training;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.deeplearning4j.nn.api.Layer;
import org.deeplearning4j.nn.api.Model;
import org.deeplearning4j.nn.api.TrainingConfig;
import org.deeplearning4j.nn.graph.ComputationGraph;
import org.deeplearning4j.nn.layers.FrozenLayer;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.deeplearning4j.optimize.api.BaseTrainingListener;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.learning.config.NoOp;
import org.nd4j.linalg.learning.regularization.Regularization;

/**
 * Keras's {@code global_clipnorm}: scales all gradients by the same number, so that their L2 norm together is not above
 * a threshold. What is not trained by an updater (frozen layers, moving averages) does not count.
 *
 * <p>DL4J divides by the size of the batch and adds the terms of L1 and L2 after this listener is called. Keras clips
 * after both, so they are counted in, and what DL4J will add is taken off.
 *
 * <p>A listener is not saved with a network: whoever restores one adds it again.
 */
public final class GlobalClipNorm extends BaseTrainingListener {
    private final double threshold;

    public GlobalClipNorm(double threshold) {
        this.threshold = threshold;
    }

    public double getThreshold() {
        return threshold;
    }

    @Override
    public void onGradientCalculation(Model model) {
        boolean graph = model instanceof ComputationGraph;
        Layer[] layers = graph ? ((ComputationGraph) model).getLayers() : ((MultiLayerNetwork) model).getLayers();
        double batch = layers[0].conf().isMiniBatch() ? model.batchSize() : 1;
        Map<String, INDArray> gradients = model.gradient().gradientForVariable();
        List<INDArray> counted = new ArrayList<>();
        List<INDArray> terms = new ArrayList<>();
        double squares = 0.0;
        for (int at = 0; at < layers.length; at++) {
            Layer layer = layers[at];
            if (layer.numParams() == 0 || layer instanceof FrozenLayer) {
                continue;
            }
            TrainingConfig config = layer.getConfig();
            String prefix = graph ? layer.conf().getLayer().getLayerName() : String.valueOf(at);
            for (Map.Entry<String, INDArray> parameter : layer.paramTable(false).entrySet()) {
                String name = parameter.getKey();
                INDArray gradient = gradients.get(prefix + "_" + name);
                if (gradient == null || config.getUpdaterByParam(name) instanceof NoOp) {
                    continue;
                }
                INDArray term = term(config.getRegularizationByParam(name), parameter.getValue());
                if (term != null) {
                    term.muli(batch);
                }
                double norm = (term == null ? gradient : gradient.add(term)).norm2Number().doubleValue();
                squares += norm * norm;
                counted.add(gradient);
                terms.add(term);
            }
        }
        double norm = Math.sqrt(squares) / batch;
        if (!(norm > threshold)) {
            return;
        }
        double scale = threshold / norm;
        for (int at = 0; at < counted.size(); at++) {
            counted.get(at).muli(scale);
            if (terms.get(at) != null) {
                // scale * (gradient + term), less the term that DL4J adds.
                counted.get(at).addi(terms.get(at).muli(scale - 1));
            }
        }
    }

    /** What the regularizations add to the gradient of a parameter; null where there are none. */
    private static INDArray term(List<Regularization> regularizations, INDArray parameter) {
        INDArray term = null;
        for (Regularization regularization : regularizations == null ? List.<Regularization>of() : regularizations) {
            if (regularization.applyStep() == Regularization.ApplyStep.BEFORE_UPDATER) {
                term = term == null ? Nd4j.zeros(parameter.dataType(), parameter.shape()) : term;
                regularization.apply(parameter, term, 1.0, 0, 0);
            }
        }
        return term;
    }
}
