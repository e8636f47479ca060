package org.pydl4j.training;

import java.lang.reflect.Field;
import java.lang.reflect.Modifier;
import org.deeplearning4j.nn.conf.layers.Layer;

/** A layer of DL4J's as one of a class of ours that extends it. */
final class Copied {
    private Copied() {}

    /** Gives {@code made} all fields of {@code layer}. */
    static <T extends Layer> T from(Layer layer, T made) throws IllegalAccessException {
        for (Class<?> kind = layer.getClass(); kind != Object.class; kind = kind.getSuperclass()) {
            for (Field field : kind.getDeclaredFields()) {
                if (!Modifier.isStatic(field.getModifiers())) {
                    field.setAccessible(true);
                    field.set(made, field.get(layer));
                }
            }
        }
        return made;
    }
}
