package org.pydl4j.vertices;

import org.nd4j.autodiff.samediff.SDVariable;
import org.nd4j.autodiff.samediff.SameDiff;
import org.pydl4j.TranslatedVertex;

/** Keras's {@code Concatenate} along {@code axis}, counted with the batch; with {@code stack} a new axis. */
public final class Concatenate extends TranslatedVertex {
    @Override
    protected SDVariable define(SameDiff sd, SDVariable[] inputs) {
        int axis = integers("axis")[0];
        return flag("stack") ? sd.stack(axis, inputs) : sd.concat(axis, inputs);
    }
}
