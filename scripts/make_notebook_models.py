#!/usr/bin/env python3
"""Make what the notebooks start from: a model of handwritten digits that real Keras has trained for a while.

    pip install 'pydl4j-bridge[fixtures]'
    python scripts/make_notebook_models.py

``notebooks/digits.keras`` is the model after 2 epochs, with its optimizer; ``notebooks/digits-keras.npz`` has the
losses that Keras had in the two epochs after that, on the same batches in their order, and the weights it ended with;
``notebooks/digits.npz`` what Keras computes with the model, layer by layer.
"""

from __future__ import annotations

import os
from pathlib import Path

os.environ["CUDA_VISIBLE_DEVICES"] = ""
os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
os.environ.setdefault("KERAS_BACKEND", "tensorflow")

import keras
import numpy as np
from sklearn.datasets import load_digits

from pydl4j_bridge import record

OUT = Path(__file__).resolve().parent.parent / "notebooks"
L = keras.layers
BATCH = 32
TRAINED = 1440  # of 1797; the others are for validation


def main() -> None:
    """Train, save, train on, and write what came of it."""
    images, classes = load_digits(return_X_y=True)
    x = (images / 16).reshape(-1, 8, 8, 1).astype("f4")[:TRAINED]
    y = np.eye(10, dtype="f4")[classes][:TRAINED]
    keras.utils.set_random_seed(4)
    model = keras.Sequential(
        [
            keras.Input((8, 8, 1)),
            L.Conv2D(8, 3, padding="same", activation="relu", name="conv"),
            L.MaxPooling2D(2, name="pool"),
            L.Flatten(name="flat"),
            L.Dense(24, activation="relu", name="hidden"),
            L.Dense(10, activation="softmax", name="digit"),
        ]
    )
    rate = keras.optimizers.schedules.ExponentialDecay(2e-3, decay_steps=90, decay_rate=0.8)
    model.compile(keras.optimizers.RMSprop(rate, rho=0.9, momentum=0.5), "categorical_crossentropy")
    model.fit(x, y, batch_size=BATCH, epochs=2, shuffle=False, verbose=0)
    model.save(OUT / "digits.keras")
    losses = []
    for _ in range(2):
        for begin in range(0, TRAINED, BATCH):
            model.reset_metrics()
            losses.append(float(model.train_on_batch(x[begin : begin + BATCH], y[begin : begin + BATCH])))
    weights = {f"{w.path.replace('sequential/', '')}": np.array(w) for w in model.trainable_variables}
    np.savez_compressed(OUT / "digits-keras.npz", losses=np.array(losses, "f4"), **weights)
    record(OUT / "digits.keras", OUT / "digits.npz")


if __name__ == "__main__":
    main()
