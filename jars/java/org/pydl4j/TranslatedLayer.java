package org.pydl4j;

import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.deeplearning4j.nn.conf.NeuralNetConfiguration;
import org.deeplearning4j.nn.conf.inputs.InputType;
import org.deeplearning4j.nn.conf.layers.samediff.SDLayerParams;
import org.deeplearning4j.nn.conf.layers.samediff.SameDiffLayer;
import org.deeplearning4j.optimize.api.TrainingListener;
import org.nd4j.autodiff.samediff.SDVariable;
import org.nd4j.autodiff.samediff.SameDiff;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.learning.config.IUpdater;
import org.nd4j.shade.jackson.annotation.JsonIgnore;

/**
 * The configuration of a layer that computes what a Keras layer computes, in Keras's layout of arrays (channels last),
 * with weights of Keras's names and shapes.
 *
 * <p>The settings are Keras's own, under its names. The shapes of the weights are in {@code layerParams}.
 */
public abstract class TranslatedLayer extends SameDiffLayer {
    /** The name of the input in a graph; the other inputs are the weights. */
    static final String INPUT = "input of the layer";

    private Map<String, Object> config;
    private List<Long> outputShape;

    /** The output for an input of Keras's shape, the batch first. */
    protected abstract SDVariable define(SameDiff sd, SDVariable input, Map<String, SDVariable> weights);

    /** What the layer computes. */
    Program program() {
        return new Program((sd, inputs) -> {
            // DL4J's updater takes what stands before the last underscore of a parameter's name for its layer's.
            Map<String, SDVariable> weights = new LinkedHashMap<>();
            inputs.forEach((name, variable) -> weights.put(name.replace('-', '_'), variable));
            SDVariable given = weights.remove(INPUT);
            return define(sd, given, weights);
        });
    }

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

    /** As the layers that are not SameDiff's call it. */
    @JsonIgnore
    public void setIUpdater(IUpdater updater) {
        setUpdater(updater);
    }

    @Override
    public InputType getOutputType(int layerIndex, InputType inputType) {
        return Shapes.inputType(outputShape);
    }

    @Override
    public void defineParameters(SDLayerParams params) {
        // They come with the configuration.
    }

    @Override
    public void initializeParameters(Map<String, INDArray> params) {
        params.values().forEach(array -> array.assign(0));
    }

    @Override
    public SDVariable defineLayer(
            SameDiff sd, SDVariable input, Map<String, SDVariable> weights, SDVariable mask) {
        return define(sd, input, weights);
    }

    @Override
    public org.deeplearning4j.nn.api.Layer instantiate(
            NeuralNetConfiguration conf,
            Collection<TrainingListener> listeners,
            int index,
            INDArray parameters,
            boolean initialize,
            DataType type) {
        TranslatedLayerImpl layer = new TranslatedLayerImpl(conf, type);
        layer.setIndex(index);
        layer.setParamsViewArray(parameters);
        layer.setParamTable(initializer().init(conf, parameters, initialize));
        layer.setConf(conf);
        return layer;
    }

    @Override
    public boolean equals(Object other) {
        return super.equals(other)
                && Objects.equals(config, ((TranslatedLayer) other).config)
                && Objects.equals(outputShape, ((TranslatedLayer) other).outputShape);
    }

    @Override
    public int hashCode() {
        return Objects.hash(super.hashCode(), config, outputShape);
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

    protected final double[] numbers(String name) {
        return Settings.numbers(config, name);
    }

    protected final long[][] pairs(String name) {
        return ((List<?>) config.get(name)).stream()
                .map(pair -> ((List<?>) pair).stream().mapToLong(value -> ((Number) value).longValue()).toArray())
                .toArray(long[][]::new);
    }
}
