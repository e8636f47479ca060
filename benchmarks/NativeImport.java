import org.deeplearning4j.nn.modelimport.keras.KerasModelImport;

/** What a Java program does without the bridge: import one Keras file natively, once. The yardstick of bench.py. */
public class NativeImport {
    public static void main(String[] args) throws Exception {
        System.out.println(KerasModelImport.importKerasSequentialModelAndWeights(args[0], true)
                .getLayerWiseConfigurations().getConf(0).getLayer());
    }
}
