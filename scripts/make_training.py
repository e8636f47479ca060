#!/usr/bin/env python3
"""Make tests/data/training: small real models, trained by real Keras, saved in the middle of it and trained on.

    pip install 'pydl4j-bridge[fixtures]'
    python scripts/make_training.py                   # all three dialects, into tests/data/training
    python scripts/make_training.py --only keras3     # one dialect
    python scripts/make_training.py --case adam       # cases whose names hold this
    python scripts/make_training.py --verify          # load the files in Keras and train on: how near it comes itself

tests/data/training/README.md says what is in the files.
"""

from __future__ import annotations

import argparse
import dataclasses
import json
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import make_fixtures
import numpy as np
import tensorflow as tf
from absl import logging
from make_fixtures import DEFAULT_OUT, DIALECTS, KERAS3, LEGACY, SEED, TFKERAS, Case, Dialect, Json, ModelKind, why_not
from make_state_data import own_slots

BEFORE, AFTER = 20, 100
RECORDED = (1, 10, 100)
BATCH = 8


# --- models and their data --------------------------------------------------------------------------------------


def dense(keras: Any, **options: Any) -> Any:
    """Four inputs, five tanh units, three classes."""
    layers = keras.layers
    return keras.Sequential(
        [
            layers.Input((4,)),
            layers.Dense(5, activation="tanh", **options),
            layers.Dense(3, activation="softmax", **options),
        ]
    )


def outputs(activation: str) -> Callable[[Any], Any]:
    """As `dense`, with three outputs of this activation."""

    def build(keras: Any) -> Any:
        layers = keras.layers
        return keras.Sequential(
            [layers.Input((4,)), layers.Dense(5, activation="tanh"), layers.Dense(3, activation=activation)]
        )

    return build


def dense_l2(keras: Any) -> Any:
    """L2 on the kernels, and on the biases another."""
    return dense(keras, kernel_regularizer=keras.regularizers.L2(0.01), bias_regularizer=keras.regularizers.L2(0.003))


def dense_l1(keras: Any) -> Any:
    """L1 on the kernels, and on the biases another."""
    return dense(keras, kernel_regularizer=keras.regularizers.L1(0.002), bias_regularizer=keras.regularizers.L1(0.001))


def dense_l1l2(keras: Any) -> Any:
    """L1 and L2 on the kernels."""
    return dense(keras, kernel_regularizer=keras.regularizers.L1L2(l1=0.002, l2=0.01))


def conv2d(keras: Any) -> Any:
    """A convolution, batch normalization, two classes."""
    layers = keras.layers
    return keras.Sequential(
        [
            layers.Input((5, 5, 2)),
            layers.Conv2D(3, 2, activation="tanh"),
            layers.BatchNormalization(momentum=0.9),
            layers.Flatten(),
            layers.Dense(3, activation="softmax"),
        ]
    )


def conv1d(keras: Any) -> Any:
    """A convolution over time."""
    layers = keras.layers
    return keras.Sequential(
        [
            layers.Input((6, 2)),
            layers.Conv1D(3, 2, activation="tanh"),
            layers.GlobalAveragePooling1D(),
            layers.Dense(3, activation="softmax"),
        ]
    )


def recurrent(wrap: Callable[[Any, Any], Any]) -> Callable[[Any], Any]:
    """Four time steps through a recurrent layer into three classes."""

    def build(keras: Any) -> Any:
        layers = keras.layers
        return keras.Sequential(
            [layers.Input((4, 2)), wrap(layers, layers.LSTM), layers.Dense(3, activation="softmax")]
        )

    return build


def embedding(keras: Any) -> Any:
    """Five words out of seven."""
    layers = keras.layers
    return keras.Sequential(
        [
            layers.Input((5,)),
            layers.Embedding(7, 3),
            layers.GlobalAveragePooling1D(),
            layers.Dense(3, activation="softmax"),
        ]
    )


def lstm_l2(keras: Any) -> Any:
    """A recurrent layer with three regularizers."""
    layers, regularizers = keras.layers, keras.regularizers
    return keras.Sequential(
        [
            layers.Input((4, 2)),
            layers.LSTM(
                3,
                kernel_regularizer=regularizers.L2(0.01),
                recurrent_regularizer=regularizers.L2(0.01),
                bias_regularizer=regularizers.L1(0.002),
            ),
            layers.Dense(3, activation="softmax"),
        ]
    )


def vectors_norm(keras: Any) -> Any:
    """Batch normalization of vectors."""
    layers = keras.layers
    return keras.Sequential(
        [
            layers.Input((4,)),
            layers.Dense(5, activation="tanh"),
            layers.BatchNormalization(momentum=0.9),
            layers.Dense(3, activation="softmax"),
        ]
    )


def branched(keras: Any) -> Any:
    """Two branches, joined again."""
    layers = keras.layers
    inputs = keras.Input((4,), name="features")
    left = layers.Dense(3, activation="tanh", name="left")(inputs)
    right = layers.Dense(3, activation="sigmoid", name="right")(inputs)
    joined = layers.Concatenate(name="joined")([left, right])
    return keras.Model(inputs, layers.Dense(3, activation="softmax", name="classes")(joined))


def frozen(keras: Any) -> Any:
    """A layer in the middle that does not learn."""
    layers = keras.layers
    return keras.Sequential(
        [
            layers.Input((4,)),
            layers.Dense(5, activation="tanh"),
            layers.Dense(4, activation="tanh", trainable=False),
            layers.Dense(3, activation="softmax"),
        ]
    )


CE = "categorical_crossentropy"
MODELS = {
    "dense": ModelKind(dense, CE, input_shape=(4,)),
    "dense-l2": ModelKind(dense_l2, CE, input_shape=(4,)),
    "dense-l1l2": ModelKind(dense_l1l2, CE, input_shape=(4,)),
    "mse": ModelKind(outputs("linear"), "mse", input_shape=(4,)),
    "bce": ModelKind(outputs("sigmoid"), "binary_crossentropy", input_shape=(4,)),
    "hinge": ModelKind(outputs("tanh"), "hinge", input_shape=(4,)),
    "squared-hinge": ModelKind(outputs("tanh"), "squared_hinge", input_shape=(4,)),
    "poisson": ModelKind(outputs("softplus"), "poisson", input_shape=(4,)),
    "conv2d": ModelKind(conv2d, CE, input_shape=(5, 5, 2)),
    "conv1d": ModelKind(conv1d, CE, input_shape=(6, 2)),
    "lstm": ModelKind(recurrent(lambda _, lstm: lstm(3)), CE, input_shape=(4, 2)),
    "lstm-sequences": ModelKind(recurrent(lambda _, lstm: lstm(3, return_sequences=True)), CE, input_shape=(4, 2)),
    "bidirectional": ModelKind(
        recurrent(lambda layers, lstm: layers.Bidirectional(lstm(2, return_sequences=True))), CE, input_shape=(4, 2)
    ),
    "embedding": ModelKind(embedding, CE, input_shape=(5,)),
    "branched": ModelKind(branched, CE, input_shape=(4,)),
    "frozen": ModelKind(frozen, CE, input_shape=(4,)),
    # Behind the others in the alphabet, which says how batches are drawn.
    "steps-l2": ModelKind(lstm_l2, CE, input_shape=(4, 2)),
    "vectors-norm": ModelKind(vectors_norm, CE, input_shape=(4,)),
    "weights-l1": ModelKind(dense_l1, CE, input_shape=(4,)),
}


def batches(kind: str) -> tuple[np.ndarray, np.ndarray]:
    """All batches of one kind of model: inputs [steps, batch, ...] in eighths (words as they are), and labels.

    Both are int8: labels are classes (one for each time step of a sequence), or 0 and 1 for each of three outputs.
    """
    rng = np.random.default_rng([SEED, sorted(MODELS).index(kind)])
    shape = (BEFORE + AFTER, BATCH, *MODELS[kind].input_shape)
    words = kind == "embedding"
    x = rng.integers(0, 7, size=shape) if words else rng.integers(-16, 17, size=shape)
    over = shape[2:3] if kind in ("lstm-sequences", "bidirectional") else ()
    y = rng.integers(0, 3, size=(*shape[:2], *over)) if MODELS[kind].loss == CE else rng.integers(0, 2, (*shape[:2], 3))
    return x.astype("int8"), y.astype("int8")


def as_trained(kind: str, x: np.ndarray, y: np.ndarray, dtype: str) -> tuple[np.ndarray, np.ndarray]:
    """Inputs and labels as Keras gets them: one-hot classes, and -1 and 1 for hinge losses, of the recorded int8."""
    loss = MODELS[kind].loss
    labels = np.eye(3)[y] if loss == CE else 2.0 * y - 1 if "hinge" in loss else y
    return (x if kind == "embedding" else x / 8).astype(dtype), labels.astype(dtype)


# --- cases ------------------------------------------------------------------------------------------------------

OPTIMIZERS = (
    Case("sgd", "SGD", {"learning_rate": 0.05}),
    Case("sgd-momentum", "SGD", {"learning_rate": 0.02, "momentum": 0.9}),
    Case("sgd-nesterov", "SGD", {"learning_rate": 0.02, "momentum": 0.9, "nesterov": True}),
    Case("rmsprop", "RMSprop", {"learning_rate": 0.005}),
    Case("rmsprop-momentum", "RMSprop", {"learning_rate": 0.005, "momentum": 0.6}),
    Case("rmsprop-centered", "RMSprop", {"learning_rate": 0.005, "centered": True, "epsilon": 1e-5}),
    Case(
        "rmsprop-momentum-centered",
        "RMSprop",
        {"learning_rate": 0.005, "momentum": 0.6, "centered": True, "epsilon": 1e-5},
    ),
    Case("adagrad", "Adagrad", {"learning_rate": 0.05}),
    Case("adadelta-1", "Adadelta", {"learning_rate": 1.0}),
    Case("adadelta-0.4", "Adadelta", {"learning_rate": 0.4}),
    Case("adam", "Adam", {"learning_rate": 0.01}),
    Case("amsgrad", "Adam", {"learning_rate": 0.01, "beta_2": 0.9, "amsgrad": True}),
    Case("adamw", "AdamW", {"learning_rate": 0.01, "weight_decay": 0.03}),
    Case("adamax", "Adamax", {"learning_rate": 0.01, "epsilon": 1e-3}),
    Case("nadam", "Nadam", {"learning_rate": 0.01}),
)


def schedule(name: str, **options: Any) -> tuple[str, dict[str, Any]]:
    """A schedule that changes within the steps."""
    return name, options


EXPONENTIAL = schedule("ExponentialDecay", initial_learning_rate=0.02, decay_steps=15, decay_rate=0.8)
PIECEWISE = schedule("PiecewiseConstantDecay", boundaries=[25, 60], values=[0.03, 0.02, 0.01])
SCHEDULES = (
    Case("sgd-exponential", "SGD", schedule=EXPONENTIAL),
    Case("sgd-momentum-piecewise", "SGD", {"momentum": 0.9}, PIECEWISE),
    Case(
        "adam-exponential-staircase",
        "Adam",
        schedule=schedule(
            "ExponentialDecay", initial_learning_rate=0.02, decay_steps=15, decay_rate=0.8, staircase=True
        ),
    ),
    Case(
        "sgd-inverse-time",
        "SGD",
        schedule=schedule("InverseTimeDecay", initial_learning_rate=0.05, decay_steps=10, decay_rate=0.2),
    ),
    Case(
        "sgd-inverse-time-staircase",
        "SGD",
        schedule=schedule(
            "InverseTimeDecay", initial_learning_rate=0.05, decay_steps=10, decay_rate=0.2, staircase=True
        ),
    ),
    Case(
        "rmsprop-polynomial",
        "RMSprop",
        schedule=schedule(
            "PolynomialDecay", initial_learning_rate=0.01, decay_steps=90, end_learning_rate=0.001, power=2.0
        ),
    ),
    Case(
        "adam-cosine-warmup",
        "Adam",
        schedule=schedule(
            "CosineDecay", initial_learning_rate=0.0, decay_steps=80, warmup_target=0.02, warmup_steps=30, alpha=0.1
        ),
    ),
    Case(
        "adam-cosine-restarts",
        "Adam",
        schedule=schedule(
            "CosineDecayRestarts", initial_learning_rate=0.02, first_decay_steps=15, t_mul=1.5, m_mul=0.8
        ),
    ),
    Case(
        "nadam-cosine",
        "Nadam",
        schedule=schedule("CosineDecay", initial_learning_rate=0.02, decay_steps=100, alpha=0.05),
    ),
    # 32 steps: of 30, a compiled Keras starts a cycle at step 90 that an eager one, and DL4J, start at 91.
    Case(
        "sgd-momentum-polynomial-cycle",
        "SGD",
        {"momentum": 0.9},
        schedule("PolynomialDecay", initial_learning_rate=0.02, decay_steps=32, end_learning_rate=0.002, cycle=True),
    ),
)
DECAYS = tuple(
    Case(f"{case.name}-decay", case.optimizer, {**case.options, "decay": 0.02})
    for case in OPTIMIZERS
    if case.name not in ("rmsprop-centered", "rmsprop-momentum-centered", "adadelta-1", "adamw")
)
CLIPPED = (
    Case("adam-clipnorm", "Adam", {"learning_rate": 0.01, "clipnorm": 0.05}),
    Case("sgd-clipvalue", "SGD", {"learning_rate": 0.1, "clipvalue": 0.02}),
    Case("adam-global-clipnorm", "Adam", {"learning_rate": 0.01, "global_clipnorm": 0.1}),
)
CLIPPED_L2 = (Case("sgd-clipnorm-l2", "SGD", {"learning_rate": 0.1, "clipnorm": 0.05}, model="dense-l2"),)
REGULARIZED = (
    Case("sgd-l2", "SGD", {"learning_rate": 0.05}, model="dense-l2"),
    Case("adam-l1", "Adam", {"learning_rate": 0.01}, model="weights-l1"),
    Case("adam-l2", "Adam", {"learning_rate": 0.01}, model="dense-l2"),
    Case("adam-l1l2", "Adam", {"learning_rate": 0.01}, model="dense-l1l2"),
)
WEIGHT_DECAY = (
    Case("sgd-weight-decay", "SGD", {"learning_rate": 0.05, "weight_decay": 0.02}),
    Case("adam-weight-decay", "Adam", {"learning_rate": 0.01, "weight_decay": 0.02}),
)


def on_models(*kinds: str) -> tuple[Case, ...]:
    """Adam on each of these models."""
    return tuple(Case(f"{kind}-adam", "Adam", {"learning_rate": 0.01}, model=kind) for kind in kinds)


def on_words() -> Iterator[Case]:
    """Each optimizer on an embedding, whose indices come several times in a batch."""
    for case in OPTIMIZERS:
        if case.name in (
            "sgd-momentum",
            "rmsprop-momentum-centered",
            "adagrad",
            "adadelta-1",
            "amsgrad",
            "adamax",
            "nadam",
        ):
            yield dataclasses.replace(case, name=f"embedding-{case.name}", model="embedding")


NORM_ADAMW = {"learning_rate": 0.01, "weight_decay": 0.03, "clipnorm": 0.05}
#: Batch normalization with what DL4J's own has no place for, and clipping behind regularizers.
NORMS = (
    Case("conv2d-adam-clipvalue", "Adam", {"learning_rate": 0.01, "clipvalue": 0.01}, model="conv2d"),
    Case(
        "vectors-norm-adam-global-clipnorm",
        "Adam",
        {"learning_rate": 0.01, "global_clipnorm": 0.1},
        model="vectors-norm",
    ),
)
MIXED = (
    Case("conv2d-adamw-clipnorm", "AdamW", NORM_ADAMW, model="conv2d"),
    Case("vectors-norm-adamw-clipnorm", "AdamW", NORM_ADAMW, model="vectors-norm"),
    Case("steps-l2-sgd-global-clipnorm", "SGD", {"learning_rate": 0.1, "global_clipnorm": 0.05}, model="steps-l2"),
    Case("steps-l2-sgd-clipnorm", "SGD", {"learning_rate": 0.1, "clipnorm": 0.02}, model="steps-l2"),
    Case("dense-l2-sgd-clipvalue", "SGD", {"learning_rate": 0.1, "clipvalue": 0.02}, model="dense-l2"),
)
LAYERS = on_models("conv2d", "conv1d", "lstm", "bidirectional", "embedding", "branched", "frozen")
#: In float64, to tell a rule that is the same from one that is near. The settings are numbers that float32 has as well:
#: Keras 3 casts 0.9 and its like to float32 before it casts them to float64.
DOUBLE = (
    Case("sgd-momentum-float64", "SGD", {"learning_rate": 0.02, "momentum": 0.875}),
    Case("sgd-nesterov-float64", "SGD", {"learning_rate": 0.02, "momentum": 0.875, "nesterov": True}),
    Case(
        "rmsprop-momentum-centered-float64",
        "RMSprop",
        {"learning_rate": 0.005, "momentum": 0.6, "centered": True, "epsilon": 1e-5},
    ),
    Case("adam-float64", "Adam", {"learning_rate": 0.01, "beta_1": 0.875, "beta_2": 0.9921875}),
    Case("adamax-float64", "Adamax", {"learning_rate": 0.01, "beta_1": 0.875, "beta_2": 0.9921875, "epsilon": 1e-3}),
)
#: Cases that are saved in one container only, by dialect: the containers hold the same.
OTHERS = {
    KERAS3.name: (
        *SCHEDULES, *CLIPPED, *CLIPPED_L2, *WEIGHT_DECAY, *REGULARIZED, *LAYERS, *DOUBLE, *NORMS, *MIXED, *on_words(),
        *on_models("lstm-sequences", "mse", "bce", "hinge", "squared-hinge", "poisson"),
    ),
    TFKERAS.name: (
        *SCHEDULES, *CLIPPED, *WEIGHT_DECAY, *REGULARIZED, *LAYERS, *NORMS, *MIXED[:2],
        *on_models("lstm-sequences", "vectors-norm"),
    ),
    LEGACY.name: (
        *(case for case in SCHEDULES if case.optimizer != "Nadam"),  # it takes none there
        *DECAYS, *CLIPPED, *REGULARIZED, *LAYERS, *NORMS, *MIXED[3:],
        *on_models("lstm-sequences", "vectors-norm"),
    ),
}  # fmt: skip


def cases(dialect: Dialect) -> Iterator[tuple[Case, tuple[str, ...]]]:
    """The cases of a dialect, and the containers each is saved in. Legacy optimizers lose their state in `.keras`."""
    usual = "keras" if dialect is KERAS3 else "h5"
    for case in OPTIMIZERS:
        if why_not(dialect, case) is None:
            yield case, (usual,) if dialect is LEGACY else ("keras", "h5")
    for case in OTHERS[dialect.name]:
        yield case, (usual,)


# --- training ---------------------------------------------------------------------------------------------------


def flat(arrays: list[Any]) -> np.ndarray:
    """All numbers of some arrays, one array behind the other."""
    return np.concatenate([np.array(array).ravel() for array in arrays])


def ordered_weights(model: Any) -> list[tuple[str, list[Any]]]:
    """Name of each layer with weights, and these."""
    return [(layer.name, list(layer.weights)) for layer in model.layers if layer.weights]


class Trainer:
    """A compiled model and its batches."""

    def __init__(self, dialect: Dialect, case: Case) -> None:
        self.dtype = "float64" if case.name.endswith("-float64") else "float32"
        self.kind = case.model if case.model in MODELS else "dense"
        dialect.keras.backend.set_floatx(self.dtype)
        self.model = make_fixtures.build_model(dialect, self.kind)
        optimizer = make_fixtures.build_optimizer(dialect, case)
        self.model.compile(optimizer=optimizer, loss=MODELS[self.kind].loss)
        x, y = batches(self.kind)
        self.x, self.y = as_trained(self.kind, x, y, self.dtype)
        self.step = 0

    def train(self) -> float:
        """One step; the loss before it."""
        self.model.reset_metrics()  # or Keras 3 gives the mean loss of all steps so far
        loss = self.model.train_on_batch(self.x[self.step], self.y[self.step])
        self.step += 1
        return float(loss[0] if isinstance(loss, list) else loss)

    def weights(self) -> np.ndarray:
        """All weights of the model, flat."""
        return flat([weight for _, weights in ordered_weights(self.model) for weight in weights])


def make_case(dialect: Dialect, case: Case, containers: tuple[str, ...], out: Path) -> tuple[Json, dict[str, Any]]:
    """Train, save, train on: what cases.json says of it, and its arrays."""
    trainer = Trainer(dialect, case)
    for _ in range(BEFORE):
        trainer.train()
    for suffix in containers:  # .keras first: Keras 3 loses the optimizer's class when it saves .h5
        trainer.model.save(out / dialect.name / f"{case.name}.{suffix}")
    optimizer = trainer.model.optimizer
    saved = int(optimizer.iterations)
    losses, after = [], []
    for step in range(1, AFTER + 1):
        losses.append(trainer.train())
        if step in RECORDED:
            after.append(trainer.weights())
    slots = own_slots(dialect, optimizer, trainer.model.trainable_variables)
    arrays = {"loss": np.array(losses), "weights": np.stack(after)}
    arrays.update({f"slot|{slot}": flat(kept) for slot, kept in slots.items()})
    described = {
        "files": [f"{dialect.name}/{case.name}.{suffix}" for suffix in containers],
        "batches": trainer.kind,
        "loss": MODELS[trainer.kind].loss,
        "dtype": trainer.dtype,
        "optimizer": case.optimizer,
        "iterations": {"saved": saved, "after": int(optimizer.iterations)},
        "layers": [
            [name, [list(weight.shape) for weight in weights]] for name, weights in ordered_weights(trainer.model)
        ],
        "trainable": [list(variable.shape) for variable in trainer.model.trainable_variables],
    }
    assert np.isfinite(arrays["weights"]).all()
    return described, {f"{case.name}|{key}": array for key, array in arrays.items()}


def make(dialect: Dialect, out: Path, wanted: str) -> None:
    """The files of one dialect."""
    folder = out / dialect.name
    folder.mkdir(parents=True, exist_ok=True)
    described: dict[str, Json] = {}
    arrays: dict[str, Any] = {}
    if wanted:  # the others stay as they are
        described = json.loads((out / f"{dialect.name}.json").read_text())["cases"]
        with np.load(out / f"{dialect.name}.npz") as kept:
            arrays = dict(kept)
    for case, containers in cases(dialect):
        if wanted in case.name:
            described[case.name], found = make_case(dialect, case, containers, out)
            arrays.update(found)
            print(f"{dialect.name} {case.name} loss {found[f'{case.name}|loss'][[0, -1]]}", flush=True)
    np.savez_compressed(out / f"{dialect.name}.npz", **arrays)
    manifest = {
        "writer": {dialect.package: dialect.keras.__version__, "tensorflow": tf.__version__},
        "steps": {"before": BEFORE, "after": AFTER, "recorded": list(RECORDED)},
        "cases": described,
    }
    (out / f"{dialect.name}.json").write_text(json.dumps(manifest, indent=1, sort_keys=True) + "\n")


def verify(dialect: Dialect, out: Path, wanted: str) -> None:
    """How near Keras itself comes to the recorded weights when it loads each file and trains on."""
    with np.load(out / f"{dialect.name}.npz") as arrays:
        for case, containers in cases(dialect):
            for suffix in containers if wanted in case.name else ():
                if dialect is KERAS3 and suffix == "h5":
                    continue  # Keras 3 cannot train on from one: it builds the optimizer for no variables
                trainer = Trainer(dialect, case)
                trainer.model = dialect.keras.models.load_model(out / dialect.name / f"{case.name}.{suffix}")
                trainer.step = BEFORE
                after = [trainer.weights() for step in range(1, AFTER + 1) if trainer.train() and step in RECORDED]
                recorded = arrays[f"{case.name}|weights"]
                near = np.abs(np.stack(after) - recorded).max(axis=1) / np.abs(recorded).max(axis=1)
                print(f"{dialect.name}/{case.name}.{suffix}", *(f"{one:.1e}" for one in near), flush=True)


def make_batches(out: Path) -> None:
    """The batches after the file was saved, by kind of model."""
    out.mkdir(parents=True, exist_ok=True)
    arrays = {}
    for kind in MODELS:
        x, y = batches(kind)
        arrays[f"{kind}|x"], arrays[f"{kind}|y"] = x[BEFORE:], y[BEFORE:]
    np.savez_compressed(out / "batches.npz", **arrays)


def main() -> None:
    """Read the command line and make the files."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, default=DEFAULT_OUT / "training", help="default: tests/data/training")
    parser.add_argument("--only", choices=tuple(DIALECTS), help="make this dialect's files alone")
    parser.add_argument("--case", default="", help="make only cases whose names hold this")
    parser.add_argument("--verify", action="store_true", help="make nothing: load each file in Keras and train on")
    arguments = parser.parse_args()
    warnings.simplefilter("ignore")
    logging.set_verbosity(logging.ERROR)
    make_fixtures.MODELS.clear()
    make_fixtures.MODELS.update(MODELS)
    if not arguments.verify:
        make_batches(arguments.out)
    for dialect in DIALECTS.values():
        if arguments.only in (None, dialect.name):
            (verify if arguments.verify else make)(dialect, arguments.out, arguments.case)


if __name__ == "__main__":
    main()
