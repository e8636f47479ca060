#!/usr/bin/env python3
"""Make tests/data/trajectories: trainings that real Keras recorded, for ``compare_training``.

    pip install 'pydl4j-bridge[fixtures]'
    python scripts/make_trajectories.py

Each is a folder as ``record_training`` writes it: a model that has made ten steps, and ten more that are recorded.
"""

from __future__ import annotations

import importlib
import os
import shutil
from pathlib import Path
from typing import Any

os.environ["CUDA_VISIBLE_DEVICES"] = ""
os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
os.environ.setdefault("KERAS_BACKEND", "tensorflow")

import numpy as np

from pydl4j_bridge import record_training

OUT = Path(__file__).resolve().parent.parent / "tests" / "data" / "trajectories"
STEPS = 10
#: Folder → module of Keras, its optimizer, and whether the model has two inputs and two outputs.
CASES = {
    "keras3-nadam": ("keras", lambda keras: keras.optimizers.Nadam(0.01), False),
    "keras3-two-in-two-out": ("keras", lambda keras: keras.optimizers.Adam(0.01), True),
    "tfkeras-rmsprop": ("tf_keras", lambda keras: keras.optimizers.RMSprop(0.01, momentum=0.5, centered=True), False),
    "tfkeras-legacy-adam": ("tf_keras", lambda keras: keras.optimizers.legacy.Adam(0.01, decay=0.1), False),
}


def model(keras: Any, *, two: bool) -> Any:
    """Dense layers with a BatchNormalization, whose statistics are weights that no optimizer has."""
    layers = keras.layers
    x = layers.Input((4,), name="x")
    hidden = layers.BatchNormalization(name="norm")(layers.Dense(5, activation="tanh", name="hidden")(x))
    if not two:
        return keras.Model(x, layers.Dense(3, activation="softmax", name="classes")(hidden))
    other = layers.Input((2,), name="other")
    hidden = layers.Concatenate(name="both")([hidden, other])
    outputs = [layers.Dense(3, activation="softmax", name="classes")(hidden), layers.Dense(2, name="numbers")(hidden)]
    return keras.Model([x, other], outputs)


def main() -> None:
    """Train and record all of them."""
    random = np.random.default_rng(20261123)
    for name, (module, optimizer, two) in CASES.items():
        keras = importlib.import_module(module)
        keras.utils.set_random_seed(7)
        made = model(keras, two=two)
        losses = ["categorical_crossentropy", "mse"] if two else "categorical_crossentropy"
        made.compile(optimizer=optimizer(keras), loss=losses)
        batches = []
        for _ in range(2 * STEPS):
            x, y = random.normal(size=(8, 4)).astype("f4"), np.eye(3, dtype="f4")[random.integers(0, 3, 8)]
            other, numbers = random.normal(size=(2, 8, 2)).astype("f4")
            batches.append(([x, other], [y, numbers]) if two else (x, y))
        for x, y in batches[:STEPS]:
            made.train_on_batch(x, y)
        shutil.rmtree(OUT / name, ignore_errors=True)
        record_training(made, batches[STEPS:], OUT / name, every=3)
        print(name, sorted(path.name for path in (OUT / name).iterdir()))


if __name__ == "__main__":
    main()
