"""Trainings that Keras recorded, and the same training in DL4J held against them.

A recorded trajectory is a folder: ``batches.npz`` with the batches and Keras's losses, and ``after-000000.keras``,
``after-000001.keras`` ...: the model as Keras itself saves it after that many of the batches, with its optimizer.
Recording needs Keras and no JVM, comparing the other way round, so they may be done on two machines.
"""

from __future__ import annotations

import os
import re
import tempfile
import zipfile
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pydl4j_bridge.bridge import import_model
from pydl4j_bridge.carried import read_state_of
from pydl4j_bridge.compare.training import WEIGHT, StepDifference, TensorDifference, TrainingReport, compare_tensors
from pydl4j_bridge.errors import InvalidConfig, NotAKerasFile
from pydl4j_bridge.imported import ImportedModel
from pydl4j_bridge.kerasfile import read
from pydl4j_bridge.kerasfile.contents import open_model
from pydl4j_bridge.kerasfile.optimizer_state import NoState
from pydl4j_bridge.mapping.engine import Fidelity
from pydl4j_bridge.translate import bind_weights

_BATCHES = "batches.npz"
_AFTER = re.compile(r"after-(\d{6})\.(keras|h5)")


@dataclass(frozen=True, slots=True)
class Trajectory:
    """A training that Keras has recorded.

    Attributes:
        batches: ``(x, y)`` of each step; lists of arrays where the model has several inputs or outputs.
        losses: of each batch before its step, as Keras's ``train_on_batch`` gives them.
        files: how many of the batches the model has seen → the file that Keras saved then; 0 is there always.
    """

    batches: tuple[tuple[Any, Any], ...]
    losses: tuple[float, ...]
    files: Mapping[int, Path]


def record_training(
    model: Any,
    batches: Iterable[tuple[Any, Any]],
    folder: str | os.PathLike[str],
    *,
    every: int = 1,
    suffix: str | None = None,
) -> Trajectory:
    """Train a live Keras model and record what it does; this package itself needs no Keras for it.

    Args:
        model: a compiled model of Keras 3 or tf_keras; it is trained by this.
        batches: ``(x, y)`` for each step, as ``model.train_on_batch`` takes them.
        folder: a new or empty folder for the trajectory.
        every: save the model after every so many steps, and after the last one.
        suffix: ``.keras`` or ``.h5``; None: ``.keras``, but ``.h5`` for legacy optimizers, whose state only that holds.

    Raises:
        InvalidConfig: there is something in the folder, or nothing to train on.
    """
    target = Path(folder)
    target.mkdir(parents=True, exist_ok=True)
    if any(target.iterdir()):
        raise InvalidConfig(f"{target} is not empty", because="a trajectory has a folder of its own")
    given = list(batches)
    if not given:
        raise InvalidConfig("there are no batches to train on")
    if suffix is None:
        legacy = any(base.__name__ == "OptimizerV2" for base in type(model.optimizer).__mro__)
        suffix = ".h5" if legacy else ".keras"
    losses: list[float] = []
    arrays: dict[str, Any] = {}
    model.save(target / f"after-{0:06}{suffix}")
    for step, (x, y) in enumerate(given):
        model.reset_metrics()  # Keras 3 gives the mean since the last reset
        losses.append(float(model.train_on_batch(x, y, return_dict=True)["loss"]))
        for kind, values in (("x", x), ("y", y)):
            for at, array in enumerate(values if isinstance(values, (list, tuple)) else [values]):
                arrays[f"{kind}-{step}-{at}"] = np.asarray(array)
        if (step + 1) % every == 0 or step + 1 == len(given):
            model.save(target / f"after-{step + 1:06}{suffix}")
    np.savez_compressed(target / _BATCHES, loss=np.asarray(losses), **arrays)
    return read_trajectory(target)


def read_trajectory(folder: str | os.PathLike[str]) -> Trajectory:
    """The trajectory in a folder that :func:`record_training` has filled.

    Raises:
        NotAKerasFile: it is no such folder.
        InvalidConfig: something is missing in it.
    """
    source = Path(folder)
    try:
        with np.load(source / _BATCHES, allow_pickle=False) as arrays:
            found = dict(arrays)
    except (OSError, ValueError, zipfile.BadZipFile) as error:
        raise NotAKerasFile(
            f"{source} holds no recorded training", because=str(error), fix="Make one with record_training"
        ) from error
    files = {int(match[1]): path for path in sorted(source.iterdir()) if (match := _AFTER.fullmatch(path.name))}
    losses = tuple(map(float, found.get("loss", np.zeros(0)).ravel()))
    if 0 not in files or not losses:
        raise InvalidConfig("the model before the first step, or the losses, are missing", file=source)
    batches = tuple(
        (_arrays(found, "x", step, source), _arrays(found, "y", step, source)) for step in range(len(losses))
    )
    return Trajectory(batches, losses, files)


def _arrays(found: Mapping[str, NDArray[Any]], kind: str, step: int, folder: Path) -> Any:
    arrays: list[NDArray[Any]] = []
    while (key := f"{kind}-{step}-{len(arrays)}") in found:
        arrays.append(found[key])
    if not arrays:
        raise InvalidConfig(f"the batch of step {step + 1} is missing", file=folder / _BATCHES, where=f"{kind}-{step}")
    return arrays if len(arrays) > 1 else arrays[0]


def compare_training(
    model: Any,
    data: Any = None,
    *,
    fidelity: Fidelity = "exact",
    tolerance: float = 1e-5,
    state_tolerance: float = 1e-4,
    **options: Any,
) -> TrainingReport:
    """Train in DL4J as Keras did, from the same file and on the same batches, and say where the two leave each other.

    Args:
        model: the file that both begin with; or a live Keras model, which is trained by this, in this process.
        data: a folder or a :class:`Trajectory` that Keras has recorded, beginning with that file; for a live model the
            batches, ``(x, y)`` for each step.
        fidelity: which update rules DL4J gets, as in ``map_optimizer``.
        tolerance: relative differences of losses and weights up to it are taken for rounding.
        state_tolerance: the same of the optimizer's slots. Rounding takes them further apart than weights: that of
            1 - 0.999 to float32, which Keras does for some optimizers and ND4J for others, moves a velocity by 1.3e-5.
        options: of ``import_model``.

    Raises:
        InvalidConfig: the trajectory is of another model.
        StateError: a recorded file holds no state that fits.
        BridgeError: as ``import_model`` and ``ImportedModel.train_on_batch``.
    """
    if hasattr(model, "train_on_batch") and hasattr(model, "save"):
        with tempfile.TemporaryDirectory() as name:
            recorded = record_training(model, data, name)
            return _compare(recorded.files[0], recorded, fidelity, tolerance, state_tolerance, options)
    trajectory = data if isinstance(data, Trajectory) else read_trajectory(data)
    return _compare(model, trajectory, fidelity, tolerance, state_tolerance, options)


def _compare(
    path: Any,
    trajectory: Trajectory,
    fidelity: Fidelity,
    tolerance: float,
    state_tolerance: float,
    options: Mapping[str, Any],
) -> TrainingReport:
    ours = import_model(path, fidelity=fidelity, **options)
    steps = []
    for step, ((x, y), keras_loss) in enumerate(zip(trajectory.batches, trajectory.losses, strict=True), start=1):
        loss = ours.train_on_batch(x, y)
        recorded = trajectory.files.get(step)
        if recorded is None:
            steps.append(StepDifference(step, loss, keras_loss))
        else:
            tensors, counted = _after(ours, recorded)
            steps.append(StepDifference(step, loss, keras_loss, tensors, (ours.iterations, counted)))
    return TrainingReport(os.fspath(path), fidelity, tolerance, state_tolerance, tuple(steps), ours.notes)


def _after(model: ImportedModel, path: Path) -> tuple[tuple[TensorDifference, ...], int | None]:
    """How far a network is from what Keras has saved, and how many steps Keras's optimizer counts."""
    file = read(path)
    with open_model(path, file.container, file.model_config) as contents:
        bound = bind_weights(contents)
        stored = {"/".join((*at, name)): array for at, arrays in bound.items() for name, array in arrays.items()}
        weights = model.weights()
        _same_names(weights, stored, path)
        theirs = {name: stored[name].read() for name in weights}
        found = list(compare_tensors(WEIGHT, weights, theirs))
        names, state = read_state_of(contents, bound, file.optimizer)
        if isinstance(state, NoState):
            return tuple(found), None
        for slot, ours in model.optimizer_state().items():
            if slot in state.slots:
                _same_names(ours, names, path)
                arrays = {name: array.read() for name, array in zip(names, state.slots[slot], strict=True)}
                found += compare_tensors(slot, ours, arrays)
    return tuple(found), state.iterations


def _same_names(ours: Iterable[str], theirs: Sequence[str] | Mapping[str, Any], path: Path) -> None:
    missing = [name for name in ours if name not in theirs]
    if missing:
        raise InvalidConfig(
            f"Keras's file has no {', '.join(missing)}", because="the trajectory is of another model", file=path
        )
