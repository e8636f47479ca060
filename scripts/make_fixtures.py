#!/usr/bin/env python3
"""Make the Keras files under tests/data: small real models, trained two steps and saved by real Keras.

    pip install 'pydl4j-bridge[fixtures]'
    python scripts/make_fixtures.py                     # all three dialects, into tests/data
    python scripts/make_fixtures.py --only keras3       # one dialect
    python scripts/make_fixtures.py --out /some/folder  # somewhere else

One folder per dialect:

    keras3/           Keras 3
    tfkeras/          tf_keras with its new-style optimizers ("Custom>Adam" in .h5 files)
    tfkeras-legacy/   tf_keras with tf_keras.optimizers.legacy, the form of Keras 2 (with `decay`)

A file's name says its case: `adam.keras` is Adam as it comes, `adam-odd.h5` is Adam with none of its own settings at
the default, `sgd-momentum-nesterov.h5` has these options, `sgd-cosine-decay-alpha.keras` has this schedule. Options
that all optimizers share (clipnorm, weight_decay, use_ema, ...) have cases of their own.

Beside the files lies `manifest.json`: which versions wrote them, which cases a dialect cannot have and why, and for
each file what the optimizer said of itself right before it was saved. That is what a reader of the file must find.

Weights, data and file names are the same on each run; so are the bytes of every `.h5` and `.json`. A `.keras` archive
is not: Keras writes the time into it (metadata.json and the zip entries), and memory addresses (`shared_object_id` in
config.json), which tell objects apart and nothing else.
"""

from __future__ import annotations

import argparse
import dataclasses
import importlib
import json
import os
import platform
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

os.environ["CUDA_VISIBLE_DEVICES"] = ""
os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
os.environ.setdefault("KERAS_BACKEND", "tensorflow")

import h5py
import numpy as np
import tensorflow as tf
from absl import logging

SEED = 20240229
STEPS = 2
SCHEDULE_STEPS = (0, 1, 2, 5, 9, 10, 11, 50, 99, 100, 101, 1000)
DEFAULT_OUT = Path(__file__).resolve().parent.parent / "tests" / "data"

Options = dict[str, Any]
Json = Any


# --- dialects ---------------------------------------------------------------------------------------------------


@dataclasses.dataclass(frozen=True)
class Dialect:
    """One way to write Keras files: a package and the namespace its optimizers come from."""

    name: str
    package: str
    optimizers_in: str

    @property
    def keras(self) -> Any:
        """The package itself."""
        return importlib.import_module(self.package)

    @property
    def optimizers(self) -> Any:
        """The namespace of the optimizer classes."""
        namespace = importlib.import_module(self.package)
        for name in self.optimizers_in.split(".")[1:]:
            namespace = getattr(namespace, name)
        return namespace

    def optimizer_class(self, name: str) -> Any:
        """The optimizer class of this name, or None where the dialect has none."""
        if name == "LossScaleOptimizer" and self.package == "tf_keras":
            return self.keras.mixed_precision.LossScaleOptimizer
        return getattr(self.optimizers, name, None)


KERAS3 = Dialect("keras3", "keras", "keras.optimizers")
TFKERAS = Dialect("tfkeras", "tf_keras", "tf_keras.optimizers")
LEGACY = Dialect("tfkeras-legacy", "tf_keras", "tf_keras.optimizers.legacy")
DIALECTS = {dialect.name: dialect for dialect in (KERAS3, TFKERAS, LEGACY)}

# Options that not every dialect takes: option -> dialect -> why not.
_NO_OPTION = "{0} has no option {1}"
_DIALECTS_WITHOUT = {
    "decay": (KERAS3, TFKERAS),
    "adaptive_epsilon": (KERAS3, LEGACY),
    "weight_decay": (LEGACY,),
    "use_ema": (LEGACY,),
    "gradient_accumulation_steps": (TFKERAS, LEGACY),
    "loss_scale_factor": (TFKERAS, LEGACY),
}
NOT_TAKEN = {
    option: {dialect.name: _NO_OPTION.format(dialect.optimizers_in, option) for dialect in dialects}
    for option, dialects in _DIALECTS_WITHOUT.items()
}

# Cases that Keras itself refuses: (dialect, case) -> why.
REFUSED = {
    (KERAS3.name, f"{optimizer}-integer-learning-rate"): "Keras 3 wants learning_rate to be a float"
    for optimizer in ("sgd", "adam")
}

# Files that Keras itself fails to write: (dialect, file) -> why.
NOT_SAVED = {
    (KERAS3.name, "adafactor.h5"): "Keras 3 gives two of Adafactor's variables one name and fails to save .h5",
}


# --- cases ------------------------------------------------------------------------------------------------------


@dataclasses.dataclass(frozen=True)
class Case:
    """One optimizer on one model. `schedule` names a class of `optimizers.schedules` and its options."""

    name: str
    optimizer: str
    options: Options = dataclasses.field(default_factory=dict)
    schedule: tuple[str, Options] | None = None
    model: str = "sequential"
    steps: int = STEPS


# class -> (name in file names, a value other than the default for each setting of its own)
OPTIMIZERS: dict[str, tuple[str, Options | None]] = {
    "SGD": ("sgd", {"learning_rate": 0.0123, "momentum": 0.71, "nesterov": True}),
    "RMSprop": (
        "rmsprop",
        {"learning_rate": 0.0023, "rho": 0.83, "momentum": 0.37, "epsilon": 3e-6, "centered": True},
    ),
    "Adagrad": ("adagrad", {"learning_rate": 0.0345, "initial_accumulator_value": 0.23, "epsilon": 4e-6}),
    "Adadelta": ("adadelta", {"learning_rate": 0.67, "rho": 0.91, "epsilon": 5e-6}),
    "Adam": ("adam", {"learning_rate": 0.0123, "beta_1": 0.81, "beta_2": 0.987, "epsilon": 3e-6, "amsgrad": True}),
    "Adamax": ("adamax", {"learning_rate": 0.0134, "beta_1": 0.82, "beta_2": 0.986, "epsilon": 2e-6}),
    "Nadam": ("nadam", {"learning_rate": 0.0145, "beta_1": 0.83, "beta_2": 0.985, "epsilon": 6e-6}),
    "AdamW": (
        "adamw",
        {
            "learning_rate": 0.0156,
            "weight_decay": 0.0271,
            "beta_1": 0.84,
            "beta_2": 0.984,
            "epsilon": 7e-6,
            "amsgrad": True,
        },
    ),
    "Ftrl": ("ftrl", None),
    "Lion": ("lion", None),
    "Adafactor": ("adafactor", None),
    "Lamb": ("lamb", None),
    "Muon": ("muon", None),
    "ScheduleFreeAdamW": ("schedule-free-adamw", None),
    "LossScaleOptimizer": ("loss-scale-optimizer", None),
}

OPTION_CASES = (
    Case("sgd-momentum", "SGD", {"momentum": 0.9}),
    Case("sgd-momentum-nesterov", "SGD", {"momentum": 0.9, "nesterov": True}),
    Case("sgd-nesterov-without-momentum", "SGD", {"nesterov": True}),
    Case("sgd-integer-learning-rate", "SGD", {"learning_rate": 1}),
    Case("sgd-weight-decay", "SGD", {"weight_decay": 0.003}),
    Case("rmsprop-momentum", "RMSprop", {"momentum": 0.6}),
    Case("rmsprop-centered", "RMSprop", {"centered": True}),
    Case("rmsprop-momentum-centered", "RMSprop", {"momentum": 0.6, "centered": True}),
    Case("adagrad-initial-accumulator-value", "Adagrad", {"initial_accumulator_value": 0.25}),
    Case("adagrad-initial-accumulator-value-zero", "Adagrad", {"initial_accumulator_value": 0.0}),
    Case("adadelta-learning-rate-1", "Adadelta", {"learning_rate": 1.0}),
    Case("adadelta-learning-rate-0-4", "Adadelta", {"learning_rate": 0.4}),
    Case("adam-amsgrad", "Adam", {"amsgrad": True}),
    Case("adam-adaptive-epsilon", "Adam", {"adaptive_epsilon": True}),
    Case("adam-integer-learning-rate", "Adam", {"learning_rate": 1}),
    Case("adam-clipnorm", "Adam", {"clipnorm": 0.7}),
    Case("adam-clipvalue", "Adam", {"clipvalue": 0.3}),
    Case("adam-global-clipnorm", "Adam", {"global_clipnorm": 1.1}),
    Case("adam-weight-decay", "Adam", {"weight_decay": 0.005}),
    Case("adam-use-ema", "Adam", {"use_ema": True, "ema_momentum": 0.95, "ema_overwrite_frequency": 50}),
    Case("adam-gradient-accumulation-steps", "Adam", {"gradient_accumulation_steps": 2}),
    Case("adam-loss-scale-factor", "Adam", {"loss_scale_factor": 128.0}),
)

DECAY_CASES = tuple(
    Case(f"{OPTIMIZERS[optimizer][0]}-decay", optimizer, {"decay": 0.02})
    for optimizer in ("SGD", "RMSprop", "Adagrad", "Adadelta", "Adam", "Adamax", "Nadam", "Ftrl")
)

# Only the old optimizers put the backend's epsilon in the place of None. The newer ones keep None in their config
# and then fail at the first step, so their files hold a compiled model that was never trained.
EPSILON_NONE_OPTIMIZERS = ("RMSprop", "Adagrad", "Adadelta", "Adam", "Adamax", "Nadam")

SCHEDULE_CASES = tuple(
    Case(f"{OPTIMIZERS[optimizer][0]}-{name}", optimizer, schedule=(schedule, options))
    for optimizer, name, schedule, options in (
        (
            "SGD",
            "exponential-decay",
            "ExponentialDecay",
            {"initial_learning_rate": 0.05, "decay_steps": 10, "decay_rate": 0.9},
        ),
        (
            "SGD",
            "exponential-decay-staircase",
            "ExponentialDecay",
            {"initial_learning_rate": 0.05, "decay_steps": 10, "decay_rate": 0.9, "staircase": True},
        ),
        (
            "Adam",
            "exponential-decay",
            "ExponentialDecay",
            {"initial_learning_rate": 0.002, "decay_steps": 50, "decay_rate": 0.96},
        ),
        (
            "SGD",
            "piecewise-constant-decay",
            "PiecewiseConstantDecay",
            {"boundaries": [10, 100], "values": [0.1, 0.05, 0.01]},
        ),
        (
            "SGD",
            "polynomial-decay",
            "PolynomialDecay",
            {"initial_learning_rate": 0.1, "decay_steps": 100, "end_learning_rate": 0.01, "power": 0.5},
        ),
        (
            "SGD",
            "polynomial-decay-cycle",
            "PolynomialDecay",
            {"initial_learning_rate": 0.1, "decay_steps": 10, "end_learning_rate": 0.01, "power": 2.0, "cycle": True},
        ),
        (
            "SGD",
            "inverse-time-decay",
            "InverseTimeDecay",
            {"initial_learning_rate": 0.1, "decay_steps": 10, "decay_rate": 0.5},
        ),
        (
            "SGD",
            "inverse-time-decay-staircase",
            "InverseTimeDecay",
            {"initial_learning_rate": 0.1, "decay_steps": 10, "decay_rate": 0.5, "staircase": True},
        ),
        ("Adam", "cosine-decay", "CosineDecay", {"initial_learning_rate": 0.01, "decay_steps": 100}),
        ("SGD", "cosine-decay-alpha", "CosineDecay", {"initial_learning_rate": 0.1, "decay_steps": 100, "alpha": 0.2}),
        (
            "Adam",
            "cosine-decay-warmup",
            "CosineDecay",
            {"initial_learning_rate": 0.0, "decay_steps": 90, "warmup_target": 0.01, "warmup_steps": 10},
        ),
        (
            "SGD",
            "cosine-decay-restarts",
            "CosineDecayRestarts",
            {"initial_learning_rate": 0.1, "first_decay_steps": 10, "t_mul": 1.5, "m_mul": 0.8, "alpha": 0.05},
        ),
        ("SGD", "custom-schedule", "MySchedule", {"initial_learning_rate": 0.1, "half_after": 10}),
    )
)

MODEL_CASES = (
    Case("adam-functional", "Adam", model="functional"),
    Case("adam-classifier", "Adam", model="classifier"),
    Case("lstm-adam", "Adam", model="lstm"),
    Case("adam-untrained", "Adam", steps=0),
)

CUSTOM_OPTIMIZER_CASES = (
    Case("custom-optimizer", "MyAdam", {"learning_rate": 0.004, "warmth": 0.5}),
    Case("custom-optimizer-registered", "MyRegisteredAdam", {"learning_rate": 0.004, "warmth": 0.5}),
)

STRING_CASES = (Case("adam-string", '"adam"'), Case("adagrad-string", '"adagrad"'))


def epsilon_none_cases(dialect: Dialect) -> Iterator[Case]:
    """`epsilon=None` for each optimizer that has one."""
    for optimizer in EPSILON_NONE_OPTIMIZERS:
        steps = STEPS if dialect is LEGACY else 0
        yield Case(f"{OPTIMIZERS[optimizer][0]}-epsilon-none", optimizer, {"epsilon": None}, steps=steps)


def whole_model_cases(dialect: Dialect) -> Iterator[Case]:
    """All cases that are saved as a whole model."""
    for optimizer, (name, odd) in OPTIMIZERS.items():
        yield Case(name, optimizer)
        if odd is not None:
            yield Case(f"{name}-odd", optimizer, odd)
    yield from OPTION_CASES
    yield from DECAY_CASES
    yield from epsilon_none_cases(dialect)
    yield from SCHEDULE_CASES
    yield from MODEL_CASES
    yield from CUSTOM_OPTIMIZER_CASES
    yield from STRING_CASES


def why_not(dialect: Dialect, case: Case) -> str | None:
    """Why the dialect cannot have this case; None when it can."""
    if (dialect.name, case.name) in REFUSED:
        return REFUSED[dialect.name, case.name]
    if case.optimizer.startswith('"'):
        if dialect is LEGACY:
            return f"compile({case.optimizer}) makes a new-style optimizer: the case is in the folder {TFKERAS.name}"
        return None
    if case.optimizer not in CUSTOM_OPTIMIZERS and dialect.optimizer_class(case.optimizer) is None:
        return f"{dialect.optimizers_in} has no {case.optimizer}"
    if case.optimizer == "AdamW":  # weight_decay is its own option there, not the shared one
        return None
    for option in case.options:
        if dialect.name in NOT_TAKEN.get(option, {}):
            return NOT_TAKEN[option][dialect.name]
    return None


# --- custom classes ---------------------------------------------------------------------------------------------


def my_adam(dialect: Dialect) -> Any:
    """A subclass of Adam with an option of its own, as a user would write it."""

    class MyAdam(dialect.optimizers.Adam):
        def __init__(self, learning_rate: float = 0.001, warmth: float = 0.0, **options: Any) -> None:
            super().__init__(learning_rate=learning_rate, **options)
            self.warmth = warmth

        def get_config(self) -> Options:
            return {**super().get_config(), "warmth": self.warmth}

    return MyAdam


def my_registered_adam(dialect: Dialect) -> Any:
    """The same subclass, registered under a package name."""
    MyRegisteredAdam = type("MyRegisteredAdam", (my_adam(dialect),), {})  # noqa: N806
    return dialect.keras.saving.register_keras_serializable(package="my_package")(MyRegisteredAdam)


def my_schedule(dialect: Dialect) -> Any:
    """A schedule that halves the learning rate once."""

    class MySchedule(dialect.keras.optimizers.schedules.LearningRateSchedule):
        def __init__(self, initial_learning_rate: float, half_after: int) -> None:
            self.initial_learning_rate = initial_learning_rate
            self.half_after = half_after

        def __call__(self, step: Any) -> Any:
            halved = tf.cast(tf.cast(step, tf.float32) >= self.half_after, tf.float32)
            return self.initial_learning_rate * (1.0 - 0.5 * halved)

        def get_config(self) -> Options:
            return {"initial_learning_rate": self.initial_learning_rate, "half_after": self.half_after}

    return MySchedule


CUSTOM_OPTIMIZERS: dict[str, Callable[[Dialect], Any]] = {"MyAdam": my_adam, "MyRegisteredAdam": my_registered_adam}
CUSTOM_SCHEDULES: dict[str, Callable[[Dialect], Any]] = {"MySchedule": my_schedule}


# --- models and optimizers --------------------------------------------------------------------------------------


def sequential(keras: Any) -> Any:
    """Three inputs, two tanh units, one output."""
    layers = keras.layers
    return keras.Sequential([layers.Input((3,)), layers.Dense(2, activation="tanh"), layers.Dense(1)])


def functional(keras: Any) -> Any:
    """Two branches from one input, joined again."""
    layers = keras.layers
    inputs = keras.Input((3,), name="features")
    left = layers.Dense(2, activation="tanh", name="left")(inputs)
    right = layers.Dense(2, activation="relu", name="right")(inputs)
    joined = layers.Concatenate(name="joined")([left, right])
    return keras.Model(inputs, layers.Dense(1, name="target")(joined))


def classifier(keras: Any) -> Any:
    """Three classes, as logits."""
    layers = keras.layers
    return keras.Sequential([layers.Input((3,)), layers.Dense(2, activation="tanh"), layers.Dense(3)])


def lstm(keras: Any) -> Any:
    """Four time steps into one output."""
    layers = keras.layers
    return keras.Sequential([layers.Input((4, 3)), layers.LSTM(2), layers.Dense(1)])


@dataclasses.dataclass(frozen=True)
class ModelKind:
    """A model, what it is trained for, and the shape of one of its inputs."""

    build: Callable[[Any], Any]
    loss: str = "mse"
    metrics: tuple[str, ...] = ()
    input_shape: tuple[int, ...] = (3,)


MODELS = {
    "sequential": ModelKind(sequential),
    "functional": ModelKind(functional),
    "classifier": ModelKind(classifier, loss="SparseCategoricalCrossentropy", metrics=("accuracy",)),
    "lstm": ModelKind(lstm, input_shape=(4, 3)),
}


def build_schedule(dialect: Dialect, case: Case) -> Any:
    """The case's learning-rate schedule, or None."""
    if case.schedule is None:
        return None
    name, options = case.schedule
    if name in CUSTOM_SCHEDULES:
        return CUSTOM_SCHEDULES[name](dialect)(**options)
    return getattr(dialect.keras.optimizers.schedules, name)(**options)


def build_optimizer(dialect: Dialect, case: Case) -> Any:
    """The case's optimizer, or its name where the case gives compile() a string."""
    if case.optimizer.startswith('"'):
        return case.optimizer.strip('"')
    if case.optimizer in CUSTOM_OPTIMIZERS:
        return CUSTOM_OPTIMIZERS[case.optimizer](dialect)(**case.options)
    optimizer_class = dialect.optimizer_class(case.optimizer)
    if case.optimizer == "LossScaleOptimizer":
        return optimizer_class(dialect.optimizers.Adam(), **case.options)
    schedule = build_schedule(dialect, case)
    return optimizer_class(**case.options, **({} if schedule is None else {"learning_rate": schedule}))


def build_model(dialect: Dialect, kind: str = "sequential") -> Any:
    """A fresh model with the same names and weights each time."""
    dialect.keras.backend.clear_session()
    dialect.keras.utils.set_random_seed(SEED)
    return MODELS[kind].build(dialect.keras)


def build_trained(dialect: Dialect, case: Case) -> Any:
    """A model, compiled as the case says and trained so that its optimizer has state."""
    model = build_model(dialect, case.model)
    kind = MODELS[case.model]
    loss = kind.loss if kind.loss == "mse" else getattr(dialect.keras.losses, kind.loss)(from_logits=True)
    model.compile(optimizer=build_optimizer(dialect, case), loss=loss, metrics=list(kind.metrics) or None)
    rng = np.random.default_rng(SEED)
    for _ in range(case.steps):
        inputs = rng.normal(size=(4, *kind.input_shape)).astype("float32")
        targets = rng.integers(0, 3, size=(4,)) if kind.metrics else rng.normal(size=(4, 1)).astype("float32")
        model.train_on_batch(inputs, targets)
    return model


# --- what the manifest says -------------------------------------------------------------------------------------


def plain(value: Any) -> Json:
    """`value` as JSON has it: NumPy numbers as Python's, nested Keras objects as their class name and config."""
    if isinstance(value, dict):
        if {"class_name", "config"} <= value.keys():
            return {"class_name": value["class_name"], "config": plain(value["config"])}
        return {key: plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [plain(item) for item in value]
    if hasattr(value, "get_config"):
        return {"class_name": type(value).__name__, "config": plain(value.get_config())}
    return value.item() if isinstance(value, np.generic) else value


def describe_optimizer(dialect: Dialect, optimizer: Any) -> Json:
    """What the optimizer says of itself."""
    return {
        "class_name": type(optimizer).__name__,
        "registered_name": dialect.keras.optimizers.serialize(optimizer).get("registered_name"),
        "config": plain(optimizer.get_config()),
    }


def describe(dialect: Dialect, model: Any, case: Case, saved: str, suffix: str) -> Json:
    """The manifest's entry for one file of this model."""
    optimizer = getattr(model, "optimizer", None)
    schedule = build_schedule(dialect, case)
    entry = {
        "optimizer": None if optimizer is None else describe_optimizer(dialect, optimizer),
        "compiled": optimizer is not None,
        "trained_steps": case.steps if optimizer is not None else 0,
        "saved": saved,
        "loss": None if optimizer is None else MODELS[case.model].loss,
        "container": suffix,
        "backend": dialect.keras.backend.backend(),
        "model_class": type(model).__name__,
    }
    if schedule is not None:
        entry["schedule_values"] = [[step, float(schedule(step))] for step in SCHEDULE_STEPS]
    return entry


# --- saving -----------------------------------------------------------------------------------------------------


class Folder:
    """One dialect's folder: saves files, remembers what to say about them."""

    def __init__(self, dialect: Dialect, out: Path) -> None:
        self.dialect = dialect
        self.path = out / dialect.name
        self.manifest = self.path / "manifest.json"
        self.files: dict[str, Json] = {}
        self.skipped: list[dict[str, str]] = []

    def remove_old(self) -> None:
        """Remove what an earlier run wrote, as its manifest lists it, and nothing else."""
        self.path.mkdir(parents=True, exist_ok=True)
        if self.manifest.exists():
            for name in json.loads(self.manifest.read_text())["files"]:
                (self.path / name).unlink(missing_ok=True)

    def skip(self, case: str, why: str) -> None:
        """Say why this folder does not have a case."""
        self.skipped.append({"case": case, "why": why})

    def save(self, name: str, write: Callable[[Path], None], model: Any, case: Case, saved: str = "whole") -> None:
        """Let `write` make the file `name`; the entry is taken before, for saving may change the model."""
        suffix = name.rpartition(".")[2]
        self.files[name] = describe(self.dialect, model, case, saved, suffix)
        write(self.path / name)
        print(f"{self.dialect.name}/{name}", flush=True)

    def write_manifest(self) -> None:
        """Write manifest.json."""
        keras = self.dialect.keras
        manifest = {
            "writer": {
                self.dialect.package: keras.__version__,
                "tensorflow": tf.__version__,
                "h5py": h5py.__version__,
                "python": platform.python_version(),
            },
            "skipped": sorted(self.skipped, key=lambda skip: skip["case"]),
            "files": self.files,
        }
        self.manifest.write_text(json.dumps(manifest, indent=1, sort_keys=True) + "\n")


def save_whole(folder: Folder, model: Any, case: Case) -> None:
    """Save a model in both containers; `.keras` first, for Keras 3 loses the optimizer's class when it saves `.h5`."""
    for suffix in ("keras", "h5"):
        name = f"{case.name}.{suffix}"
        why = NOT_SAVED.get((folder.dialect.name, name))
        if why is None:
            folder.save(name, model.save, model, case)
        else:
            folder.skip(name, why)


def save_whole_models(folder: Folder) -> None:
    """Every case that is saved as a whole model."""
    for case in whole_model_cases(folder.dialect):
        why = why_not(folder.dialect, case)
        if why is None:
            save_whole(folder, build_trained(folder.dialect, case), case)
        else:
            folder.skip(case.name, why)


def save_parts(folder: Folder, model: Any, case: Case) -> None:
    """The weights alone and the config alone."""

    def legacy_weights(path: Path) -> None:
        model.save_weights(path, save_format="h5")

    def config(path: Path) -> None:
        path.write_text(model.to_json())

    folder.save(f"{case.name}-weights-only.weights.h5", model.save_weights, model, case, "weights")
    if folder.dialect is KERAS3:
        folder.skip(f"{case.name}-weights-only.h5", "Keras 3 saves weights in one format only: .weights.h5")
    else:
        folder.save(f"{case.name}-weights-only.h5", legacy_weights, model, case, "weights")
    folder.save(f"{case.name}-config-only.json", config, model, case, "config")


def save_adam_parts(folder: Folder) -> None:
    """Adam compiled and uncompiled, in parts; the compiled whole model is the case `adam`."""
    compiled = Case("adam", "Adam")
    save_parts(folder, build_trained(folder.dialect, compiled), compiled)
    uncompiled = Case("adam-uncompiled", "Adam")
    model = build_model(folder.dialect)
    save_whole(folder, model, uncompiled)
    save_parts(folder, model, uncompiled)


def save_adam_optimizer(folder: Folder) -> None:
    """Adam without a model: as serialize() has it, and its bare get_config()."""
    case = Case("adam-optimizer", "Adam", steps=0)
    optimizer = folder.dialect.optimizers.Adam()
    described = describe_optimizer(folder.dialect, optimizer)
    for name, content in (
        ("adam-optimizer.json", folder.dialect.keras.optimizers.serialize(optimizer)),
        ("adam-optimizer-get-config.json", optimizer.get_config()),
    ):
        text = json.dumps(content, default=plain)
        folder.save(name, lambda path, text=text: path.write_text(text), None, case, "optimizer")
        folder.files[name].update(optimizer=described, model_class=None)


def save_keras_after_h5(folder: Folder) -> None:
    """The wrong order: Keras 3 takes the optimizer out of the compile config when it saves `.h5`."""
    name = "adam-keras-after-h5.keras"
    if folder.dialect is not KERAS3:
        folder.skip(name, "only Keras 3 loses the optimizer's class when it saves .h5 first")
        return
    case = Case("adam-keras-after-h5", "Adam")
    model = build_trained(folder.dialect, case)
    scratch = folder.path / "adam-keras-after-h5.h5"
    model.save(scratch)
    scratch.unlink()
    folder.save(name, model.save, model, case)


def make_folder(dialect: Dialect, out: Path) -> None:
    """All files of one dialect, and their manifest."""
    folder = Folder(dialect, out)
    folder.remove_old()
    save_whole_models(folder)
    save_adam_parts(folder)
    save_adam_optimizer(folder)
    save_keras_after_h5(folder)
    folder.write_manifest()


def main() -> None:
    """Read the command line and make the folders."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, default=DEFAULT_OUT, help="where to put the folders (default: tests/data)")
    parser.add_argument("--only", choices=tuple(DIALECTS), help="make this dialect's folder alone")
    arguments = parser.parse_args()
    warnings.simplefilter("ignore")
    logging.set_verbosity(logging.ERROR)
    for dialect in DIALECTS.values():
        if arguments.only in (None, dialect.name):
            make_folder(dialect, arguments.out)


if __name__ == "__main__":
    main()
