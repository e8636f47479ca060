package org.pydl4j;

import java.util.Arrays;
import org.nd4j.autodiff.samediff.SDVariable;
import org.nd4j.autodiff.samediff.SameDiff;

/**
 * The product of two arrays in Einstein's notation, as one product of matrices; SameDiff has none.
 *
 * <p>{@code "bqd,bkd->bqk"}: every letter once in each array, and no dots. A letter that is in one array only and not in
 * the result is summed over.
 */
public final class Einsum {
    private final String left;
    private final String right;
    private final String result;
    private final long[] sizes = new long[128];

    /** For arrays of these shapes: SameDiff does not know the shape of what it has not computed yet. */
    public Einsum(String equation, long[] leftShape, long[] rightShape) {
        left = equation.substring(0, equation.indexOf(','));
        right = equation.substring(left.length() + 1, equation.indexOf("->"));
        result = equation.substring(equation.indexOf("->") + 2);
        for (int i = 0; i < left.length(); i++) {
            sizes[left.charAt(i)] = leftShape[i];
        }
        for (int i = 0; i < right.length(); i++) {
            sizes[right.charAt(i)] = rightShape[i];
        }
    }

    /** The shape of the result. */
    public long[] shape() {
        return of(result);
    }

    /** The product. */
    public SDVariable product(SameDiff sd, SDVariable a, SDVariable b) {
        SDVariable x = summed(sd, a, left, right + result);
        SDVariable y = summed(sd, b, right, left + result);
        String inLeft = only(left, right + result);
        String inRight = only(right, left + result);
        String together = only(only(inLeft, inRight), result);
        String contracted = without(only(inLeft, inRight), result);
        String ofLeft = without(inLeft, inRight);
        String ofRight = without(inRight, inLeft);
        SDVariable first = permuted(sd, x, inLeft, together + ofLeft + contracted);
        SDVariable second = permuted(sd, y, inRight, together + contracted + ofRight);
        long batch = count(together);
        SDVariable found = together.isEmpty()
                ? first.reshape(count(ofLeft), count(contracted)).mmul(second.reshape(count(contracted), count(ofRight)))
                : first.reshape(batch, count(ofLeft), count(contracted))
                        .mmul(second.reshape(batch, count(contracted), count(ofRight)));
        String order = together + ofLeft + ofRight;
        return permuted(sd, found.reshape(of(order)), order, result);
    }

    private static SDVariable summed(SameDiff sd, SDVariable x, String letters, String elsewhere) {
        String gone = without(letters, elsewhere);
        return gone.isEmpty() ? x : sd.sum(x, false, gone.chars().map(letters::indexOf).toArray());
    }

    private static SDVariable permuted(SameDiff sd, SDVariable x, String from, String to) {
        return from.equals(to) ? x : sd.permute(x, to.chars().map(from::indexOf).toArray());
    }

    private static String only(String letters, String these) {
        return kept(letters, these, true);
    }

    private static String without(String letters, String these) {
        return kept(letters, these, false);
    }

    private static String kept(String letters, String these, boolean inThese) {
        StringBuilder found = new StringBuilder();
        letters.chars().filter(c -> these.indexOf(c) >= 0 == inThese).forEach(c -> found.append((char) c));
        return found.toString();
    }

    private long[] of(String letters) {
        return letters.chars().mapToLong(c -> sizes[c]).toArray();
    }

    private long count(String letters) {
        return Arrays.stream(of(letters)).reduce(1, (a, b) -> a * b);
    }
}
