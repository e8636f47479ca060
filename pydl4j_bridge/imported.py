"""A Keras model inside the JVM: what ``import_model`` hands back."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from difflib import get_close_matches
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from pydl4j_bridge import training
from pydl4j_bridge.errors import InvalidConfig, StateError
from pydl4j_bridge.jvm import layouts, networks, state
from pydl4j_bridge.mapping import Finding, UpdaterSpec
from pydl4j_bridge.saved import Description, add_description
from pydl4j_bridge.training import Arrays, History
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


class ImportedModel:
    """A real ``MultiLayerNetwork`` or ``ComputationGraph`` with the weights of a Keras model.

    Attributes:
        java: the network itself.
        updater: the mapped optimizer, which sits on every layer; None where the model has none.
        findings: what became of every setting of the optimizer.
        notes: what else of the training is not carried, by the names of the layers; it changes no prediction.
            And, of models that were trained on Theano, that tf_keras is followed where Theano computes otherwise.
        translated: the model as the importer got it.
    """

    def __init__(self, java: Any, model: ImportableModel) -> None:
        self.java = java
        self.updater: UpdaterSpec | None = None
        self.notes = model.notes
        self.translated = model
        self._found_places: Mapping[str, tuple[layouts.Place, ...]] | None = None

    @property
    def findings(self) -> tuple[Finding, ...]:
        """What became of every setting of the optimizer; empty where there is none."""
        return self.updater.findings if self.updater else ()

    @property
    def dtype(self) -> np.dtype[Any]:
        """The type of the network's numbers: float32, or float64."""
        return np.dtype(self.translated.dtype)

    def predict(self, x: ArrayLike | Sequence[ArrayLike]) -> Any:
        """The outputs for ``x``, in Keras's layout.

        Args:
            x: one array, or a list of one for each input, in the shapes that Keras takes, the batch first.

        Returns:
            One array of :attr:`dtype`, or a list of them where the model has several outputs.

        Raises:
            InvalidConfig: the shape of an input is not the model's. Java would crash on some of these.
            JavaError: the network failed.
        """
        inputs = self.inputs_of(x)
        outputs = networks.outputs_for(self.java, self.translated, inputs)
        return outputs[0] if len(outputs) == 1 else outputs

    def inputs_of(self, x: ArrayLike | Sequence[ArrayLike]) -> list[NDArray[Any]]:
        """One array of :attr:`dtype` for each input, in the shapes that the model takes.

        Raises:
            InvalidConfig: they are not.
        """
        several = isinstance(x, (list, tuple)) and len(self.translated.inputs) > 1
        inputs = [np.asarray(one, dtype=self.dtype) for one in (x if several else [x])]  # type: ignore[union-attr]
        if len(inputs) != len(self.translated.inputs):
            raise InvalidConfig(f"the model has {len(self.translated.inputs)} inputs, and {len(inputs)} were given")
        for at, (given, expected) in enumerate(zip(inputs, self.translated.inputs, strict=True)):
            fits = given.ndim == len(expected) + 1 and all(
                size is None or size == actual for size, actual in zip(expected, given.shape[1:], strict=False)
            )
            if not fits or given.size == 0:
                raise InvalidConfig(f"input {at} has the shape {given.shape}, and the model takes {(None, *expected)}")
        return inputs

    def train_on_batch(self, x: Arrays, y: Arrays) -> float:
        """One step of training.

        Args:
            x: as in :meth:`predict`.
            y: labels in Keras's shapes, one array for each output; integers where the loss is a sparse one.

        Returns:
            The loss before the step, with the regularization, as Keras's method of this name.

        Raises:
            InvalidConfig: the model has no loss, or the arrays are not what it takes.
            JavaError: the network failed.
        """
        return training.train_on_batch(self, x, y)

    def score(self, x: Arrays, y: Arrays) -> float:
        """The loss, with the regularization, as in inference; raises as :meth:`train_on_batch`."""
        return training.score(self, x, y)

    def fit(
        self,
        x: Any,
        y: Any = None,
        *,
        epochs: int = 1,
        batch_size: int = 32,
        shuffle: bool = False,
        validation_data: tuple[Any, Any] | None = None,
        callbacks: Iterable[Any] = (),
        progress: bool | None = None,
    ) -> History:
        """Train on arrays, or on an iterable of batches ``(x, y)``; the samples stay in their order.

        Ctrl-C stops it between two batches: the model is what the last step has made of it, and can be used.

        Args:
            x: as in :meth:`predict`, or, without ``y``, an iterable of ``(x, y)`` that can be gone through once for
                each epoch.
            y: as in :meth:`train_on_batch`.
            epochs: how often to go through all samples.
            batch_size: samples in one step; the last batch of an epoch may be smaller.
            shuffle: take the samples in another order in each epoch.
            validation_data: ``(x, y)`` for ``val_loss``.
            callbacks: objects with some of Keras's methods ``on_train_begin()``, ``on_train_batch_end(batch, logs)``,
                ``on_epoch_end(epoch, logs)``, ``on_train_end()``.
            progress: a progress bar on stderr, or in a notebook's cell; None: where there is a terminal.

        Raises:
            InvalidConfig, JavaError: as :meth:`train_on_batch`.
        """
        return training.fit(
            self,
            x,
            y,
            epochs=epochs,
            batch_size=batch_size,
            shuffle=shuffle,
            validation_data=validation_data,
            callbacks=callbacks,
            progress=progress,
        )

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

    @property
    def iterations(self) -> int:
        """How many steps the network has made, those in Keras among them where the state was carried."""
        return state.iterations(self.java)

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

    def summary(self) -> str:
        """DL4J's own summary of the network."""
        return str(self.java.summary())

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write the network, its updater and the updater's state as DL4J's ModelSerializer does.

        Any DL4J program restores it, and :func:`pydl4j_bridge.load` brings back this whole object. The file appears
        when it is whole.

        Raises:
            JavaError: the network cannot be written.
        """
        target = Path(path)
        with tempfile.TemporaryDirectory(dir=target.parent) as folder:
            unfinished = Path(folder) / target.name
            networks.save(self.java, str(unfinished))
            add_description(unfinished, Description(self.translated, self.updater, self.notes))
            os.replace(unfinished, target)

    def verify(self, path: str | os.PathLike[str]) -> Verification:
        """Hold the network against the one that :meth:`save` has written to ``path``, read back by DL4J.

        Raises:
            JavaError: DL4J cannot read the file, or one of the networks cannot predict.
        """
        back = networks.load(os.fspath(path), graph=not self.translated.sequential)
        inputs = [one.astype(self.dtype) for one in sample_inputs(self.translated)]
        return Verification(
            parameters=networks.same_parameters(self.java, back),
            configuration=networks.configuration(self.java) == networks.configuration(back),
            updaters=networks.updaters(self.java) == networks.updaters(back),
            difference=relative_difference(networks.predict(self.java, inputs), networks.predict(back, inputs)),
        )

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
