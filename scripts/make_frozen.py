#!/usr/bin/env python3
"""Make the models under tests/data/frozen: compiled ones, with what real Keras trains them to.

    pip install 'pydl4j-bridge[fixtures]'
    python scripts/make_frozen.py

Beside each model lies an ``.npz``: a batch (``x``, ``y``), the model's prediction for it (``before``), and each weight
after ``STEPS`` steps on it (``after/layer/weight``), with the names that ``ImportedModel.weights()`` has. The models
whose names begin with ``not-`` are those that DL4J cannot train.
"""

from __future__ import annotations

import importlib
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

os.environ["CUDA_VISIBLE_DEVICES"] = ""
os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
os.environ.setdefault("KERAS_BACKEND", "tensorflow")

import numpy as np

OUT = Path(__file__).resolve().parent.parent / "tests" / "data" / "frozen"
STEPS = 3
VECTOR, STEPS_OF_VECTORS, IMAGE, WORDS = (4,), (6, 3), (8, 8, 2), (5,)


def stack(shape: tuple[int, ...], make: Callable[[Any], list[Any]]) -> Callable[[Any], Any]:
    """A Sequential of the layers that ``make`` makes with a Keras."""
    return lambda keras: keras.Sequential([keras.layers.Input(shape), *make(keras.layers)])


def nested(keras: Any) -> Any:
    """A whole frozen model, as in transfer learning, and a head to train."""
    layers = keras.layers
    base = keras.Sequential([layers.Input(IMAGE), layers.Conv2D(3, 3), layers.BatchNormalization(), layers.Flatten()])
    base.trainable = False
    return keras.Sequential([layers.Input(IMAGE), base, layers.Dense(2)])


def branches(keras: Any) -> Any:
    """A graph with a frozen layer in one of two branches, and something to train before both."""
    layers = keras.layers
    given = layers.Input(VECTOR)
    first = layers.Dense(5, activation="tanh", name="first")(given)
    still = layers.Dense(3, activation="tanh", trainable=False, name="still")(first)
    moved = layers.Dense(3, name="moved")(first)
    return keras.Model(given, layers.Dense(2, name="last")(layers.Concatenate()([still, moved])))


CASES: dict[str, Callable[[Any], Any]] = {
    "frozen-first": stack(VECTOR, lambda k: [k.Dense(5, activation="tanh", trainable=False), k.Dense(2)]),
    "frozen-between": stack(
        VECTOR,
        lambda k: [
            k.Dense(5, activation="tanh"),
            k.Dense(4, activation="tanh", kernel_regularizer="l2", trainable=False),
            k.Dense(2),
        ],
    ),
    "frozen-last": stack(VECTOR, lambda k: [k.Dense(5, activation="tanh"), k.Dense(2, trainable=False)]),
    "frozen-branch": branches,
    "frozen-convolutions": stack(
        IMAGE,
        lambda k: [
            k.Conv2D(3, 3, trainable=False),
            k.BatchNormalization(trainable=False),
            k.Conv2D(2, 3, activation="tanh"),
            k.Conv2D(2, 2, trainable=False),
            k.Flatten(),
            k.Dense(2),
        ],
    ),
    "frozen-lstm": stack(
        STEPS_OF_VECTORS,
        lambda k: [
            k.LSTM(4, return_sequences=True),
            k.LSTM(3, return_sequences=True, trainable=False),
            k.LSTM(2),
            k.Dense(2),
        ],
    ),
    "frozen-model": nested,
    "frozen-embedding": stack(
        WORDS, lambda k: [k.Embedding(9, 4, trainable=False), k.SimpleRNN(3, trainable=False), k.Dense(2)]
    ),
    "frozen-separable": stack(
        IMAGE,
        lambda k: [
            k.Conv2D(3, 2, activation="tanh"),
            k.SeparableConv2D(3, 2, trainable=False),
            k.DepthwiseConv2D(3, trainable=False),
            k.Conv2DTranspose(2, 2, trainable=False),
            k.Flatten(),
            k.Dense(2),
        ],
    ),
    "not-bidirectional": stack(STEPS_OF_VECTORS, lambda k: [k.Bidirectional(k.LSTM(3), trainable=False), k.Dense(2)]),
    "not-normalization": stack(
        VECTOR, lambda k: [k.Dense(3, name="first"), k.BatchNormalization(trainable=False), k.Dense(2)]
    ),
    "not-prelu": stack(VECTOR, lambda k: [k.Dense(3), k.PReLU("normal", trainable=False), k.Dense(2)]),
    "not-rescaling": stack(IMAGE, lambda k: [k.Conv2D(3, 2), k.Rescaling(0.5), k.Flatten(), k.Dense(2)]),
}


def optimizer(keras: Any, name: str) -> Any:
    """Plain SGD, whose steps DL4J makes to the bit of a formula, and one that decays weights."""
    if name == "sgd":
        return keras.optimizers.SGD(learning_rate=0.1)
    return keras.optimizers.AdamW(learning_rate=0.01, weight_decay=0.1)


def weights(model: Any, path: tuple[str, ...] = ()) -> dict[str, np.ndarray]:
    """Each weight of a model under the names of the models that hold it, its layer's and its own."""
    found: dict[str, np.ndarray] = {}
    for layer in model.layers:
        if hasattr(layer, "layers"):
            found |= weights(layer, (*path, layer.name))
            continue
        for variable in layer.weights:
            name = variable.name.rpartition("/")[2].partition(":")[0]
            if type(layer).__name__ == "DepthwiseConv2D" and name == "kernel":
                name = "depthwise_kernel"  # as Keras 2 has it
            found["/".join((*path, layer.name, name))] = np.array(variable)
    return found


def make(package: str, suffix: str, case: str, by: str) -> None:
    """One model, saved before it is trained, and what it is afterwards."""
    keras = importlib.import_module(package)
    keras.backend.clear_session()  # the same names of layers however many there were
    keras.utils.set_random_seed(7)
    random = np.random.default_rng(7)
    model = CASES[case](keras)
    for layer in model._flatten_layers() if hasattr(model, "_flatten_layers") else []:
        # Statistics and scales that do something.
        if type(layer).__name__ == "BatchNormalization":
            layer.set_weights([random.uniform(0.5, 1.5, size=array.shape) for array in layer.get_weights()])
    model.compile(optimizer=optimizer(keras, by), loss="mse")
    x = random.normal(size=(8, *model.input_shape[1:])).astype("f4")
    if type(model.layers[0]).__name__ == "Embedding":
        x = random.integers(0, 9, size=x.shape).astype("f4")
    y = random.normal(size=(8, *model.output_shape[1:])).astype("f4")
    path = OUT / f"{package.replace('_', '')}-{case}-{by}{suffix}"
    model.save(path)
    before = model.predict(x, verbose=0)
    if case.startswith("not-"):
        np.savez_compressed(path.with_suffix(".npz"), x=x, before=before)
        return
    for _ in range(STEPS):
        model.train_on_batch(x, y)
    after = {f"after/{name}": array for name, array in weights(model).items()}
    np.savez_compressed(path.with_suffix(".npz"), x=x, y=y, before=before, **after)


def main() -> None:
    """Make all of them."""
    OUT.mkdir(parents=True, exist_ok=True)
    for case in CASES:
        make("keras", ".keras", case, "sgd")
    for case in ("frozen-between", "frozen-convolutions", "frozen-model"):
        make("tf_keras", ".h5", case, "sgd")
    make("keras", ".keras", "frozen-between", "adamw")
    make("keras", ".keras", "frozen-convolutions", "adamw")


if __name__ == "__main__":
    main()
