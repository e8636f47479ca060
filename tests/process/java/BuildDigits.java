import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import org.deeplearning4j.nn.conf.MultiLayerConfiguration;
import org.deeplearning4j.nn.conf.NeuralNetConfiguration;
import org.deeplearning4j.nn.conf.inputs.InputType;
import org.deeplearning4j.nn.conf.layers.ConvolutionLayer;
import org.deeplearning4j.nn.conf.layers.DenseLayer;
import org.deeplearning4j.nn.conf.layers.DropoutLayer;
import org.deeplearning4j.nn.conf.layers.OutputLayer;
import org.deeplearning4j.nn.conf.layers.PoolingType;
import org.deeplearning4j.nn.conf.layers.SubsamplingLayer;
import org.deeplearning4j.nn.conf.ConvolutionMode;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.nd4j.linalg.activations.Activation;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.learning.config.Adam;
import org.nd4j.linalg.lossfunctions.LossFunctions;

/**
 * The network of the notebook that builds one, as a Java program has it. Arguments: images, one-hot classes (float32,
 * rows first), how many rows, rows of a batch, steps; then where the configuration goes. Prints the score after the steps.
 */
public class BuildDigits {
    public static void main(String[] arguments) throws Exception {
        MultiLayerConfiguration configuration = new NeuralNetConfiguration.Builder()
                .seed(7)
                .updater(new Adam(1e-3))
                .list()
                .layer(new ConvolutionLayer.Builder(3, 3)
                        .nOut(16)
                        .convolutionMode(ConvolutionMode.Same)
                        .activation(Activation.RELU)
                        .build())
                .layer(new SubsamplingLayer.Builder(PoolingType.MAX).kernelSize(2, 2).stride(2, 2).build())
                .layer(new DenseLayer.Builder().nOut(64).activation(Activation.RELU).build())
                .layer(new DropoutLayer.Builder(0.8).build())
                .layer(new OutputLayer.Builder(LossFunctions.LossFunction.MCXENT)
                        .nOut(10)
                        .activation(Activation.SOFTMAX)
                        .build())
                .setInputType(InputType.convolutional(8, 8, 1))
                .build();
        MultiLayerNetwork network = new MultiLayerNetwork(configuration);
        network.init();
        Files.writeString(Path.of(arguments[5]), configuration.toJson());
        int rows = Integer.parseInt(arguments[2]);
        int batch = Integer.parseInt(arguments[3]);
        INDArray images = Nd4j.create(numbers(arguments[0]), new long[] {rows, 1, 8, 8}, 'c');
        INDArray classes = Nd4j.create(numbers(arguments[1]), new long[] {rows, 10}, 'c');
        for (int step = 0; step < Integer.parseInt(arguments[4]); step++) {
            int begin = step * batch % (rows - batch + 1);
            network.fit(some(images, begin, batch), some(classes, begin, batch));
        }
        System.out.println(network.score());
    }

    private static INDArray some(INDArray all, int begin, int count) {
        return all.get(org.nd4j.linalg.indexing.NDArrayIndex.interval(begin, begin + count)).dup('c');
    }

    private static float[] numbers(String path) throws IOException {
        byte[] bytes = Files.readAllBytes(Path.of(path));
        float[] made = new float[bytes.length / 4];
        ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN).asFloatBuffer().get(made);
        return made;
    }
}
