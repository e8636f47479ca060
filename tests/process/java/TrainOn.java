import java.io.File;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.deeplearning4j.util.ModelSerializer;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/** Restores a zip and takes one step; knows nothing of Python. Arguments: zip, rows, inputs, labels, parameters to write. */
public class TrainOn {
    public static void main(String[] arguments) throws Exception {
        MultiLayerNetwork network = ModelSerializer.restoreMultiLayerNetwork(new File(arguments[0]), true);
        int rows = Integer.parseInt(arguments[1]);
        network.fit(read(arguments[2], rows), read(arguments[3], rows));
        float[] parameters = network.params().dup('c').data().asFloat();
        ByteBuffer bytes = ByteBuffer.allocate(4 * parameters.length).order(ByteOrder.LITTLE_ENDIAN);
        bytes.asFloatBuffer().put(parameters);
        Files.write(Path.of(arguments[4]), bytes.array());
        System.out.println(network.score() + " " + network.getLayerWiseConfigurations().getIterationCount());
    }

    private static INDArray read(String file, int rows) throws Exception {
        byte[] bytes = Files.readAllBytes(Path.of(file));
        float[] numbers = new float[bytes.length / 4];
        ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN).asFloatBuffer().get(numbers);
        return Nd4j.create(numbers, new long[] {rows, numbers.length / rows}, 'c');
    }
}
