"""Asks Keras what a model computes. Run as a script by a Python that has Keras; the package never imports it.

    python keras_script.py MODULE MODEL OUT.npz INPUTS.npz OPTIONS

Needs numpy and the Keras module that it is told, nothing of this package. Nothing in the model is executed: Keras loads
it in its safe mode, which refuses Lambda layers. OUT.npz then holds ``input_0`` ..., ``output_0`` ..., and for each
layer ``layer|path`` with all of what it gives, or, where that is large, ``shape|path``, ``positions|path`` and
``some|path``. OPTIONS is JSON: ``whole`` keeps large layers whole; ``gradients`` asks for ``label_0`` ... and for each
trained weight ``gradient|name``, the gradient of the loss that the model was compiled with.
"""

import importlib
import json
import os
import sys
from typing import Any

import numpy as np

os.environ["CUDA_VISIBLE_DEVICES"] = ""
os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"

#: Numbers of one layer that are kept whole; of larger ones so many are chosen.
LARGEST, CHOSEN = 2**18, 2**14


def recorded(model: Any, given: list[Any]) -> tuple[dict[str, Any], list[Any]]:
    """Outputs of the model, and what each layer of it gives when it is called for the first time."""
    found: dict[str, Any] = {}

    def watch(layer: Any, path: str) -> None:
        call, inner = layer.call, getattr(layer, "layers", ())

        def watching(*arguments: Any, **options: Any) -> Any:
            result = call(*arguments, **options)
            if path not in found and not inner and hasattr(result, "shape"):
                found[path] = np.array(result)
            return result

        layer.call = watching
        for one in inner:
            watch(one, f"{path}/{one.name}")

    for layer in model.layers:
        watch(layer, layer.name)
    outputs = model(given if len(given) > 1 else given[0], training=False)
    return found, [np.array(one) for one in (outputs if isinstance(outputs, (list, tuple)) else [outputs])]


def gradients(keras: Any, path: str, given: list[Any], outputs: list[Any], wanted: Any) -> dict[str, Any]:
    """Labels, and the gradient of the loss by each trained weight: as in training, but nothing is dropped.

    Without regularization, which DL4J does not count among the gradients either.
    """
    backend = keras.backend.backend() if callable(getattr(keras.backend, "backend", None)) else "tensorflow"
    if backend != "tensorflow":
        raise ValueError(f"Keras runs on {backend}, and its gradients are known on TensorFlow only")
    tf = importlib.import_module("tensorflow")
    # Keras computes a loss in its default type, whatever the model's is.
    keras.backend.set_floatx("float64" if outputs[0].dtype == "float64" else "float32")
    model = keras.models.load_model(path, compile=True, safe_mode=True)
    weights = model.trainable_variables
    if len(weights) != len(wanted["names"]):
        raise ValueError(f"Keras trains {len(weights)} weights, and the file's config has {len(wanted['names'])}")
    for layer in model._flatten_layers():
        for name in ("rate", "stddev", "dropout", "recurrent_dropout"):
            # Of recurrent layers they are properties: their cell, which is a layer as well, has them.
            settable = not isinstance(getattr(type(layer), name, None), property)
            if settable and isinstance(getattr(layer, name, None), (int, float)):
                setattr(layer, name, 0.0)
    labels = []
    for at, (output, classes) in enumerate(zip(outputs, wanted["classes"], strict=True)):
        random = np.random.default_rng(at)
        if classes:
            labels.append(random.integers(0, output.shape[-1], output.shape[:-1]).astype("int32"))
        else:
            values = random.random(output.shape)
            values = values / values.sum(axis=-1, keepdims=True) if output.shape[-1] > 1 else values
            labels.append(values.astype(output.dtype))
    x, y = ([tf.convert_to_tensor(one) for one in arrays] for arrays in (given, labels))
    with tf.GradientTape() as tape:
        predicted = model(x if len(x) > 1 else x[0], training=True)
        loss = model.compute_loss(x=x, y=y if len(y) > 1 else y[0], y_pred=predicted, sample_weight=None)
        if model.losses:
            loss = loss - tf.add_n(model.losses)
    found = tape.gradient(loss, [weight if callable(weight.value) else weight.value for weight in weights])
    made = {f"label_{at}": array for at, array in enumerate(labels)}
    for name, weight, gradient in zip(wanted["names"], weights, found, strict=True):
        array = np.zeros(weight.shape) if gradient is None else np.array(tf.convert_to_tensor(gradient))
        made[f"gradient|{name}"] = array.reshape(weight.shape)
    return made


def main(module: str, path: str, out: str, inputs: str, options: str) -> None:
    """Write what the model computes for the inputs."""
    keras, asked = importlib.import_module(module), json.loads(options)
    with np.load(inputs, allow_pickle=False) as arrays:
        given = [arrays[f"input_{at}"] for at in range(len(arrays.files))]
    model = keras.models.load_model(path, compile=False, safe_mode=True)
    layers, outputs = recorded(model, given)
    kept: dict[str, Any] = {f"input_{at}": array for at, array in enumerate(given)}
    kept.update({f"output_{at}": array for at, array in enumerate(outputs)})
    for name, array in layers.items():
        array = array.astype("float32") if array.dtype.kind == "V" else array  # bfloat16
        if asked["whole"] or array.size <= LARGEST:
            kept[f"layer|{name}"] = array
        else:
            at = np.sort(np.random.default_rng(array.size).choice(array.size, CHOSEN, replace=False))
            at[0] = np.abs(array).argmax()  # the scale of the layer
            kept[f"shape|{name}"], kept[f"positions|{name}"] = np.array(array.shape), at
            kept[f"some|{name}"] = array.ravel()[at]
    about = {"keras": f"{module} {keras.__version__}", "dtype": str(outputs[0].dtype)}
    if asked["gradients"]:
        try:
            kept.update(gradients(keras, path, given, outputs, asked["gradients"]))
        except Exception as error:  # whatever a loss of somebody's raises: the layers are there all the same
            about["no_gradients"] = f"{type(error).__name__}: {error}"[:500]
    np.savez_compressed(out, about=np.array(json.dumps(about)), **kept)


if __name__ == "__main__":
    main(*sys.argv[1:])
