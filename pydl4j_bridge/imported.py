"""A Keras model inside the JVM: what ``import_model`` hands back."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from difflib import get_close_matches
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from pydl4j_bridge.errors import InvalidConfig
from pydl4j_bridge.jvm import layouts, networks
from pydl4j_bridge.mapping import Finding, UpdaterSpec
from pydl4j_bridge.translate import ImportableModel
from pydl4j_bridge.translate.samples import relative_difference, sample_inputs


@dataclass(frozen=True, slots=True)
class Verification:
    """A saved network, read back by DL4J and held against the one that was saved.

    Attributes:
        parameters: all parameters and the updater's state are the same, to the bit.
        configuration: DL4J writes the same configuration for both.
        updaters: each layer carries the same updater, with the same layer settings.
        difference: how far their predictions for the same made-up inputs are apart, relative to the largest one.
    """

    parameters: bool
    configuration: bool
    updaters: bool
    difference: float

    @property
    def equal(self) -> bool:
        """Nothing differs."""
        return not self.differing

    @property
    def differing(self) -> tuple[str, ...]:
        """What differs."""
        named = ("parameters", "configuration", "updaters")
        found = tuple(name for name in named if not getattr(self, name))
        return (*found, *(["predictions"] if self.difference else []))

    def to_dict(self) -> dict[str, Any]:
        """The verification as plain JSON values."""
        return {"equal": self.equal, **asdict(self)}


class ImportedModel:
    """A real ``MultiLayerNetwork`` or ``ComputationGraph`` with the weights of a Keras model.

    Attributes:
        java: the network itself.
        updater: the mapped optimizer, which sits on every layer; None where the model has none.
        findings: what became of every setting of the optimizer.
        notes: what else of the training is not carried, by the names of the layers; it changes no prediction.
    """

    def __init__(self, java: Any, model: ImportableModel) -> None:
        self.java = java
        self.updater: UpdaterSpec | None = None
        self.notes = model.notes
        self._model = model
        self._found_places: Mapping[str, tuple[layouts.Place, ...]] | None = None

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
        outputs = networks.outputs_for(self.java, self._model, inputs)
        return outputs[0] if len(outputs) == 1 else outputs

    def weights(self) -> dict[str, NDArray[np.float32]]:
        """The weights as they are in the network now, with Keras's names and in Keras's layouts.

        Returns:
            ``"layer/weight"`` → a new float32 array; inside of nested models ``"model/layer/weight"``. The names of the
            weights are Keras 2's: ``kernel``, ``bias``, ``recurrent_kernel``, ``gamma``, ``beta``, ``moving_mean``,
            ``moving_variance``, ``embeddings``, ``alpha``, ``depthwise_kernel``, ``pointwise_kernel``; of Normalization
            ``mean`` and ``variance``; of Bidirectional layers with ``forward_`` and ``backward_`` before them. A layer
            that Keras shares is there once, as its first copy in the network has it. Not in it is what the network does
            not have: Normalization's ``count``. What Keras does not have (BatchNormalization's gamma with scale off) is
            not in it either.
        """
        flat = layouts.flat_parameters(self.java)
        return {name: places[0].read(flat) for name, places in self._places().items()}

    def set_weights(self, weights: Mapping[str, ArrayLike]) -> None:
        """Put weights into the network, with the names and in the layouts of :meth:`weights`; others stay as they are.

        Raises:
            InvalidConfig: the model has no weight of the name, or one of another shape. Nothing has been changed then.
        """
        places = self._places()
        for name, values in weights.items():
            if name not in places:
                near = get_close_matches(name, places, n=3)
                raise InvalidConfig(
                    f"the model has no weight {name}", because="no layer has one of the name", near=near
                )
            expected, given = places[name][0].shape, np.shape(values)
            if given != expected:
                raise InvalidConfig(f"the weight {name} has the shape {expected}, and {given} was given")
        flat = layouts.flat_parameters(self.java)
        for name, values in weights.items():
            for place in places[name]:
                place.write(flat, values)

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

    def rebuild(self, updater: UpdaterSpec) -> ImportedModel:
        """A fresh network with this updater on every layer, the way to train on a model that has no optimizer.

        It is made as DL4J makes one from a configuration: the imported configuration is written as text and read back,
        gets the updater on each layer that is trained, and a network is built from it with a copy of the weights as
        they are now. Steps are counted from 0. It shares nothing with this one, which stays as it is.

        Raises:
            TranslationError: DL4J cannot train one of the layers.
            JavaError: Java refused a value.
        """
        made = ImportedModel(networks.rebuild(self.java, updater), self._model)
        made.updater = updater
        return made

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

    def verify(self, path: str | os.PathLike[str]) -> Verification:
        """Hold the network against the one that :meth:`save` has written to ``path``, read back by DL4J.

        Raises:
            JavaError: DL4J cannot read the file, or one of the networks cannot predict.
        """
        back = networks.load(os.fspath(path), self.java)
        inputs = sample_inputs(self._model)
        return Verification(
            parameters=networks.same_parameters(self.java, back),
            configuration=networks.configuration(self.java) == networks.configuration(back),
            updaters=networks.updaters(self.java) == networks.updaters(back),
            difference=relative_difference(networks.predict(self.java, inputs), networks.predict(back, inputs)),
        )

    def _places(self) -> Mapping[str, tuple[layouts.Place, ...]]:
        """Name of a weight → its places: several where Keras shares a layer."""
        if self._found_places is None:
            found: dict[str, tuple[layouts.Place, ...]] = {}
            for place in layouts.find_places(self.java, self._model):
                before = found.get(place.name, ())
                if before and before[0].path != place.path:
                    raise InvalidConfig(f"two layers have a weight {place.name}")
                found[place.name] = (*before, place)
            self._found_places = found
        return self._found_places
