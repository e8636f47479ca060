"""A Keras model inside the JVM: what ``import_model`` hands back."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from difflib import get_close_matches
from functools import cached_property
from math import prod
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from pydl4j_bridge import tables
from pydl4j_bridge.errors import InvalidConfig, StateError
from pydl4j_bridge.jvm import layouts, networks, state
from pydl4j_bridge.jvm.descriptions import configuration
from pydl4j_bridge.mapping import Finding, UpdaterSpec
from pydl4j_bridge.network import Network, Shape
from pydl4j_bridge.saved import Description, add_description
from pydl4j_bridge.training import Arrays
from pydl4j_bridge.translate import Array, ImportableModel
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
        return {"equal": self.equal, "differing": list(self.differing), **asdict(self)}


class ImportedModel(Network):
    """A real ``MultiLayerNetwork`` or ``ComputationGraph`` with the weights of a Keras model.

    Attributes:
        updater: the mapped optimizer, which sits on every layer; None where the model has none.
        findings: what became of every setting of the optimizer.
        notes: what else of the training is not carried, by the names of the layers; it changes no prediction.
            And, of models that were trained on Theano, that tf_keras is followed where Theano computes otherwise.
        translated: the model as the importer got it.
    """

    def __init__(self, java: Any, model: ImportableModel) -> None:
        super().__init__(java, model.inputs)
        self.updater: UpdaterSpec | None = None
        self.notes = model.notes
        self.translated = model
        self._found_places: Mapping[str, tuple[layouts.Place, ...]] | None = None

    @property
    def findings(self) -> tuple[Finding, ...]:
        """What became of every setting of the optimizer; empty where there is none."""
        return self.updater.findings if self.updater else ()

    @cached_property
    def dtype(self) -> np.dtype[Any]:
        """The type of the network's numbers, float32 or float64."""
        return np.dtype(self.translated.dtype)

    def labels_of(self, y: Arrays, batch: int) -> list[NDArray[Any]]:
        """Labels as the loss layers want them: one row a sample.

        Args:
            y: labels in Keras's shapes, one array for each output; classes are integers where the loss is sparse.
            batch: how many samples there are.

        Raises:
            InvalidConfig: they are not what the losses take.
        """
        losses = self.translated.own_losses
        outputs = len(self.translated.steps)
        given = list(y) if outputs > 1 and isinstance(y, (list, tuple)) else [y]
        if len(given) != outputs:
            raise InvalidConfig(f"the model has {outputs} outputs, and labels for {len(given)} were given")
        made: list[NDArray[Any]] = []
        for at, one in enumerate(given):
            labels = np.asarray(one)
            if labels.shape[:1] != (batch,):
                raise InvalidConfig(f"the labels of output {at} have the shape {labels.shape}, for {batch} samples")
            shape = losses[at].shape if losses else self._label_shapes[at]
            if losses and losses[at].classes:
                labels = _one_hot(labels, losses[at].shape, at)
            if shape and labels.size != batch * prod(shape):
                classes = labels.shape in ((batch, *shape[:-1]), (batch, *shape[:-1], 1))
                raise InvalidConfig(
                    f"the labels of output {at} have the shape {labels.shape}, and the output {(batch, *shape)}",
                    fix=f"Of classes give np.eye({shape[-1]})[y]: the loss is not a sparse one" if classes else "",
                )
            made.append(np.asarray(labels, dtype=self.dtype).reshape(batch, -1))
        return made

    @cached_property
    def _label_shapes(self) -> list[tuple[int, ...]]:
        """Of one sample, for each output with a loss of DL4J's; () where nobody knows, or where labels are classes."""
        shapes, pairs = self._shapes(), zip(self.translated.losses or self._losses, self._losses, strict=True)
        found = [() if loss == "LossSparseMCXENT" else shapes.get(name or "", ()) for name, loss in pairs]
        return [tuple(size for size in shape if size) if all(shape) else () for shape in found]

    @property
    def is_trainable(self) -> bool:
        """The model was compiled with a loss that could be carried."""
        return bool(self.translated.losses or self.translated.own_losses)

    def trainable_or_error(self) -> None:
        """Nothing, or why the network cannot be trained.

        Raises:
            InvalidConfig: it has no loss.
        """
        if not self.is_trainable:
            raise InvalidConfig("the network has no loss, so it cannot be trained", because="; ".join(self.notes))

    def weights(self) -> dict[str, NDArray[Any]]:
        """The weights as they are in the network now, with Keras's names and in Keras's layouts.

        Returns:
            ``"layer/weight"`` → a new array of :attr:`dtype`; inside of nested models ``"model/layer/weight"``. Their
            names are Keras 2's: ``kernel``, ``bias``, ``recurrent_kernel``, ``gamma``, ``beta``, ``moving_mean``,
            ``moving_variance``, ``embeddings``, ``alpha``, ``depthwise_kernel``, ``pointwise_kernel``; of Normalization
            ``mean`` and ``variance``; of Bidirectional layers with ``forward_`` and ``backward_`` before them. A layer
            that Keras shares is there once, as its first copy in the network has it. Not in it is what the network does
            not have: Normalization's ``count``. What Keras does not have (BatchNormalization's gamma with scale off) is
            not in it either.
        """
        flat = layouts.flat_parameters(self.java)
        return {name: places[0].read(flat) for name, places in self._places().items()}

    def by_weight(self, gradients: NDArray[Any]) -> dict[str, NDArray[Any]]:
        """Gradients by all parameters, a vector in their order, with the names and in the layouts of :meth:`weights`.

        Of a layer that Keras shares they are summed over its copies in the network.
        """
        return {
            name: np.sum([place.read(gradients) for place in places], axis=0) for name, places in self._places().items()
        }

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

    def set_updater(self, updater: UpdaterSpec) -> None:
        """Put an updater with its layer settings on every layer that has parameters; its state starts fresh."""
        networks.install_updater(self.java, updater)
        self.updater = updater

    def carry_state(self, iterations: int | None, slots: Mapping[str, Mapping[str, Array]]) -> tuple[str, ...]:
        """Put an optimizer's state into the network.

        Args:
            iterations: how many steps the optimizer has made; None where nobody knows.
            slots: Keras 3's name of a slot → weight, as :meth:`weights` names it → array in Keras's layout.

        Returns:
            What the updater has no place for, or has and was not given.

        Raises:
            StateError: a weight that is not the network's.
        """
        if self.updater is None:
            raise InvalidConfig("the model has no updater", fix="Set one first: set_updater(spec)")
        notes = []
        kept = state.slots_of(self.updater)
        for slot in kept:
            for name, array in slots.get(slot, {}).items():
                for place in self._places_of(name):
                    state.write_slot(self.java, self.updater, place, slot, array.read())
        missing = [slot for slot in kept if slot not in slots]
        if missing:
            notes.append(f"the file has no {', '.join(missing)} of the optimizer, which starts fresh")
        lost = self.without_place(slots)
        if lost:
            notes.append(f"{self.updater.updater} has no place for {', '.join(lost)} of the optimizer")
        if iterations is None:
            notes.append("the file does not say how many steps the optimizer has made: the network counts from 0")
        else:
            state.set_iterations(self.java, iterations)
        return tuple(notes)

    def without_place(self, slots: Iterable[str]) -> list[str]:
        """Those of Keras's slots that the updater does not have, and that Keras uses."""
        if self.updater is None:
            return list(slots)
        unused = {"momentum"} if self.updater.updater == "Sgd" else set()  # tf.keras keeps one for SGD in any case
        return [slot for slot in slots if slot not in {*state.slots_of(self.updater), *unused}]

    def optimizer_state(self) -> dict[str, dict[str, NDArray[Any]]]:
        """What the updater remembers: Keras 3's name of a slot → weight → array in Keras's layout.

        Weights that are not trained are not in it.
        """
        if self.updater is None:
            return {}
        return {
            slot: {
                name: state.read_slot(self.java, self.updater, places[0], slot)
                for name, places in self._places().items()
                if state.has_slots(self.java, places[0])
            }
            for slot in state.slots_of(self.updater)
        }

    def rebuild(self, updater: UpdaterSpec) -> ImportedModel:
        """A fresh network with this updater on every layer, the way to train on a model that has no optimizer.

        It is made as DL4J makes one from a configuration: the imported configuration is written as text and read back,
        gets the updater on each layer that is trained, and a network is built from it with a copy of the weights as
        they are now. Steps are counted from 0. It shares nothing with this one, which stays as it is.

        Raises:
            TranslationError: DL4J cannot train one of the layers.
            JavaError: Java refused a value.
        """
        made = ImportedModel(networks.rebuild(self.java, updater), self.translated)
        made.updater = updater
        return made

    def verify(self, path: str | os.PathLike[str]) -> Verification:
        """Hold the network against the one that ``save`` has written to ``path``, read back by DL4J.

        Raises:
            JavaError: DL4J cannot read the file, or one of the networks cannot predict.
        """
        back = networks.load(os.fspath(path), graph=not self.translated.sequential)
        inputs = [one.astype(self.dtype) for one in sample_inputs(self.translated)]
        return Verification(
            parameters=networks.same_parameters(self.java, back),
            configuration=configuration(self.java) == configuration(back),
            updaters=networks.updaters(self.java) == networks.updaters(back),
            difference=relative_difference(networks.predict(self.java, inputs), networks.predict(back, inputs)),
        )

    def _shapes(self) -> Mapping[str, Shape]:
        return networks.shapes_of_layers(self.java, self.translated.inputs)

    def _outputs(self, inputs: list[NDArray[Any]]) -> list[NDArray[Any]]:
        return networks.outputs_for(self.java, self.translated, inputs)

    def _describe_in(self, path: Path) -> None:
        add_description(path, Description(self.translated, self.updater, self.notes))

    def _repr_html_(self) -> str:
        parts = [super()._repr_html_()]
        if self.updater is not None:
            parts.append(self.updater._repr_html_())
        parts += [tables.paragraph(f"not carried: {note}") for note in self.notes]
        return "".join(parts)

    def _places_of(self, name: str) -> tuple[layouts.Place, ...]:
        found = self._places().get(name)
        if found is None:
            raise StateError(f"the network has no weight {name}", because="the optimizer's state has one of the name")
        return found

    def _places(self) -> Mapping[str, tuple[layouts.Place, ...]]:
        """Name of a weight → its places: several where Keras shares a layer."""
        if self._found_places is None:
            found: dict[str, tuple[layouts.Place, ...]] = {}
            for place in layouts.find_places(self.java, self.translated):
                before = found.get(place.name, ())
                if before and before[0].path != place.path:
                    raise InvalidConfig(f"two layers have a weight {place.name}")
                found[place.name] = (*before, place)
            self._found_places = found
        return self._found_places


def _one_hot(labels: NDArray[Any], shape: tuple[int, ...], at: int) -> NDArray[np.float32]:
    classes = shape[-1]
    numbers = labels.reshape(labels.shape[0], -1).astype(np.int64)
    if numbers.size and not 0 <= numbers.min() <= numbers.max() < classes:
        raise InvalidConfig(f"the labels of output {at} are not classes from 0 to {classes - 1}")
    return np.asarray(np.eye(classes, dtype=np.float32)[numbers])
