#!/usr/bin/env python3
"""Make tests/data/verify: models of many kinds of layers, with branches and models inside, and what Keras computes.

    pip install 'pydl4j-bridge[fixtures]'
    python scripts/make_verify.py

Beside each model lies the ``.npz`` that ``pydl4j-bridge record`` writes of it; and those of some other models of
tests/data, of what their layers give or with their gradients.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

os.environ["CUDA_VISIBLE_DEVICES"] = ""
os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
os.environ.setdefault("KERAS_BACKEND", "tensorflow")

import keras
import numpy as np
import tf_keras

from pydl4j_bridge import record

OUT = Path(__file__).resolve().parent.parent / "tests" / "data" / "verify"


#: Models whose layers the import moves, splits or copies.
MOVED = (
    "joins/channels-first-softmax-transposed.h5",
    "joins/channels-first-volume-branches.h5",
    "zoo/keras3/batch-normalization-axis-1.keras",
    "zoo/keras3/own-merges.keras",
    "zoo/keras3/shared-model.keras",
    "zoo/keras3/shared-twice.keras",
    "zoo/keras3/softmax-axis-1.keras",
    "zoo/keras3/time-distributed-conv2d.keras",
)


def vision(keras: Any) -> Any:
    """Convolutions of all kinds, two branches that meet again, and a model inside."""
    L = keras.layers  # noqa: N806
    inner_input = L.Input((6, 6, 8))
    inner = L.Conv2D(8, 3, padding="same", name="inner_conv")(inner_input)
    inner = L.BatchNormalization(epsilon=1e-3, name="inner_norm")(inner)
    inner = keras.Model(inner_input, L.Add(name="inner_add")([inner, inner_input]), name="block")
    x = L.Input((12, 12, 3), name="image")
    y = L.Conv2D(6, 3, padding="same", name="conv")(x)
    y = L.BatchNormalization(name="norm")(y)
    y = L.LeakyReLU(name="leaky")(y)
    y = L.DepthwiseConv2D(3, depth_multiplier=2, padding="same", name="depthwise")(y)
    y = L.MaxPooling2D(2, name="pool")(y)
    left = L.SeparableConv2D(4, 3, padding="same", activation="elu", name="separable")(y)
    right = L.Conv2D(4, 1, activation="relu", name="pointwise")(y)
    y = L.Concatenate(name="branches")([left, right])
    y = inner(y)
    y = L.Conv2DTranspose(5, 2, strides=2, activation="tanh", name="transposed")(y)
    y = L.AveragePooling2D(3, name="average")(y)
    y = L.PReLU(shared_axes=[1, 2], name="prelu")(y)
    y = L.Flatten(name="flat")(y)
    y = L.Dense(7, activation="tanh", name="hidden")(y)
    return keras.Model(x, L.Dense(3, activation="softmax", name="classes")(y))


def text(keras: Any) -> Any:
    """Words, recurrent layers, attention and normalization, with a residual branch."""
    L = keras.layers  # noqa: N806
    x = L.Input((9,), name="words")
    y = L.Embedding(20, 6, name="embedding")(x)
    y = L.Bidirectional(L.LSTM(4, return_sequences=True), name="bidirectional")(y)
    attended = L.MultiHeadAttention(2, 3, name="attention")(y, y)
    y = L.Add(name="residual")([y, attended])
    y = L.LayerNormalization(name="norm")(y)
    y = L.Conv1D(6, 3, padding="causal", activation="relu", name="conv")(y)
    y = L.GRU(5, return_sequences=True, name="gru")(y)
    y = L.LSTM(4, name="lstm")(y)
    return keras.Model(x, L.Dense(3, activation="softmax", name="classes")(y))


def chain(keras: Any) -> Any:
    """A Sequential."""
    L = keras.layers  # noqa: N806
    return keras.Sequential(
        [
            L.Input((7, 3)),
            L.SimpleRNN(6, return_sequences=True, name="simple"),
            L.LSTM(5, return_sequences=True, name="lstm"),
            L.TimeDistributed(L.Dense(4, activation="selu"), name="steps"),
            L.GlobalMaxPooling1D(name="longest"),
            L.Dense(6, activation="swish", name="hidden"),
            L.BatchNormalization(name="norm"),
            L.Dense(2, name="numbers"),
        ]
    )


def shaken(model: Any) -> Any:
    """All weights random, also those that begin as zeros and ones; variances above zero."""
    random = np.random.default_rng(11)
    for weight in model.weights:
        values = random.normal(scale=0.5, size=weight.shape)
        positive = "variance" in getattr(weight, "path", weight.name) or "gamma" in weight.name
        weight.assign(np.abs(values) + 0.2 if positive else values)
    return model


def main() -> None:
    """Save and record all of them."""
    OUT.mkdir(parents=True, exist_ok=True)
    for name, module, build in (
        ("vision.keras", keras, vision),
        ("text.keras", keras, text),
        ("chain.keras", keras, chain),
        ("old-vision.h5", tf_keras, vision),
        ("old-chain.h5", tf_keras, chain),
    ):
        path = OUT / name
        shaken(build(module)).save(path)
        record(path, path.with_suffix(".npz"))
        print(name, path.stat().st_size, path.with_suffix(".npz").stat().st_size)
    (OUT / "layers").mkdir(exist_ok=True)
    for path in MOVED:
        record(OUT.parent / path, OUT / "layers" / f"{Path(path).stem}.npz")
    for name in ("bidirectional-adam", "conv2d-adam"):
        trained = OUT.parent / "training" / "keras3" / f"{name}.keras"
        print(name, record(trained, OUT / f"{name}-gradients.npz", gradients=True).no_gradients or "with gradients")


if __name__ == "__main__":
    main()
