#!/usr/bin/env python3
"""Make tests/data/losses/: what real Keras says of its losses, their values and their gradients.

    pip install -e .[fixtures]
    python scripts/make_losses.py

One file per package, `keras.npz` and `tf_keras.npz`. For each case: `<case>/labels`, `<case>/output`, `<case>/loss`
(the mean that Keras trains with) and `<case>/gradient` (of that, by the output). `cases.json` says what each case is.
"""

from __future__ import annotations

import importlib
import json
from pathlib import Path
from typing import Any

import numpy as np
import tensorflow as tf

OUT = Path(__file__).resolve().parent.parent / "tests" / "data" / "losses"
BATCH = 4

#: Case → class of the loss, its settings, what the output is, and the shape of one output.
CASES: dict[str, tuple[str, dict[str, Any], str, tuple[int, ...]]] = {
    "mse": ("MeanSquaredError", {}, "numbers", (3,)),
    "mse-steps": ("MeanSquaredError", {}, "numbers", (5, 3)),
    "mae": ("MeanAbsoluteError", {}, "numbers", (3,)),
    "mape": ("MeanAbsolutePercentageError", {}, "numbers", (3,)),
    "msle": ("MeanSquaredLogarithmicError", {}, "positive", (3,)),
    "bce": ("BinaryCrossentropy", {}, "odds", (3,)),
    "bce-one": ("BinaryCrossentropy", {}, "odds", (1,)),
    "bce-logits": ("BinaryCrossentropy", {"from_logits": True}, "logits", (3,)),
    "bce-smooth": ("BinaryCrossentropy", {"label_smoothing": 0.1}, "odds", (3,)),
    "bce-image": ("BinaryCrossentropy", {}, "odds", (2, 3, 1)),
    "cce": ("CategoricalCrossentropy", {}, "classes", (3,)),
    "cce-logits": ("CategoricalCrossentropy", {"from_logits": True}, "class-logits", (3,)),
    "cce-smooth": ("CategoricalCrossentropy", {"label_smoothing": 0.2}, "classes", (3,)),
    "cce-steps": ("CategoricalCrossentropy", {}, "classes", (5, 3)),
    "kld": ("KLDivergence", {}, "classes", (3,)),
    "poisson": ("Poisson", {}, "positive", (3,)),
    "hinge": ("Hinge", {}, "signs", (3,)),
    "hinge-zero-one": ("Hinge", {}, "logits", (3,)),
    "squared-hinge": ("SquaredHinge", {}, "signs", (3,)),
    "categorical-hinge": ("CategoricalHinge", {}, "class-logits", (3,)),
    "log-cosh": ("LogCosh", {}, "numbers", (3,)),
    "huber": ("Huber", {}, "numbers", (3,)),
    "huber-delta": ("Huber", {"delta": 0.3}, "numbers", (3,)),
    "cosine": ("CosineSimilarity", {}, "numbers", (3,)),
}


def arrays(kind: str, shape: tuple[int, ...], rng: np.random.Generator) -> tuple[Any, Any]:
    """Labels and an output of a kind that a loss is meant for."""
    whole = (BATCH, *shape)
    numbers = rng.normal(size=whole)
    zero_or_one = rng.integers(0, 2, size=whole).astype(float)
    one_hot = np.eye(shape[-1])[rng.integers(0, shape[-1], size=whole[:-1])]
    softmax = np.exp(numbers) / np.exp(numbers).sum(-1, keepdims=True)
    return {
        "numbers": (rng.normal(size=whole), numbers),
        "positive": (rng.uniform(0.1, 3, size=whole), rng.uniform(0.1, 3, size=whole)),
        "odds": (zero_or_one, rng.uniform(0.05, 0.95, size=whole)),
        "logits": (zero_or_one, numbers),
        "signs": (2 * zero_or_one - 1, numbers),
        "classes": (one_hot, softmax),
        "class-logits": (one_hot, numbers),
    }[kind]


def main() -> None:
    """Write everything anew."""
    OUT.mkdir(parents=True, exist_ok=True)
    for package in ("keras", "tf_keras"):
        keras = importlib.import_module(package)
        made = {}
        for seed, (case, (name, settings, kind, shape)) in enumerate(CASES.items()):
            labels, output = (array.astype("float32") for array in arrays(kind, shape, np.random.default_rng(seed)))
            variable = tf.Variable(output)
            with tf.GradientTape() as tape:
                loss = getattr(keras.losses, name)(**settings)(labels, variable)
            made |= {f"{case}/labels": labels, f"{case}/output": output, f"{case}/loss": np.float32(loss)}
            made[f"{case}/gradient"] = tape.gradient(loss, variable).numpy()
        np.savez_compressed(OUT / f"{package}.npz", **made)
    described = {case: {"loss": name, "settings": settings} for case, (name, settings, _, _) in CASES.items()}
    (OUT / "cases.json").write_text(json.dumps(described, indent=1) + "\n")


if __name__ == "__main__":
    main()
