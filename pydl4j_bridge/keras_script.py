"""Asks Keras what a model computes. Run as a script by a Python that has Keras; the package never imports it.

    python keras_script.py MODULE MODEL OUT.npz [INPUTS.npz]

Needs numpy and the Keras module that it is told, nothing of this package. Nothing in the model is executed: Keras loads
it in its safe mode, which refuses Lambda layers. OUT.npz then holds ``input_0`` ..., ``output_0`` ..., and for each
layer ``layer|path`` with all of what it gives, or, where that is large, ``shape|path``, ``positions|path`` and
``some|path``.
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


def main(module: str, path: str, out: str, inputs: str) -> None:
    """Write what the model computes for the inputs."""
    keras = importlib.import_module(module)
    with np.load(inputs, allow_pickle=False) as arrays:
        given = [arrays[f"input_{at}"] for at in range(len(arrays.files))]
    model = keras.models.load_model(path, compile=False, safe_mode=True)
    layers, outputs = recorded(model, given)
    kept: dict[str, Any] = {f"input_{at}": array for at, array in enumerate(given)}
    kept.update({f"output_{at}": array for at, array in enumerate(outputs)})
    random = np.random.default_rng(0)
    for name, array in layers.items():
        array = array.astype("float32") if array.dtype.kind == "V" else array  # bfloat16
        if array.size <= LARGEST:
            kept[f"layer|{name}"] = array
        else:
            at = np.sort(random.choice(array.size, CHOSEN, replace=False))
            at[0] = np.abs(array).argmax()  # the scale of the layer
            kept[f"shape|{name}"], kept[f"positions|{name}"] = np.array(array.shape), at
            kept[f"some|{name}"] = array.ravel()[at]
    about = {"keras": f"{module} {keras.__version__}", "dtype": str(outputs[0].dtype)}
    np.savez_compressed(out, about=np.array(json.dumps(about)), **kept)


if __name__ == "__main__":
    main(*sys.argv[1:])
