package org.pydl4j.layers;

import java.util.Map;
import org.nd4j.autodiff.samediff.SDVariable;
import org.nd4j.autodiff.samediff.SameDiff;
import org.pydl4j.TranslatedLayer;

/**
 * Images in another size: {@code size} is the new height and width, {@code interpolation} what TensorFlow's
 * {@code tf.image.resize} calls the method, at the centres of the pixels. {@code around} says what is set before that
 * around the image, {@code value}, or cut off where it is below zero.
 */
public final class Resizing extends TranslatedLayer {
    @Override
    protected SDVariable define(SameDiff sd, SDVariable input, Map<String, SDVariable> weights) {
        Sized x = Sized.of(sd, input).padOrCrop(pairs("around"), number("value"));
        int[] size = integers("size");
        for (int i = 0; i < size.length; i++) {
            int from = (int) x.shape[i + 1];
            if (from != size[i] || !text("interpolation").equals("nearest")) {
                x = x.mixed(i + 1, Interpolation.matrix(text("interpolation"), from, size[i], flag("antialias")));
            }
        }
        return sd.identity(x.array);
    }
}
