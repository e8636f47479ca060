import java.io.File;
import java.util.Arrays;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.deeplearning4j.util.ModelSerializer;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/**
 * The yardstick of fit.py: a training loop as a Java program has it. Arguments: zip, rows, steps, then for inputs and for
 * labels the shape without the rows, as 28,28,1. Prints the median of the microseconds that a step takes.
 */
public class Fit {
    public static void main(String[] arguments) throws Exception {
        MultiLayerNetwork network = ModelSerializer.restoreMultiLayerNetwork(new File(arguments[0]), true);
        long rows = Long.parseLong(arguments[1]);
        int steps = Integer.parseInt(arguments[2]);
        float[] inputs = numbers(rows, arguments[3]);
        float[] labels = numbers(rows, arguments[4]);
        double[] taken = new double[steps];
        for (int step = -steps / 4; step < steps; step++) {
            long began = System.nanoTime();
            // A new batch for each step, as the samples come.
            INDArray x = Nd4j.create(inputs, shape(rows, arguments[3]), 'c');
            INDArray y = Nd4j.create(labels, shape(rows, arguments[4]), 'c');
            network.fit(x, y);
            double score = network.score();
            if (step >= 0) {
                taken[step] = (System.nanoTime() - began) / 1e3;
            }
        }
        Arrays.sort(taken);
        System.out.println(taken[steps / 2]);
    }

    private static long[] shape(long rows, String sizes) {
        return Arrays.stream((rows + "," + sizes).split(",")).mapToLong(Long::parseLong).toArray();
    }

    private static float[] numbers(long rows, String sizes) {
        long length = Arrays.stream(shape(rows, sizes)).reduce(1, (a, b) -> a * b);
        float[] made = new float[(int) length];
        for (int i = 0; i < length; i++) {
            made[i] = (i % 17) / 17f;
        }
        return made;
    }
}
