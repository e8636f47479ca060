package org.pydl4j;

import java.io.OutputStream;
import java.io.PrintStream;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.Function;
import org.nd4j.autodiff.samediff.SDVariable;
import org.nd4j.autodiff.samediff.SameDiff;
import org.nd4j.linalg.api.memory.MemoryWorkspace;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.api.shape.Shape;
import org.nd4j.linalg.factory.Nd4j;

/**
 * What a layer or a vertex computes, as a SameDiff graph: its output, and its gradients by SameDiff's own rules.
 *
 * <p>A graph is made for each combination of input shapes, so that a definition sees every size as a number; the last
 * few are kept. Weights are inputs like any other: nothing is copied into the graph.
 */
final class Program {
    /** The graph of one combination of shapes. */
    interface Definition {
        SDVariable define(SameDiff sd, Map<String, SDVariable> inputs);
    }

    private static final int KEPT = 8;
    private static final String EPSILON = "epsilon of the output";

    private final Function<Map<String, INDArray>, Graph> maker;
    private final Map<String, Graph> made = new LinkedHashMap<String, Graph>(16, 0.75f, true) {
        @Override
        protected boolean removeEldestEntry(Map.Entry<String, Graph> eldest) {
            return size() > KEPT;
        }
    };

    Program(Definition definition) {
        this(inputs -> {
            SameDiff sd = SameDiff.create();
            Map<String, SDVariable> variables = new LinkedHashMap<>();
            inputs.forEach((name, array) ->
                    variables.put(name, sd.placeHolder(name, array.dataType(), array.shape())));
            return new Graph(sd, definition.define(sd, variables).name());
        });
    }

    Program(Function<Map<String, INDArray>, Graph> maker) {
        this.maker = maker;
    }

    /** The output for the inputs, in no workspace. */
    INDArray output(Map<String, INDArray> inputs) {
        try (MemoryWorkspace outside = Nd4j.getWorkspaceManager().scopeOutOfWorkspaces()) {
            Graph graph = graph(inputs);
            INDArray result = graph.sd.outputSingle(plain(inputs), graph.output);
            graph.forget();
            return result;
        }
    }

    /**
     * The gradient of each of the inputs {@code of}, or of all if none is named, where the output's is {@code epsilon};
     * in no workspace. Always the same inputs must be named.
     */
    Map<String, INDArray> gradients(Map<String, INDArray> inputs, INDArray epsilon, String... of) {
        try (MemoryWorkspace outside = Nd4j.getWorkspaceManager().scopeOutOfWorkspaces()) {
            Graph graph = graph(inputs);
            String[] names = of.length > 0 ? of : inputs.keySet().toArray(new String[0]);
            if (!graph.sd.hasGradientFunction()) {
                SDVariable output = graph.sd.getVariable(graph.output);
                SDVariable given = graph.sd.placeHolder(EPSILON, epsilon.dataType(), epsilon.shape());
                graph.sd.setLossVariables(output.mul(given).sum());
                quietly(() -> graph.sd.createGradFunction(names));
            }
            Map<String, INDArray> values = plain(inputs);
            values.put(EPSILON, plain(epsilon));
            Map<String, INDArray> found = graph.sd.calculateGradients(values, names);
            graph.forget();
            return found;
        }
    }

    /** SameDiff prints every operator that it differentiates. */
    private static void quietly(Runnable work) {
        PrintStream out = System.out;
        System.setOut(new PrintStream(OutputStream.nullOutputStream()));
        try {
            work.run();
        } finally {
            System.setOut(out);
        }
    }

    private Graph graph(Map<String, INDArray> inputs) {
        StringBuilder key = new StringBuilder();
        inputs.values().forEach(array -> key.append(Arrays.toString(array.shape())));
        return made.computeIfAbsent(key.toString(), unused -> maker.apply(inputs));
    }

    private static Map<String, INDArray> plain(Map<String, INDArray> inputs) {
        Map<String, INDArray> found = new LinkedHashMap<>();
        inputs.forEach((name, array) -> found.put(name, plain(array)));
        return found;
    }

    /** The array with C's strides: SameDiff's operators mix up numbers of some views, such as permuted images of 1 x 1. */
    private static INDArray plain(INDArray array) {
        return array.ordering() == 'c' && Shape.hasDefaultStridesForShape(array) ? array : array.dup('c');
    }

    /** A graph and the name of its output. */
    static final class Graph {
        private final SameDiff sd;
        private final String output;

        Graph(SameDiff sd, String output) {
            this.sd = sd;
            this.output = output;
        }

        /** No array of a call is kept alive by the graph. */
        void forget() {
            sd.clearPlaceholders(true);
            sd.clearOpInputs();
        }
    }
}
