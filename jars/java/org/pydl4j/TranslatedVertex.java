package org.pydl4j;

import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.deeplearning4j.nn.conf.graph.GraphVertex;
import org.deeplearning4j.nn.conf.inputs.InputType;
import org.deeplearning4j.nn.conf.memory.LayerMemoryReport;
import org.deeplearning4j.nn.conf.memory.MemoryReport;
import org.deeplearning4j.nn.graph.ComputationGraph;
import org.nd4j.autodiff.samediff.SDVariable;
import org.nd4j.autodiff.samediff.SameDiff;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * The configuration of a vertex that computes what a Keras layer of several inputs computes, in Keras's layout of
 * arrays (channels last). It has no weights: layers before and after it have them.
 *
 * <p>The settings are Keras's own, under its names.
 */
public abstract class TranslatedVertex extends GraphVertex {
    private Map<String, Object> config;
    private List<Long> outputShape;

    /** The output for inputs of Keras's shapes, the batch first. */
    protected abstract SDVariable define(SameDiff sd, SDVariable[] inputs);

    public Map<String, Object> getConfig() {
        return config;
    }

    public void setConfig(Map<String, Object> config) {
        this.config = config;
    }

    /** The output's shape without the batch; -1 for a size that varies. */
    public List<Long> getOutputShape() {
        return outputShape;
    }

    public void setOutputShape(List<Long> outputShape) {
        this.outputShape = outputShape;
    }

    @Override
    public org.deeplearning4j.nn.graph.vertex.GraphVertex instantiate(
            ComputationGraph graph, String name, int index, INDArray parameters, boolean initialize, DataType type) {
        return new TranslatedVertexImpl(this, graph, name, index, type);
    }

    @Override
    public InputType getOutputType(int layerIndex, InputType... inputs) {
        return Shapes.inputType(outputShape);
    }

    @Override
    public MemoryReport getMemoryReport(InputType... inputs) {
        return new LayerMemoryReport.Builder(null, getClass(), inputs[0], getOutputType(-1, inputs))
                .standardMemory(0, 0)
                .workingMemory(0, 0, 0, 0)
                .cacheMemory(0, 0)
                .build();
    }

    @Override
    public long numParams(boolean backprop) {
        return 0;
    }

    @Override
    public int minVertexInputs() {
        return 2;
    }

    @Override
    public int maxVertexInputs() {
        return Integer.MAX_VALUE;
    }

    /** The settings are never changed: the same ones serve a copy. */
    @Override
    public TranslatedVertex clone() {
        try {
            TranslatedVertex copy = getClass().getDeclaredConstructor().newInstance();
            copy.setConfig(config);
            copy.setOutputShape(outputShape);
            return copy;
        } catch (ReflectiveOperationException error) {
            throw new IllegalStateException(error);
        }
    }

    @Override
    public boolean equals(Object other) {
        return other != null
                && getClass() == other.getClass()
                && Objects.equals(config, ((TranslatedVertex) other).config)
                && Objects.equals(outputShape, ((TranslatedVertex) other).outputShape);
    }

    @Override
    public int hashCode() {
        return Objects.hash(getClass(), config, outputShape);
    }

    // What definitions read of their settings.

    protected final boolean flag(String name) {
        return Settings.flag(config, name);
    }

    protected final double number(String name) {
        return Settings.number(config, name);
    }

    protected final String text(String name) {
        return Settings.text(config, name);
    }

    protected final int[] integers(String name) {
        return Settings.integers(config, name);
    }
}
