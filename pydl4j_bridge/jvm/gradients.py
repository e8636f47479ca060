"""The gradient of a network's loss by its parameters."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pydl4j_bridge.jvm.arrays import memory, to_indarray
from pydl4j_bridge.jvm.descriptions import is_graph
from pydl4j_bridge.jvm.exceptions import java_errors
from pydl4j_bridge.jvm.layers import confs, holders


def gradients(network: Any, inputs: Sequence[NDArray[Any]], labels: Sequence[NDArray[Any]]) -> NDArray[Any]:
    """The gradient of the loss by every parameter, as one vector in the order of ``network.params()``.

    As in training, without dropout and without regularization, which DL4J adds when it makes a step. No step is made.

    Args:
        network: a ``MultiLayerNetwork`` or ``ComputationGraph`` with a loss.
        inputs: one array for each of its inputs, in the layout that it was imported with.
        labels: one array for each of its outputs, as the loss layers want them.

    Raises:
        JavaError: the network failed.
    """
    import jpype

    with java_errors("the network's gradients cannot be computed"), _without_dropout(network):
        given, wanted = ([to_indarray(one, copy=True) for one in arrays] for arrays in (inputs, labels))
        if is_graph(network):
            arrays = jpype.JArray(jpype.JClass("org.nd4j.linalg.api.ndarray.INDArray"))
            network.setInputs(arrays(given))
            network.setLabels(arrays(wanted))
        else:
            network.setInput(given[0])
            network.setLabels(wanted[0])
        network.computeGradientAndScore()
        # DL4J has the sum over the batch there, and divides it in the updater.
        return np.asarray(memory(network.getFlattenedGradients()) / inputs[0].shape[0])


@contextmanager
def _without_dropout(network: Any) -> Iterator[None]:
    """Nothing is dropped meanwhile."""
    found = []
    for conf in confs(network):
        for holder, _ in holders(conf.getLayer()):
            dropout = holder.getIDropout() if hasattr(holder, "getIDropout") else None
            if dropout is not None:
                found.append((holder, dropout))
    try:
        for holder, _ in found:
            holder.setIDropout(None)
        yield
    finally:
        for holder, dropout in found:
            holder.setIDropout(dropout)
