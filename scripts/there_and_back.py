#!/usr/bin/env python3
"""Keras → DL4J → Keras: how far a training that went through DL4J ends from one that Keras made alone.

    python scripts/there_and_back.py dl4j FOLDER    # where this package is: 20 steps of each training file
    python scripts/there_and_back.py keras FOLDER   # where Keras is: 80 more steps, and what Keras recorded

Keras has made 20 steps before the file, and 100 more alone. Printed is max|difference| / max|weight| of each file.
"""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import Any

os.environ["CUDA_VISIBLE_DEVICES"] = ""
os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
os.environ.setdefault("KERAS_BACKEND", "tensorflow")

import numpy as np

DATA = Path(__file__).resolve().parent.parent / "tests" / "data" / "training"
IN_DL4J, ALL = 20, 100


def files() -> Any:
    """Dialect, case, what is recorded of it, and file; Keras 3 cannot train on from its own .h5."""
    for dialect in ("keras3", "tfkeras", "tfkeras-legacy"):
        for case, entry in json.loads((DATA / f"{dialect}.json").read_text())["cases"].items():
            for name in entry["files"]:
                if (dialect, Path(name).suffix) != ("keras3", ".h5"):
                    yield dialect, case, entry, name


def batches(entry: dict[str, Any]) -> tuple[Any, Any]:
    """Inputs and labels as Keras got them; tests/data/training/README.md."""
    kind, loss, dtype = entry["batches"], entry["loss"], entry["dtype"]
    with np.load(DATA / "batches.npz") as arrays:
        x, y = arrays[f"{kind}|x"], arrays[f"{kind}|y"]
    labels = np.eye(3)[y] if loss == "categorical_crossentropy" else 2.0 * y - 1 if "hinge" in loss else y
    return (x if kind == "embedding" else x / 8).astype(dtype), labels.astype(dtype)


def in_dl4j(folder: Path) -> None:
    """Train each file on and write it back."""
    import pydl4j_bridge

    for _, _, entry, name in files():
        model = pydl4j_bridge.import_model(DATA / name, fidelity="exact", on_loss="ignore")
        x, y = batches(entry)
        for step in range(IN_DL4J):
            model.train_on_batch(x[step], y[step])
        back = folder / name
        back.parent.mkdir(parents=True, exist_ok=True)
        pydl4j_bridge.export_keras(model, back, like=DATA / name)


def in_keras(folder: Path) -> None:
    """Train each file on and compare."""
    import keras
    import tf_keras

    worst = {}
    for dialect, case, entry, name in files():
        module = keras if dialect == "keras3" else tf_keras
        module.backend.set_floatx(entry["dtype"])
        model = module.models.load_model(folder / name)
        x, y = batches(entry)
        for step in range(IN_DL4J, ALL):
            model.train_on_batch(x[step], y[step])
        weights = np.concatenate([array.ravel() for layer in model.layers for array in layer.get_weights()])
        with np.load(DATA / f"{dialect}.npz") as arrays:
            recorded = arrays[f"{case}|weights"][-1]
        worst[name] = float(np.abs(weights - recorded).max() / np.abs(recorded).max())
        print(f"{worst[name]:.1e} {name}", flush=True)
    print(f"{sum(value <= 1e-5 for value in worst.values())} of {len(worst)} within 1e-5")


if __name__ == "__main__":
    {"dl4j": in_dl4j, "keras": in_keras}[sys.argv[1]](Path(sys.argv[2]))
