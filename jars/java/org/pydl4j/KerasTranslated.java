package org.pydl4j;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.deeplearning4j.nn.conf.NeuralNetConfiguration;
import org.deeplearning4j.nn.conf.graph.GraphVertex;
import org.deeplearning4j.nn.conf.inputs.InputType;
import org.deeplearning4j.nn.conf.layers.Layer;
import org.deeplearning4j.nn.modelimport.keras.KerasLayer;
import org.deeplearning4j.nn.modelimport.keras.exceptions.InvalidKerasConfigurationException;
import org.deeplearning4j.nn.modelimport.keras.exceptions.UnsupportedKerasConfigurationException;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.shade.jackson.databind.ObjectMapper;

/**
 * A layer of a Keras config that brings DL4J's layer with it: {@code config.layer} is that layer's JSON, or
 * {@code config.vertex} the JSON of a vertex.
 *
 * <p>Registered with the importer under {@link #CLASS_NAME}. The names of the weights are those of the layer's
 * parameters, with hyphens for underscores: DL4J's updaters take what is before the last underscore for the layer.
 */
public final class KerasTranslated extends KerasLayer {
    /** The class name in the config. */
    public static final String CLASS_NAME = "pydl4j>Translated";

    private final InputType outputType;

    public KerasTranslated(Map<String, Object> layerConfig)
            throws InvalidKerasConfigurationException, UnsupportedKerasConfigurationException {
        super(layerConfig, false);
        Map<?, ?> config = (Map<?, ?>) layerConfig.get("config");
        ObjectMapper mapper = NeuralNetConfiguration.mapper();
        Object made = config.get("vertex") != null ? config.get("vertex") : config.get("layer");
        if (config.get("vertex") != null) {
            vertex = mapper.convertValue(config.get("vertex"), GraphVertex.class);
        } else {
            layer = mapper.convertValue(config.get("layer"), Layer.class);
            layer.setLayerName(layerName);
        }
        List<Long> shape = new ArrayList<>();
        for (Object size : (List<?>) ((Map<?, ?>) made).get("outputShape")) {
            shape.add(((Number) size).longValue());
        }
        outputType = Shapes.inputType(shape);
    }

    /** Makes the importer know this class, and DL4J's JSON reader ours, also where another class loader has them. */
    public static void register() {
        KerasLayer.registerCustomLayer(CLASS_NAME, KerasTranslated.class);
        ObjectMapper mapper = NeuralNetConfiguration.mapper();
        mapper.setTypeFactory(mapper.getTypeFactory().withClassLoader(KerasTranslated.class.getClassLoader()));
    }

    @Override
    public InputType getOutputType(InputType... inputType) {
        return outputType; // the types that the importer gives for some layers are not those of their arrays
    }

    @Override
    public int getNumParams() {
        return isVertex() ? 0 : (int) layer.initializer().numParams(layer);
    }

    @Override
    public void setWeights(Map<String, INDArray> given) {
        weights = new HashMap<>();
        given.forEach((name, array) -> weights.put(name.replace('_', '-'), array));
    }
}
