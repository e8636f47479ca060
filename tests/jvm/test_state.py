"""Training that goes on in DL4J where real Keras stopped, held against what Keras itself went on to."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path

import numpy as np
import pytest

import pydl4j_bridge

pytestmark = pytest.mark.usefixtures("jvm")

DATA = Path(__file__).parents[1] / "data" / "training"
DIALECTS = ("keras3", "tfkeras", "tfkeras-legacy")
#: Steps after the file at which Keras's weights are recorded.
STEPS = (1, 10, 100)


@cache
def recorded(dialect: str) -> tuple[dict, dict]:
    """Case → what scripts/make_training.py says of it, and its arrays."""
    with np.load(DATA / f"{dialect}.npz") as arrays:
        return json.loads((DATA / f"{dialect}.json").read_text())["cases"], dict(arrays)


@cache
def batches(kind: str) -> tuple[np.ndarray, np.ndarray]:
    """What Keras got of a kind of batches, but for the coding of the labels."""
    with np.load(DATA / "batches.npz") as arrays:
        x = arrays[f"{kind}|x"].astype("f4")
        return (x if kind == "embedding" else x / 8), arrays[f"{kind}|y"]


def labels(y: np.ndarray, loss: str) -> np.ndarray:
    """As the loss takes them."""
    if loss == "categorical_crossentropy":
        return np.eye(3, dtype="f4")[y]
    return 2.0 * y - 1 if "hinge" in loss else y.astype("f4")


def goes_on(dialect: str, case: str, name: str, **options) -> list[float]:
    """Train as Keras did; how far the weights are from Keras's after 1, 10 and 100 steps, relative to the largest."""
    entry, arrays = recorded(dialect)[0][case], recorded(dialect)[1]
    model = pydl4j_bridge.import_model(DATA / name, on_loss="ignore", **options)
    x, y = batches(entry["batches"])
    found = []
    for step in range(STEPS[-1]):
        model.train_on_batch(x[step], labels(y[step], entry["loss"]))
        if step + 1 in STEPS:
            weights = model.weights()
            ours = np.concatenate([array.ravel() for array in weights.values()])
            keras = arrays[f"{case}|weights"][STEPS.index(step + 1)]
            found.append(float(np.abs(ours - keras).max() / np.abs(keras).max()))
    return found


FILES = [
    (dialect, case, name)
    for dialect in DIALECTS
    for case, entry in recorded(dialect)[0].items()
    for name in entry["files"]
]
if __name__ == "__main__":
    pydl4j_bridge.start()
    for dialect, case, name in FILES:
        try:
            print(name, ["%.1e" % one for one in goes_on(dialect, case, name, fidelity="exact")], flush=True)
        except Exception as error:
            print(name, "ERR", type(error).__name__, str(error)[:200], flush=True)
