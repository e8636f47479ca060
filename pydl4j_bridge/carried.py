"""What an optimizer remembers, and the weights: from a Keras file into a network, and back into a copy of the file."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from pydl4j_bridge.errors import InvalidConfig, StateError, TranslationError
from pydl4j_bridge.imported import ImportedModel
from pydl4j_bridge.jvm import networks
from pydl4j_bridge.kerasfile import KerasModelFile, Optimizer, read
from pydl4j_bridge.kerasfile.contents import ModelContents, StoredArray, open_model
from pydl4j_bridge.kerasfile.optimizer_state import NoState, OptimizerState, momentum_product, read_state
from pydl4j_bridge.kerasfile.rewrite import rewritten
from pydl4j_bridge.translate import bind_weights, trainable_variables
from pydl4j_bridge.translate.emit import Weights
from pydl4j_bridge.translate.support import importable


def export_keras(
    model: ImportedModel, out: str | os.PathLike[str], *, like: str | os.PathLike[str], state: bool = True
) -> None:
    """Write a network's weights, and what its optimizer remembers, as the Keras file that it came from.

    The copy differs from ``like`` in nothing but these numbers, so Keras loads it as it loads that, and trains on.

    Args:
        model: imported from ``like``, and perhaps trained since.
        out: where to write; it appears when it is whole.
        like: the file that the model was imported from; it is not changed, unless ``out`` is the same.
        state: write the optimizer's state as well; ``like`` must have one.

    Raises:
        InvalidConfig: ``like`` is another model, or ``out`` has another suffix.
        StateError: ``like`` has no state in which the network's could stand.
        TranslationError: a weight is not in ``like`` as it is in the network.
        KerasFileError: ``like`` cannot be read, or ``out`` not written.
    """
    file = read(like)
    if importable(file) == 1:
        raise TranslationError("models of Keras 1 cannot be written back", file=file.path)
    if Path(out).suffix.lower() != Path(like).suffix.lower():
        raise InvalidConfig(f"{os.fspath(out)} has another suffix than {os.fspath(like)}", because="it is a copy of it")
    with open_model(like, file.container, file.model_config) as contents:
        bound = bind_weights(contents)
        stored = {"/".join((*path, name)): array for path, arrays in bound.items() for name, array in arrays.items()}
        numbers: list[tuple[StoredArray, Any]] = []
        for name, values in model.weights().items():
            array = stored.get(name)
            if array is None or array.shape != values.shape:
                raise InvalidConfig(f"the network's weight {name} is not in the file", file=file.path)
            if not isinstance(array, StoredArray):
                raise TranslationError(f"the weight {name} is not in the file as it is in the network", file=file.path)
            numbers.append((array, values))
        if state and model.updater is not None:
            numbers += _stored_state(model, contents, bound, file)
        rewritten(os.fspath(like), file.container, out, numbers)


def _stored_state(
    model: ImportedModel, contents: ModelContents, weights: Weights, file: KerasModelFile
) -> list[tuple[StoredArray, Any]]:
    """Each variable of a file's optimizer with what the network's updater has for it."""
    names, found = read_state_of(contents, weights, file.optimizer)
    if isinstance(found, NoState):
        raise StateError(
            "the file has no place for the optimizer's state", because=found.why, file=file.path, fix="Pass state=False"
        )
    lost = model.without_place(found.slots)
    if lost:
        raise StateError(
            f"the network has no {', '.join(lost)} of the optimizer, which the file has",
            because="what it has instead is not what Keras would go on from",
            file=file.path,
            fix='Import the model with fidelity="exact", or pass state=False',
        )
    ours = model.optimizer_state()
    numbers: list[tuple[StoredArray, Any]] = [
        (array, ours[slot][name])
        for slot, arrays in found.slots.items()
        if slot in ours
        for name, array in zip(names, arrays, strict=True)
    ]
    if "iterations" in found.numbers:
        numbers.append((found.numbers["iterations"], model.iterations))
    if "u_product" in found.numbers and file.optimizer is not None:
        numbers.append((found.numbers["u_product"], momentum_product(file.optimizer, model.iterations)))
    return numbers


def read_state_of(
    contents: ModelContents, weights: Weights, optimizer: Optimizer | None
) -> tuple[list[str], OptimizerState | NoState]:
    """The names of the trainable weights, and what the file's optimizer has for each of them."""
    if optimizer is None:
        return [], NoState.ABSENT
    variables = trainable_variables(contents.config, weights)
    named = [("/".join((*path, name)), weights[path][name].shape) for path, name in variables]
    return [name for name, _ in named], read_state(contents, optimizer, named)


def as_double(imported: ImportedModel, weights: Weights) -> None:
    """Make a network one of doubles, with the weights of an open file as they are there.

    The importer's layers take float32: what is no weight of the file's, such as the numbers of a Rescaling, is rounded.
    """
    imported.java = networks.as_double(imported.java)
    stored = {"/".join((*path, name)): array for path, arrays in weights.items() for name, array in arrays.items()}
    imported.set_weights({name: stored[name].read() for name in imported.weights() if name in stored})


def carry_state(
    imported: ImportedModel, contents: ModelContents, weights: Weights, optimizer: Optimizer, *, demanded: bool
) -> None:
    """Put the optimizer's state in an open file into the network that came from it, or note why there is none.

    Raises:
        StateError: the state belongs to another model; or there is none, and it is demanded.
    """
    names, found = read_state_of(contents, weights, optimizer)
    if isinstance(found, NoState):
        if demanded and found is not NoState.UNTRAINED:
            raise StateError("there is no state to carry", because=found.why, file=contents.path)
        if found is not NoState.UNTRAINED:
            imported.notes += (f"the optimizer starts fresh: {found.why}",)
        return
    slots = {slot: dict(zip(names, arrays, strict=True)) for slot, arrays in found.slots.items()}
    imported.notes += imported.carry_state(found.iterations, slots)
