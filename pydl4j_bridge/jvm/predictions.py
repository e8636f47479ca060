"""What our import and the native one of the same file predict for the same made-up inputs.

The native network can hang when it predicts, and can kill the process: call this in a worker process (``worker``). The
two halves are requests of their own, so that whoever waits knows which of the networks did it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pydl4j_bridge.errors import BridgeError, JavaError
from pydl4j_bridge.jvm import networks
from pydl4j_bridge.jvm.building import build_network
from pydl4j_bridge.jvm.native import imported_again
from pydl4j_bridge.kerasfile import read
from pydl4j_bridge.kerasfile.contents import open_model
from pydl4j_bridge.translate import ImportableModel, bind_weights, translate
from pydl4j_bridge.translate.samples import SAME, relative_difference, sample_inputs
from pydl4j_bridge.translate.support import importable

Arrays = list[NDArray[np.float32]]


@dataclass(frozen=True, slots=True)
class _Ours:
    """Our side of one file."""

    path: str
    model: ImportableModel
    inputs: Arrays
    outputs: Arrays


_last: _Ours | None = None


def predict_bridge(path: str) -> dict[str, Any]:
    """Import the file at ``path`` as ``import_model`` does, predict, and keep the outputs for :func:`predict_native`.

    Returns:
        ``why``: why it cannot be, empty where it has predicted.
    """
    global _last
    try:
        _last = _predict_ours(path)
    except JavaError as error:
        return {"why": f"our network cannot be: {error.because or error.what}"}
    except BridgeError as error:
        return {"why": f"our import refuses the model: {error.because or error.what}"}
    return {"why": ""}


def predict_native(path: str, entry: str, enforce_training_config: bool) -> dict[str, Any]:
    """Predict with the native import of the file, and compare with what our network has predicted.

    Args:
        path: a file that :func:`predict_bridge` has predicted with.
        entry, enforce_training_config: as in ``native_import``; the network that it made last is taken if it is this.

    Returns:
        ``status`` (``same``, ``differ`` or ``not-compared``), ``difference`` (relative, null where there is none), and
        ``why``: what cannot be compared, or which shapes differ.
    """
    ours = _last if _last is not None and _last.path == path else _predict_ours(path)
    try:
        network = imported_again(path, entry, enforce_training_config=enforce_training_config)
        outputs = networks.outputs_for(network, ours.model, ours.inputs)
    except JavaError as error:
        return _compared("not-compared", why=f"the native network cannot predict: {error.because or error.what}")
    shapes = [[output.shape for output in side] for side in (ours.outputs, outputs)]
    if shapes[0] != shapes[1]:
        said = [", ".join(map(str, side)) for side in shapes]
        return _compared("differ", why=f"our outputs have the shapes {said[0]}, the native ones {said[1]}")
    difference = relative_difference(ours.outputs, outputs)
    return _compared("same" if difference <= SAME else "differ", difference)


def _compared(status: str, difference: float | None = None, why: str = "") -> dict[str, Any]:
    return {"status": status, "difference": difference, "why": why}


def _predict_ours(path: str) -> _Ours:
    file = read(path)
    major = importable(file)
    with open_model(path, file.container) as contents:
        weights = bind_weights(contents)
        model = translate(contents, weights, major)
        network = build_network(model, weights, path)
    inputs = sample_inputs(model)
    return _Ours(path, model, inputs, networks.outputs_for(network, model, inputs))
