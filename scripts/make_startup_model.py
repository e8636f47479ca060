#!/usr/bin/env python3
"""Writes ``jars/startup-model.h5``: a tiny Keras 2 model that the set-up run imports, predicts with and trains once.

    python scripts/make_startup_model.py

Written by h5py alone, in the layout that Keras 2.3 saves, so that it needs no Keras. It is no test fixture: what it
predicts does not matter, only that the importer goes the usual way through its classes.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import h5py
import numpy as np

TARGET = Path(__file__).resolve().parent.parent / "jars" / "startup-model.h5"


def layer(kind: str, name: str, **config: Any) -> dict[str, Any]:
    """One entry of a Sequential config."""
    return {"class_name": kind, "config": {"name": name, "trainable": True, "dtype": "float32", **config}}


LAYERS = [
    layer(
        "Conv2D",
        "conv",
        batch_input_shape=[None, 1, 6, 6],
        filters=2,
        kernel_size=[3, 3],
        strides=[1, 1],
        padding="valid",
        data_format="channels_first",
        dilation_rate=[1, 1],
        activation="relu",
        use_bias=True,
        kernel_initializer={"class_name": "Zeros", "config": {}},
        bias_initializer={"class_name": "Zeros", "config": {}},
        kernel_regularizer=None,
        bias_regularizer=None,
        activity_regularizer=None,
        kernel_constraint=None,
        bias_constraint=None,
    ),
    layer("MaxPooling2D", "pool", pool_size=[2, 2], padding="valid", strides=[2, 2], data_format="channels_first"),
    layer("Dropout", "dropout", rate=0.25, noise_shape=None, seed=None),
    layer("Flatten", "flatten", data_format="channels_first"),
    layer(
        "Dense",
        "dense",
        units=2,
        activation="softmax",
        use_bias=True,
        kernel_initializer={"class_name": "Zeros", "config": {}},
        bias_initializer={"class_name": "Zeros", "config": {}},
        kernel_regularizer=None,
        bias_regularizer=None,
        activity_regularizer=None,
        kernel_constraint=None,
        bias_constraint=None,
    ),
]

WEIGHTS = {
    "conv": {"kernel:0": (3, 3, 1, 2), "bias:0": (2,)},
    "pool": {},
    "dropout": {},
    "flatten": {},
    "dense": {"kernel:0": (8, 2), "bias:0": (2,)},
}

TRAINING = {
    "loss": "categorical_crossentropy",
    "metrics": ["accuracy"],
    "sample_weight_mode": None,
    "loss_weights": None,
    "optimizer_config": {
        "class_name": "Adam",
        "config": {
            "learning_rate": 0.001,
            "beta_1": 0.9,
            "beta_2": 0.999,
            "decay": 0.0,
            "epsilon": 1e-7,
            "amsgrad": False,
        },
    },
}


def main() -> None:
    """Writes the file."""
    model = {"class_name": "Sequential", "config": {"name": "startup", "layers": LAYERS}}
    with h5py.File(TARGET, "w", track_order=False) as file:
        file.attrs["keras_version"] = np.bytes_("2.3.1")
        file.attrs["backend"] = np.bytes_("tensorflow")
        file.attrs["model_config"] = np.bytes_(json.dumps(model))
        file.attrs["training_config"] = np.bytes_(json.dumps(TRAINING))
        weights = file.create_group("model_weights")
        weights.attrs["layer_names"] = np.array([name.encode() for name in WEIGHTS])
        weights.attrs["keras_version"] = np.bytes_("2.3.1")
        weights.attrs["backend"] = np.bytes_("tensorflow")
        for name, shapes in WEIGHTS.items():
            group = weights.create_group(name)
            names = [f"{name}/{weight}".encode() for weight in shapes]
            group.attrs["weight_names"] = np.array(names) if names else np.array([], dtype="float64")
            for weight, shape in shapes.items():
                values = np.linspace(-0.5, 0.5, int(np.prod(shape)), dtype="float32").reshape(shape)
                group.create_dataset(f"{name}/{weight}", data=values)
    print(f"{TARGET} {TARGET.stat().st_size} bytes")


if __name__ == "__main__":
    main()
