"""``verify``: whether DL4J computes what Keras computes, and if not, which layer is the first to differ.

On one machine, or on two: :func:`record` writes what Keras computes for a machine that has none, and
:func:`record_dl4j` what DL4J computes for one that has Keras, where :func:`compare_recorded` compares.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from pydl4j_bridge.bridge import import_model
from pydl4j_bridge.compare.alignment import Computed, compare_computed
from pydl4j_bridge.compare.layers import LayersReport, Oracle
from pydl4j_bridge.errors import InvalidConfig, MappingError
from pydl4j_bridge.imported import ImportedModel
from pydl4j_bridge.jvm.activations import activations
from pydl4j_bridge.jvm.gradients import gradients as flat_gradients
from pydl4j_bridge.kerasfile import KerasModelFile, read
from pydl4j_bridge.kerasfile.contents import open_model
from pydl4j_bridge.oracles import ask_keras, read_computed, read_oracle, write_computed
from pydl4j_bridge.translate import bind_weights, from_keras_1, trainable_variables, translate
from pydl4j_bridge.translate.losses import NOT_COMPILED, Compiled
from pydl4j_bridge.translate.plan import ImportableModel
from pydl4j_bridge.translate.samples import sample_inputs
from pydl4j_bridge.translate.support import importable

#: What ``verify`` imports a model with where it compares gradients: all losses, and the rules do not matter.
_TRAINED = {"fidelity": "exact", "on_loss": "ignore", "state": False}


def verify(
    path: str | os.PathLike[str],
    inputs: Sequence[ArrayLike] | None = None,
    expected: str | os.PathLike[str] | Oracle | None = None,
    *,
    layers: bool = True,
    gradients: bool = False,
    tolerance: float | None = None,
    python: str | None = None,
    **options: Any,
) -> LayersReport:
    """Hold what DL4J computes against what Keras computes, for the same inputs, layer by layer.

    Args:
        path: the Keras file.
        inputs: one array for each input; None: those of ``expected``, or made-up ones, the same in every run.
        expected: what Keras computes: a ``.npz`` as ``record`` writes it; None: Keras is asked, in its own process.
        layers: compare layers as well as outputs, where they were recorded.
        gradients: compare the gradient of the loss by each trained weight as well, for made-up labels, or those that
            were recorded; the model has to be compiled. As in training, but nothing is dropped, and without
            regularization.
        tolerance: relative; None: by the type of Keras's numbers, see ``compare.layers``.
        python: a Python that has Keras, as in ``record``.
        options: of ``import_model``.

    Raises:
        KerasProcessError: there is no Keras to ask, or it cannot compute the model.
        InvalidConfig: the inputs are not the model's, or ``expected`` is not for them.
        BridgeError: as ``import_model``.
    """
    imported, notes = _imported(path, gradients=gradients, options=options)
    if expected is None:
        with tempfile.TemporaryDirectory() as folder:
            given = sample_inputs(imported.translated) if inputs is None else [np.asarray(one) for one in inputs]
            file = read(path)
            wanted = _wanted_gradients(file) if gradients else None
            oracle = ask_keras(file, given, Path(folder) / "recorded.npz", python=python, gradients=wanted)
    else:
        oracle = expected if isinstance(expected, Oracle) else read_oracle(expected)
    return compare_with(
        imported,
        os.fspath(path),
        oracle,
        inputs,
        layers=layers,
        gradients=gradients,
        tolerance=tolerance,
        notes=notes,
    )


def record(
    path: str | os.PathLike[str],
    out: str | os.PathLike[str],
    inputs: Sequence[ArrayLike] | None = None,
    *,
    gradients: bool = False,
    python: str | None = None,
) -> Oracle:
    """Write what Keras computes, for ``verify(path, expected=out)`` on a machine that has no Keras. Starts no JVM.

    Args:
        path: the Keras file.
        out: the ``.npz`` to write.
        inputs: one array for each input; None: made-up ones.
        gradients: those of the loss by the trained weights as well.
        python: a Python that has Keras; None: the one that ``PYDL4J_KERAS_PYTHON`` names, or this one.

    Raises:
        KerasProcessError: that Python has no Keras, or it cannot compute the model.
        BridgeError: the inputs cannot be told from the file.
    """
    file = read(path)
    given = sample_inputs(_translated(file)[0]) if inputs is None else [np.asarray(one) for one in inputs]
    return ask_keras(file, given, out, python=python, gradients=_wanted_gradients(file) if gradients else None)


def record_dl4j(
    path: str | os.PathLike[str],
    out: str | os.PathLike[str],
    inputs: Sequence[ArrayLike] | None = None,
    **options: Any,
) -> Computed:
    """Write what DL4J computes, for ``compare_recorded(path, out)`` on a machine that has Keras. Needs no Keras.

    Args:
        path: the Keras file.
        out: the ``.npz`` to write; of large layers it holds some numbers.
        inputs: one array for each input; None: made-up ones, the same in every run.
        options: of ``import_model``.

    Raises:
        InvalidConfig: the inputs are not the model's.
        BridgeError: as ``import_model``.
    """
    imported = import_model(path, **{"optimizer": False, **options})
    given = sample_inputs(imported.translated) if inputs is None else [np.asarray(one) for one in inputs]
    computed = computed_by(imported, given)
    write_computed(computed, path, out)
    return computed


def compare_recorded(
    path: str | os.PathLike[str],
    recorded: str | os.PathLike[str],
    expected: str | os.PathLike[str] | Oracle | None = None,
    *,
    layers: bool = True,
    tolerance: float | None = None,
    python: str | None = None,
) -> LayersReport:
    """Hold what DL4J has computed on another machine against what Keras computes. Starts no JVM.

    Args:
        path: the Keras file, the same as there.
        recorded: what ``record_dl4j`` has written.
        expected, layers, tolerance, python: as in :func:`verify`; Keras is asked for the inputs that were recorded.

    Raises:
        KerasProcessError: there is no Keras to ask, or it cannot compute the model.
        InvalidConfig: it was recorded of another model, or ``expected`` has other outputs.
        BridgeError: the file cannot be read.
    """
    computed = read_computed(recorded, of=path)
    file = read(path)
    if expected is None:
        with tempfile.TemporaryDirectory() as folder:
            oracle = ask_keras(file, computed.inputs, Path(folder) / "recorded.npz", python=python, whole=True)
    else:
        oracle = expected if isinstance(expected, Oracle) else read_oracle(expected)
    model, _ = _translated(file)
    return compare_computed(model, os.fspath(path), computed, oracle, layers=layers, tolerance=tolerance)


def compare_with(
    model: ImportedModel,
    path: str,
    oracle: Oracle,
    inputs: Sequence[ArrayLike] | None = None,
    *,
    layers: bool = True,
    gradients: bool = False,
    tolerance: float | None = None,
    notes: tuple[str, ...] = (),
) -> LayersReport:
    """A network in this process against what Keras computes; see :func:`verify`.

    Raises:
        InvalidConfig: the inputs are not the model's, or nobody says what they are.
        JavaError: the network failed.
    """
    given = list(oracle.inputs if inputs is None else inputs)
    if not given:
        raise InvalidConfig("nobody says what the inputs were", fix="Pass inputs, or record them as input_0 ...")
    labels = oracle.labels if gradients and oracle.gradients and model.is_trainable else ()
    ours = computed_by(model, given, layers=layers and bool(oracle.layers), labels=labels)
    return compare_computed(
        model.translated,
        path,
        ours,
        oracle,
        layers=layers,
        gradients=gradients,
        tolerance=tolerance,
        notes=notes,
    )


def computed_by(
    model: ImportedModel,
    inputs: Sequence[ArrayLike],
    *,
    layers: bool = True,
    labels: Sequence[NDArray[Any]] = (),
) -> Computed:
    """What a network computes: its outputs, what each layer gives, and for labels the gradients.

    Raises:
        InvalidConfig: the inputs or the labels are not the model's.
        JavaError: the network failed.
    """
    given = [np.asarray(one) for one in inputs]
    arrays = model.inputs_of(given if len(given) > 1 else given[0])
    predicted = model.predict(arrays if len(arrays) > 1 else arrays[0])
    found: dict[str, NDArray[Any]] = {}
    if labels:
        wanted = model.labels_of(list(labels) if len(labels) > 1 else labels[0], len(arrays[0]))
        found = model.by_weight(flat_gradients(model.java, arrays, wanted))
    return Computed(
        inputs=tuple(given),
        outputs=tuple(predicted) if isinstance(predicted, list) else (predicted,),
        layers=dict(activations(model.java, arrays)) if layers else {},
        gradients=found,
        labels=tuple(labels),
    )


def _imported(
    path: str | os.PathLike[str], *, gradients: bool, options: dict[str, Any]
) -> tuple[ImportedModel, tuple[str, ...]]:
    """The model, with its loss where gradients are wanted; and why it has none."""
    if not gradients:
        return import_model(path, **{"optimizer": False, **options}), ()
    try:
        model = import_model(path, **{**_TRAINED, **options})
    except MappingError as error:
        # The loss comes with the optimizer, and that cannot be brought over.
        model = import_model(path, **{"optimizer": False, **options})
        return model, (f"the network has no loss: {error}",)
    why = next((note for note in model.notes if "no loss" in note), "the model is not compiled: it has no loss")
    return model, () if model.is_trainable else (why,)


def _wanted_gradients(file: KerasModelFile) -> dict[str, Any] | None:
    """What Keras has to know of the weights and the labels; None where the model has no loss that is known."""
    model, names = _translated(file, Compiled(file.loss, file.loss_weights))
    if model.own_losses:
        return {"names": names, "classes": [loss.classes for loss in model.own_losses]}
    if model.losses:
        return {"names": names, "classes": [loss.startswith("sparse") for loss in model.losses.values()]}
    return None


def _translated(file: KerasModelFile, compiled: Compiled = NOT_COMPILED) -> tuple[ImportableModel, list[str]]:
    """The model as the importer gets it, and the names of the trained weights in Keras's order."""
    major = importable(file)
    with open_model(file.path or "", file.container, file.model_config) as contents:
        contents, weights = from_keras_1(contents) if major == 1 else (contents, bind_weights(contents))
        names = ["/".join((*path, name)) for path, name in trainable_variables(contents.config, weights)]
        return translate(contents, weights, major, compiled, backend=file.backend), names
