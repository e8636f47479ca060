"""A Keras model inside the JVM: what ``import_model`` hands back."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from pydl4j_bridge.errors import InvalidConfig
from pydl4j_bridge.jvm import networks
from pydl4j_bridge.mapping import Finding, UpdaterSpec
from pydl4j_bridge.translate import ImportableModel


class ImportedModel:
    """A real ``MultiLayerNetwork`` or ``ComputationGraph`` with the weights of a Keras model.

    Attributes:
        java: the network itself.
        updater: the mapped optimizer, which sits on every layer; None where the model has none.
        findings: what became of every setting of the optimizer.
        notes: what else of the training is not carried, by the names of the layers; it changes no prediction.
            And, of models that were trained on Theano, that tf_keras is followed where Theano computes otherwise.
    """

    def __init__(self, java: Any, model: ImportableModel) -> None:
        self.java = java
        self.updater: UpdaterSpec | None = None
        self.notes = model.notes
        self._model = model

    @property
    def findings(self) -> tuple[Finding, ...]:
        """What became of every setting of the optimizer; empty where there is none."""
        return self.updater.findings if self.updater else ()

    def predict(self, x: ArrayLike | Sequence[ArrayLike]) -> Any:
        """The outputs for ``x``, in Keras's layout.

        Args:
            x: one array, or a list of one for each input, in the shapes that Keras takes, the batch first.

        Returns:
            One float32 array, or a list of them where the model has several outputs.

        Raises:
            InvalidConfig: the shape of an input is not the model's. Java would crash on some of these.
            JavaError: the network failed.
        """
        several = isinstance(x, (list, tuple)) and len(self._model.inputs) > 1
        inputs = [np.asarray(one, dtype=np.float32) for one in (x if several else [x])]  # type: ignore[union-attr]
        if len(inputs) != len(self._model.inputs):
            raise InvalidConfig(f"the model has {len(self._model.inputs)} inputs, and {len(inputs)} were given")
        for at, (given, expected) in enumerate(zip(inputs, self._model.inputs, strict=True)):
            fits = given.ndim == len(expected) + 1 and all(
                size is None or size == actual for size, actual in zip(expected, given.shape[1:], strict=False)
            )
            if not fits or given.size == 0:
                raise InvalidConfig(f"input {at} has the shape {given.shape}, and the model takes {(None, *expected)}")
        outputs: list[NDArray[np.float32]] = networks.predict(self.java, inputs)
        batch = inputs[0].shape[0]
        for at, (output, steps) in enumerate(zip(outputs, self._model.steps, strict=True)):
            if steps and output.ndim == 2:  # DL4J has put the time steps before the batch
                outputs[at] = output.reshape(-1, batch, output.shape[1]).swapaxes(0, 1)
        return outputs[0] if len(outputs) == 1 else outputs

    def updaters(self) -> Mapping[str, UpdaterSpec]:
        """Layer name → the updater that it carries, read back from Java; layers without parameters are not in it."""
        return networks.updaters(self.java)

    def set_learning_rate(self, rate: float) -> None:
        """Set the learning rate of every layer: one way to train on a model that has no optimizer.

        Raises:
            JavaError: an updater has none.
        """
        networks.set_learning_rate(self.java, rate)

    def set_updater(self, updater: UpdaterSpec) -> None:
        """Put an updater with its layer settings on every layer that has parameters; its state starts fresh."""
        networks.install_updater(self.java, updater)
        self.updater = updater

    def summary(self) -> str:
        """DL4J's own summary of the network."""
        return str(self.java.summary())

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write the network, with its updater, as DL4J's ModelSerializer does. The file appears when it is whole.

        Raises:
            JavaError: the network cannot be written.
        """
        target = Path(path)
        with tempfile.TemporaryDirectory(dir=target.parent) as folder:
            unfinished = Path(folder) / target.name
            networks.save(self.java, str(unfinished))
            os.replace(unfinished, target)
