package org.pydl4j.layers;

import java.util.Map;
import org.nd4j.autodiff.samediff.SDVariable;
import org.nd4j.autodiff.samediff.SameDiff;
import org.pydl4j.TranslatedLayer;

/** {@code op} (mean, sum, max, min, prod) over the axes {@code axis}, counted with the batch. */
public final class Reduce extends TranslatedLayer {
    @Override
    protected SDVariable define(SameDiff sd, SDVariable input, Map<String, SDVariable> weights) {
        int[] axes = integers("axis");
        boolean keep = flag("keepdims");
        switch (text("op")) {
            case "mean":
                return sd.mean(input, keep, axes);
            case "sum":
                return sd.sum(input, keep, axes);
            case "max":
                return sd.max(input, keep, axes);
            case "min":
                return sd.min(input, keep, axes);
            case "prod":
                return sd.prod(input, keep, axes);
            default:
                throw new IllegalArgumentException("no reduction is called " + text("op"));
        }
    }
}
