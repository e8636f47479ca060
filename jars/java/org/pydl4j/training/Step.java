package org.pydl4j.training;

import org.deeplearning4j.nn.api.Model;
import org.deeplearning4j.nn.graph.ComputationGraph;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;
import org.pydl4j.Memory;

/**
 * A step of training in one call: from Python each call into Java takes longer than a small array to copy.
 */
public final class Step {
    private Step() {}

    /**
     * Trains a network on one batch.
     *
     * @param inputs how many of the arrays are inputs; the others are labels
     * @param type of the numbers of all arrays
     * @param addresses where the numbers of each array lie, in C order; they are copied
     * @return the loss before the step, with the regularization
     */
    public static double fit(Model network, int inputs, DataType type, long[] addresses, long[][] shapes) {
        INDArray[] x = new INDArray[inputs];
        INDArray[] y = new INDArray[addresses.length - inputs];
        for (int at = 0; at < addresses.length; at++) {
            INDArray made = Nd4j.createUninitialized(type, shapes[at], 'c');
            Memory.copy(addresses[at], made);
            if (at < inputs) {
                x[at] = made;
            } else {
                y[at - inputs] = made;
            }
        }
        if (network instanceof ComputationGraph) {
            ((ComputationGraph) network).fit(x, y);
        } else {
            ((MultiLayerNetwork) network).fit(x[0], y[0]);
        }
        return network.score();
    }
}
