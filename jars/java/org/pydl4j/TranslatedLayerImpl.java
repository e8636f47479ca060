package org.pydl4j;

import java.util.LinkedHashMap;
import java.util.Map;
import org.deeplearning4j.nn.conf.NeuralNetConfiguration;
import org.deeplearning4j.nn.gradient.DefaultGradient;
import org.deeplearning4j.nn.gradient.Gradient;
import org.deeplearning4j.nn.layers.samediff.SameDiffLayer;
import org.deeplearning4j.nn.workspace.ArrayType;
import org.deeplearning4j.nn.workspace.LayerWorkspaceMgr;
import org.nd4j.autodiff.samediff.SDVariable;
import org.nd4j.common.primitives.Pair;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * Runs a {@link TranslatedLayer}.
 *
 * <p>DL4J's own class for SameDiff layers cannot: it ignores {@code setParam}, and its graph is made for the length of
 * the first sequence that it sees.
 */
final class TranslatedLayerImpl extends SameDiffLayer {
    private static final String INPUT = "input of the layer";

    private final Program program = new Program((sd, inputs) -> {
        Map<String, SDVariable> weights = new LinkedHashMap<>();
        inputs.forEach((name, variable) -> weights.put(name.replace('-', '_'), variable));
        SDVariable given = weights.remove(INPUT);
        return ((TranslatedLayer) layerConf()).define(sd, given, weights);
    });

    TranslatedLayerImpl(NeuralNetConfiguration conf, DataType type) {
        super(conf, type);
    }

    @Override
    public INDArray activate(boolean training, LayerWorkspaceMgr workspaces) {
        assertInputSet(false);
        return workspaces.dup(ArrayType.ACTIVATIONS, program.output(values()));
    }

    @Override
    public Pair<Gradient, INDArray> backpropGradient(INDArray epsilon, LayerWorkspaceMgr workspaces) {
        assertInputSet(true);
        Map<String, INDArray> found = program.gradients(values(), epsilon);
        Gradient gradient = new DefaultGradient();
        if (gradTable != null) { // a network gives none to a layer without weights
            gradTable.forEach((name, view) -> {
                view.assign(found.get(name));
                gradient.gradientForVariable().put(name, view);
            });
        }
        return new Pair<>(gradient, workspaces.dup(ArrayType.ACTIVATION_GRAD, found.get(INPUT)));
    }

    @Override
    public void setParam(String key, INDArray value) {
        super.setParam(key, value); // checks the name and the shape, and copies nothing
        paramTable.get(key).assign(value);
    }

    private Map<String, INDArray> values() {
        Map<String, INDArray> all = new LinkedHashMap<>();
        all.put(INPUT, input);
        all.putAll(paramTable);
        return all;
    }
}
