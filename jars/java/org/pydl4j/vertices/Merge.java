package org.pydl4j.vertices;

import org.nd4j.autodiff.samediff.SDVariable;
import org.nd4j.autodiff.samediff.SameDiff;
import org.pydl4j.TranslatedVertex;

/**
 * Keras's {@code Add}, {@code Subtract}, {@code Multiply}, {@code Average}, {@code Maximum} and {@code Minimum}, and the
 * operators of their kind ({@code op}). Arrays of fewer axes get axes of one after the batch, and all are broadcast.
 */
public final class Merge extends TranslatedVertex {
    @Override
    protected SDVariable define(SameDiff sd, SDVariable[] inputs) {
        int rank = 0;
        for (SDVariable input : inputs) {
            rank = Math.max(rank, input.getShape().length);
        }
        SDVariable result = null;
        boolean average = text("op").equals("average");
        for (SDVariable input : inputs) {
            SDVariable next = ofRank(input, rank);
            result = result == null ? next : merged(sd, average ? "add" : text("op"), result, next);
        }
        return average ? result.div(inputs.length) : result;
    }

    private static SDVariable ofRank(SDVariable x, int rank) {
        long[] given = x.getShape();
        if (given.length == rank) {
            return x;
        }
        long[] shape = new long[rank];
        java.util.Arrays.fill(shape, 1);
        shape[0] = given[0];
        System.arraycopy(given, 1, shape, rank - given.length + 1, given.length - 1);
        return x.reshape(shape);
    }

    /** {@code a op b}. */
    public static SDVariable merged(SameDiff sd, String op, SDVariable a, SDVariable b) {
        switch (op) {
            case "add":
                return a.add(b);
            case "subtract":
                return a.sub(b);
            case "multiply":
                return a.mul(b);
            case "divide":
                return a.div(b);
            case "power":
                return sd.math().pow(a, b);
            case "maximum":
                return sd.math().max(a, b);
            case "minimum":
                return sd.math().min(a, b);
            default:
                throw new IllegalArgumentException("no operator is called " + op);
        }
    }
}
