package org.pydl4j;

import java.util.LinkedHashMap;
import java.util.Map;
import org.deeplearning4j.nn.api.Layer;
import org.deeplearning4j.nn.api.MaskState;
import org.deeplearning4j.nn.gradient.DefaultGradient;
import org.deeplearning4j.nn.gradient.Gradient;
import org.deeplearning4j.nn.graph.ComputationGraph;
import org.deeplearning4j.nn.graph.vertex.BaseGraphVertex;
import org.deeplearning4j.nn.workspace.ArrayType;
import org.deeplearning4j.nn.workspace.LayerWorkspaceMgr;
import org.nd4j.autodiff.samediff.SDVariable;
import org.nd4j.common.primitives.Pair;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;

/** Runs a {@link TranslatedVertex}. */
final class TranslatedVertexImpl extends BaseGraphVertex {
    private final Program program;

    TranslatedVertexImpl(TranslatedVertex vertex, ComputationGraph graph, String name, int index, DataType type) {
        super(graph, name, index, null, null, type);
        program = new Program((sd, given) -> vertex.define(sd, given.values().toArray(new SDVariable[0])));
    }

    @Override
    public boolean hasLayer() {
        return false;
    }

    @Override
    public Layer getLayer() {
        return null;
    }

    @Override
    public INDArray doForward(boolean training, LayerWorkspaceMgr workspaces) {
        return workspaces.dup(ArrayType.ACTIVATIONS, program.output(values()));
    }

    @Override
    public Pair<Gradient, INDArray[]> doBackward(boolean truncated, LayerWorkspaceMgr workspaces) {
        Map<String, INDArray> found = program.gradients(values(), epsilon);
        INDArray[] gradients = new INDArray[inputs.length];
        for (int i = 0; i < inputs.length; i++) {
            gradients[i] = workspaces.dup(ArrayType.ACTIVATION_GRAD, found.get(name(i)));
        }
        return new Pair<>(new DefaultGradient(), gradients);
    }

    @Override
    public void setBackpropGradientsViewArray(INDArray view) {
        if (view != null) {
            throw new IllegalArgumentException("vertex " + vertexName + " has no parameters");
        }
    }

    @Override
    public Pair<INDArray, MaskState> feedForwardMaskArrays(INDArray[] masks, MaskState state, int batch) {
        return null; // masks that count are inputs
    }

    @Override
    public String toString() {
        return getClass().getSimpleName() + "(" + vertexName + ")";
    }

    private Map<String, INDArray> values() {
        Map<String, INDArray> all = new LinkedHashMap<>();
        for (int i = 0; i < inputs.length; i++) {
            all.put(name(i), inputs[i]);
        }
        return all;
    }

    private static String name(int i) {
        return "input " + i;
    }
}
