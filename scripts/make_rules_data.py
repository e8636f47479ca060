#!/usr/bin/env python3
"""Make tests/data/rules: what real Keras's optimizers do to one vector of parameters, without any model.

    pip install 'pydl4j-bridge[fixtures]'
    python scripts/make_rules_data.py                   # all three dialects, into tests/data/rules
    python scripts/make_rules_data.py --only keras3     # one dialect

For each dialect of make_fixtures.py two files:

    <dialect>.json    case -> the optimizer as Keras serialises it; which versions made it; what was skipped and why
    <dialect>.npz     "start" [100], "gradients" [60, 100], and for each case its parameters after 10 and after 60
                      steps [2, 100]; all float32

The numbers are the same on each run.
"""

from __future__ import annotations

import argparse
import json
import warnings
from pathlib import Path

import numpy as np
import tensorflow as tf
from absl import logging
from make_fixtures import DEFAULT_OUT, DIALECTS, LEGACY, SEED, Case, Dialect, Json, build_optimizer, plain, why_not

PARAMETERS = 100
STEPS = (10, 60)

_STEP_DECAY = ("ExponentialDecay", {"initial_learning_rate": 0.02, "decay_steps": 7, "decay_rate": 0.8})
_COSINE = ("CosineDecay", {"initial_learning_rate": 0.4, "decay_steps": 50})

#: Optimizer -> name of a case -> options. Each is run plain, with a schedule and with the old time decay.
RULES: dict[str, dict[str, dict[str, float | bool]]] = {
    "SGD": {
        "sgd": {"learning_rate": 0.05},
        "sgd-momentum": {"learning_rate": 0.02, "momentum": 0.9},
        "sgd-nesterov": {"learning_rate": 0.02, "momentum": 0.9, "nesterov": True},
    },
    "RMSprop": {
        "rmsprop": {"learning_rate": 0.01},
        "rmsprop-epsilon": {"learning_rate": 0.01, "epsilon": 1e-3},
        "rmsprop-momentum": {"learning_rate": 0.01, "momentum": 0.6, "epsilon": 1e-3},
        "rmsprop-centered": {"learning_rate": 0.01, "centered": True, "epsilon": 1e-3},
        "rmsprop-momentum-centered": {"learning_rate": 0.01, "momentum": 0.6, "centered": True, "epsilon": 1e-3},
    },
    "Adagrad": {
        "adagrad": {"learning_rate": 0.05},
        "adagrad-from-0": {"learning_rate": 0.05, "initial_accumulator_value": 0.0},
        "adagrad-from-0.25": {"learning_rate": 0.05, "initial_accumulator_value": 0.25, "epsilon": 1e-3},
    },
    "Adadelta": {
        "adadelta": {"learning_rate": 1.0},
        "adadelta-0.4": {"learning_rate": 0.4, "epsilon": 1e-3},
        "adadelta-0.001": {"learning_rate": 0.001},
    },
    "Adam": {
        "adam": {"learning_rate": 0.01},
        "adam-epsilon": {"learning_rate": 0.01, "epsilon": 1e-3},
        "amsgrad": {"learning_rate": 0.01, "beta_2": 0.9, "amsgrad": True},
    },
    "AdamW": {"adamw": {"learning_rate": 0.01, "weight_decay": 0.03}},
    "Adamax": {"adamax": {"learning_rate": 0.01}, "adamax-epsilon": {"learning_rate": 0.01, "epsilon": 1e-3}},
    "Nadam": {"nadam": {"learning_rate": 0.01}, "nadam-epsilon": {"learning_rate": 0.01, "epsilon": 1e-3}},
}


def cases() -> list[Case]:
    """Every case; a dialect may not have all of them."""
    found = []
    for optimizer, options in RULES.items():
        for name, given in options.items():
            found.append(Case(name, optimizer, given))
            others = {key: value for key, value in given.items() if key != "learning_rate"}
            schedule = _COSINE if optimizer == "Adadelta" else _STEP_DECAY
            if name != "adadelta-0.001":  # but for the rate it is "adadelta"
                found.append(Case(f"{name}-schedule", optimizer, others, schedule))
            if optimizer == "Nadam":
                found.append(Case(f"{name}-schedule-decay", optimizer, {**given, "schedule_decay": 0.03}))
            elif optimizer != "AdamW":  # it never had a time decay
                found.append(Case(f"{name}-decay", optimizer, {**given, "decay": 0.03}))
    return found


def cannot(dialect: Dialect, case: Case) -> str | None:
    """Why the dialect cannot have this case; None when it can."""
    if case.optimizer == "Nadam" and dialect is LEGACY and case.schedule:
        return "legacy.Nadam takes no schedule"
    if case.optimizer == "Nadam" and dialect is not LEGACY and "schedule_decay" in case.options:
        return f"{dialect.optimizers_in}.Nadam has no schedule_decay"
    return why_not(dialect, case)


def given() -> tuple[np.ndarray, np.ndarray]:
    """The parameters to start from, and one gradient per step: of several sizes, turning, some of them zero."""
    rng = np.random.default_rng(SEED)
    start = rng.normal(size=PARAMETERS)
    sizes = 10.0 ** rng.uniform(-3, 0.5, size=PARAMETERS)
    gradients = sizes * (rng.normal(size=(STEPS[-1], PARAMETERS)) + rng.normal(scale=0.5, size=PARAMETERS))
    gradients[rng.uniform(size=gradients.shape) < 0.05] = 0.0
    return start.astype("float32"), gradients.astype("float32")


def run(dialect: Dialect, case: Case, start: np.ndarray, gradients: np.ndarray) -> tuple[Json, np.ndarray]:
    """The optimizer as Keras serialises it, and the parameters after each of STEPS."""
    optimizer = build_optimizer(dialect, case)
    described = dialect.keras.optimizers.serialize(optimizer)
    variable = dialect.keras.Variable(start) if dialect.package == "keras" else tf.Variable(start)
    after = []
    for step, gradient in enumerate(gradients, 1):
        optimizer.apply_gradients([(tf.constant(gradient), variable)])
        if step in STEPS:
            after.append(np.array(variable))
    return plain(described), np.stack(after)


def make(dialect: Dialect, out: Path) -> None:
    """Both files of one dialect."""
    start, gradients = given()
    arrays = {"start": start, "gradients": gradients}
    described: dict[str, Json] = {}
    skipped: dict[str, str] = {}
    for case in cases():
        why = cannot(dialect, case)
        if why is not None:
            skipped[case.name] = why
            continue
        described[case.name], arrays[case.name] = run(dialect, case, start, gradients)
        print(f"{dialect.name} {case.name}", flush=True)
    out.mkdir(parents=True, exist_ok=True)
    np.savez_compressed(out / f"{dialect.name}.npz", **arrays)
    versions = {dialect.package: dialect.keras.__version__, "tensorflow": tf.__version__}
    text = json.dumps({"writer": versions, "skipped": skipped, "cases": described}, indent=1, sort_keys=True)
    (out / f"{dialect.name}.json").write_text(text + "\n")


def main() -> None:
    """Read the command line and make the files."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, default=DEFAULT_OUT / "rules", help="default: tests/data/rules")
    parser.add_argument("--only", choices=tuple(DIALECTS), help="make this dialect's files alone")
    arguments = parser.parse_args()
    warnings.simplefilter("ignore")
    logging.set_verbosity(logging.ERROR)
    for dialect in DIALECTS.values():
        if arguments.only in (None, dialect.name):
            make(dialect, arguments.out)


if __name__ == "__main__":
    main()
