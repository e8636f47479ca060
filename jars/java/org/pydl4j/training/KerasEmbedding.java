package org.pydl4j.training;

import java.util.Collection;
import org.deeplearning4j.nn.api.Layer;
import org.deeplearning4j.nn.conf.NeuralNetConfiguration;
import org.deeplearning4j.nn.conf.RNNFormat;
import org.deeplearning4j.nn.conf.layers.EmbeddingSequenceLayer;
import org.deeplearning4j.nn.gradient.Gradient;
import org.deeplearning4j.nn.params.DefaultParamInitializer;
import org.deeplearning4j.nn.workspace.LayerWorkspaceMgr;
import org.deeplearning4j.optimize.api.TrainingListener;
import org.nd4j.common.primitives.Pair;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.memory.MemoryWorkspace;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.api.ops.impl.scatter.ScatterUpdate;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.learning.config.IUpdater;
import org.pydl4j.updaters.KerasUpdater;

/**
 * DL4J's EmbeddingSequenceLayer that tells its updater, one of ours, what an optimizer of Keras 3 on TensorFlow makes of
 * the gradients of each occurrence of an index, before they are added up: it squares them, or takes their magnitudes.
 */
public class KerasEmbedding extends EmbeddingSequenceLayer {
    /** The same layer as DL4J's. */
    public static KerasEmbedding of(EmbeddingSequenceLayer layer) throws IllegalAccessException {
        return Copied.from(layer, new KerasEmbedding());
    }

    /** An updater of ours gets the layer's name, so that DL4J does not run it together with that of another layer. */
    @Override
    public void setIUpdater(IUpdater updater) {
        if (updater instanceof KerasUpdater) {
            ((KerasUpdater) updater).setOccurrencesOf(getLayerName());
        }
        super.setIUpdater(updater);
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

    private static final class Running extends org.deeplearning4j.nn.layers.feedforward.embedding.EmbeddingSequenceLayer {
        Running(NeuralNetConfiguration conf, DataType dataType) {
            super(conf, dataType);
        }

        @Override
        public Pair<Gradient, INDArray> backpropGradient(INDArray epsilon, LayerWorkspaceMgr workspaces) {
            EmbeddingSequenceLayer config = (EmbeddingSequenceLayer) conf().getLayer();
            if (config.getIUpdater() instanceof KerasUpdater) {
                // It is read by the updater, when the workspaces of this pass are closed.
                try (MemoryWorkspace none = Nd4j.getMemoryManager().scopeOutOfWorkspaces()) {
                    KerasUpdater updater = (KerasUpdater) config.getIUpdater();
                    updater.setOccurrences(occurrences(config, updater, epsilon));
                }
            }
            return super.backpropGradient(epsilon, workspaces);
        }

        private INDArray occurrences(EmbeddingSequenceLayer config, KerasUpdater updater, INDArray epsilon) {
            boolean last = config.getOutputFormat() == RNNFormat.NWC;
            INDArray rows = (last ? epsilon : epsilon.permute(0, 2, 1)).dup('c').reshape('c', new long[] {-1, config.getNOut()});
            if (conf().isMiniBatch()) {
                rows.divi(input.size(0)); // DL4J does so with the gradient later
            }
            INDArray gradient = gradientViews.get(DefaultParamInitializer.WEIGHT_KEY);
            INDArray sums = Nd4j.zeros(gradient.dataType(), gradient.shape());
            INDArray indices = Nd4j.createFromArray(input.dup('c').data().asInt());
            Nd4j.scatterUpdate(ScatterUpdate.UpdateOp.ADD, sums, indices, updater.ofEach(rows), 1);
            return sums.dup(gradient.ordering()).reshape(gradient.ordering(), new long[] {gradient.length()});
        }
    }
}
