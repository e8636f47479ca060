#!/usr/bin/env python3
"""Make tests/data/state: what real Keras says that its optimizers remember, for files that it saved.

    pip install 'pydl4j-bridge[fixtures]'
    python scripts/make_state_data.py                   # all three dialects, into tests/data/state
    python scripts/make_state_data.py --only keras3     # one dialect

Each case of make_fixtures.py whose optimizer has state is trained again, which gives the numbers of the files that are
there; and models whose trainable variables are harder to put in order are trained and saved here: models in models,
frozen and shared layers, layers with several weights.

    <dialect>/<case>.h5, .keras    the harder models
    <dialect>.npz                  <case>|trainable|<number>   each trainable variable of the model
                                   <case>|<slot>|<number>      what Keras keeps for it, by Keras 3's names
    <dialect>.json                 case -> "files", "iterations", "extra", "trainable" (names)

Slots are asked of the optimizer's own attributes, by variable, and not of its list of variables: that one's order is in
question.
"""

from __future__ import annotations

import argparse
import json
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import make_fixtures
import numpy as np
from absl import logging
from make_fixtures import DEFAULT_OUT, DIALECTS, KERAS3, LEGACY, Case, Dialect, Json, ModelKind, why_not

MAPPED = ("SGD", "RMSprop", "Adagrad", "Adadelta", "Adam", "AdamW", "Adamax", "Nadam")

#: Attribute of a newer optimizer -> slot.
ATTRIBUTES = {
    "momentums": "momentum",
    "_momentums": "momentum",
    "_m": "momentum",
    "_velocities": "velocity",
    "_velocity_hats": "velocity_hat",
    "_u": "norm",
    "_accumulators": "accumulator",
    "_accumulated_grads": "accumulated_grad",
    "_accumulated_delta_vars": "accumulated_delta_var",
    "_average_gradients": "average_gradient",
    "_model_variables_moving_average": "average",
    "_accumulated_gradients": "gradient_accumulator",
}
#: Slot of a legacy optimizer -> Keras 3's name.
LEGACY_SLOTS = {
    "momentum": "momentum",
    "m": "momentum",
    "v": "velocity",
    "vhat": "velocity_hat",
    "rms": "velocity",
    "mg": "average_gradient",
    "accumulator": "accumulator",
    "accum_grad": "accumulated_grad",
    "accum_var": "accumulated_delta_var",
}


def nested(keras: Any) -> Any:
    """Models in a model, a layer used twice, a frozen layer and a frozen model; most kernels have the same shape."""
    layers = keras.layers
    deepest = keras.Sequential([layers.Input((3,)), layers.Dense(3, name="deep")], name="deepest")
    inner_in = keras.Input((3,), name="inner_in")
    inner_out = layers.BatchNormalization(name="norm")(layers.Dense(3, name="first")(inner_in))
    inner_out = layers.Dense(3, name="second")(deepest(inner_out))
    inner = keras.Model(inner_in, inner_out, name="inner")
    frozen_inner = keras.Sequential([layers.Input((3,)), layers.Dense(3, name="still")], name="frozen_inner")
    frozen_inner.trainable = False
    inputs = keras.Input((3,), name="features")
    shared = layers.Dense(3, name="shared", activation="tanh")
    frozen = layers.Dense(3, name="frozen", trainable=False)
    outputs = layers.Add(name="both")([inner(shared(shared(inputs))), frozen_inner(frozen(inputs))])
    return keras.Model(inputs, layers.Dense(1, name="target")(outputs))


def several(keras: Any) -> Any:
    """Layers with several weights each."""
    layers = keras.layers
    return keras.Sequential(
        [
            layers.Input((4, 3)),
            layers.Conv1D(3, 2, name="conv"),
            layers.BatchNormalization(name="norm"),
            layers.SeparableConv1D(3, 1, name="separable"),
            layers.PReLU(name="slope"),
            layers.Bidirectional(layers.LSTM(2), name="both_ways"),
            layers.Dense(1, name="target"),
        ]
    )


MODELS = {"nested": ModelKind(nested), "several": ModelKind(several, input_shape=(4, 3))}
NEW_CASES = (
    Case("nested-amsgrad", "Adam", {"amsgrad": True}, model="nested"),
    Case("nested-rmsprop", "RMSprop", {"momentum": 0.6, "centered": True}, model="nested"),
    Case("several-amsgrad", "Adam", {"amsgrad": True}, model="several"),
)


def own_slots(dialect: Dialect, optimizer: Any, variables: list[Any]) -> dict[str, list[np.ndarray]]:
    """Slot -> one array for each variable, as the optimizer itself finds them."""
    found: dict[str, list[np.ndarray]] = {}
    if dialect is LEGACY:
        for name in optimizer.get_slot_names():
            slot = "norm" if (type(optimizer).__name__, name) == ("Adamax", "v") else LEGACY_SLOTS[name]
            found[slot] = [optimizer.get_slot(variable, name).numpy() for variable in variables]
        return found
    for attribute, slot in ATTRIBUTES.items():
        kept = getattr(optimizer, attribute, None)
        if kept:
            index = optimizer._get_variable_index if dialect is KERAS3 else by_key(optimizer)
            found[slot] = [np.array(kept[index(variable)]) for variable in variables]
    return found


def by_key(optimizer: Any) -> Callable[[Any], int]:
    """tf_keras's own way from a variable to its number."""
    return lambda variable: optimizer._index_dict[optimizer._var_key(variable)]


def extra(dialect: Dialect, optimizer: Any, case: Case) -> Json:
    """The numbers that Keras saves beside the slots."""
    found = {}
    if dialect is KERAS3 and case.schedule is None:
        found["learning_rate"] = float(optimizer.learning_rate)
    if case.optimizer == "Nadam" and dialect is KERAS3:
        found["u_product"] = float(optimizer._u_product)
    if case.optimizer == "Nadam" and dialect is LEGACY:
        found["u_product"] = float(optimizer._m_cache)
    return found


def make(dialect: Dialect, out: Path) -> None:
    """The files of one dialect."""
    folder = out / dialect.name
    folder.mkdir(parents=True, exist_ok=True)
    arrays: dict[str, np.ndarray] = {}
    described: dict[str, Json] = {}
    cases = [case for case in make_fixtures.whole_model_cases(dialect) if case.optimizer in MAPPED and case.steps]
    for case in (*cases, *NEW_CASES):
        if why_not(dialect, case) is not None:
            continue
        model = make_fixtures.build_trained(dialect, case)
        optimizer, variables = model.optimizer, model.trainable_variables
        for at, variable in enumerate(variables):
            arrays[f"{case.name}|trainable|{at}"] = np.array(variable)
        for slot, kept in own_slots(dialect, optimizer, variables).items():
            arrays.update({f"{case.name}|{slot}|{at}": array for at, array in enumerate(kept)})
        described[case.name] = {
            "iterations": int(optimizer.iterations),
            "extra": extra(dialect, optimizer, case),
            "trainable": [getattr(variable, "path", variable.name) for variable in variables],
            "files": [f"{dialect.name}/{case.name}.{suffix}" for suffix in ("keras", "h5")],
        }
        if case in NEW_CASES:
            for suffix in ("keras", "h5"):
                model.save(folder / f"{case.name}.{suffix}")
            described[case.name]["files"] = [f"state/{name}" for name in described[case.name]["files"]]
        print(f"{dialect.name} {case.name}", flush=True)
    np.savez_compressed(out / f"{dialect.name}.npz", **arrays)
    (out / f"{dialect.name}.json").write_text(json.dumps(described, indent=1, sort_keys=True) + "\n")


def main() -> None:
    """Read the command line and make the files."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, default=DEFAULT_OUT / "state", help="default: tests/data/state")
    parser.add_argument("--only", choices=tuple(DIALECTS), help="make this dialect's files alone")
    arguments = parser.parse_args()
    warnings.simplefilter("ignore")
    logging.set_verbosity(logging.ERROR)
    make_fixtures.MODELS.update(MODELS)
    for dialect in DIALECTS.values():
        if arguments.only in (None, dialect.name):
            make(dialect, arguments.out)


if __name__ == "__main__":
    main()
