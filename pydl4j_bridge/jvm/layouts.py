"""Where each number of each Keras weight lies in the flat parameter vector of a network.

The importer itself says so: it is handed a model whose weights are numbered, and where it puts a number is where that
number of Keras's weight belongs. So no transpose of the importer's is written down here a second time, and each is
inverted exactly.

The vector is ``network.params()``; the state of an updater, which has one number or more for each parameter, and the
gradients follow the same order.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import reduce
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from pydl4j_bridge.errors import TranslationError
from pydl4j_bridge.jvm.arrays import address, data_type, memory, view
from pydl4j_bridge.jvm.building import give_weights, importer_model
from pydl4j_bridge.jvm.exceptions import java_errors
from pydl4j_bridge.translate import ImportableModel, LayerPlan

#: float32 holds integers exactly up to here: larger numbers go to Java in two parts, each below it.
_EXACT, _PART = 2**24, 2**12


@dataclass(frozen=True, slots=True)
class Place:
    """Where one weight of one layer lies.

    DL4J turns axes round and swaps blocks of them, so the position of a number is a sum: ``along[0][i] + along[1][j]
    + ...`` for the number ``[i, j, ...]`` of Keras's array.

    Attributes:
        layer: the layer's name in the network.
        path: the names of the Keras models that hold the layer, and its own.
        weight: Keras 2's name of the weight.
        shape: its shape in Keras.
        along: for each axis of Keras's shape what it adds to the position.
    """

    layer: str
    path: tuple[str, ...]
    weight: str
    shape: tuple[int, ...]
    along: tuple[NDArray[np.int64], ...]

    @property
    def name(self) -> str:
        """``model/layer/weight``: the names that hold the weight and its own."""
        return "/".join((*self.path, self.weight))

    @property
    def positions(self) -> NDArray[np.int64]:
        """The position of each number, in Keras's shape."""
        return _sums(0, self.along)

    def read(self, flat: NDArray[Any]) -> NDArray[Any]:
        """A copy of the weight in Keras's layout out of a flat vector."""
        return np.asarray(flat[self.positions])

    def write(self, flat: NDArray[Any], values: ArrayLike) -> None:
        """Put a weight in Keras's layout into a flat vector."""
        flat[self.positions] = values


def find_places(network: Any, model: ImportableModel) -> tuple[Place, ...]:
    """The place of every weight that the network has of Keras's, layer by layer.

    Args:
        network: the ``MultiLayerNetwork`` or ``ComputationGraph`` that was built from ``model``.
        model: the translated model.

    Raises:
        TranslationError: the importer did something else to a weight than turning axes and swapping blocks.
        JavaError: the importer refused the model.
    """
    if not model.shapes:
        return ()
    with java_errors("the layout of the weights cannot be found"):
        start = address(network.params())
        keras = importer_model(model).getLayers()
        places: list[Place] = []
        for layer in network.getLayers():
            name = str(layer.conf().getLayer().getLayerName())
            shapes = model.shapes.get(name)
            if shapes:
                plan = model.plans.get(name, LayerPlan())
                offsets = _offsets(layer, start)
                for weight, positions in _trace(keras.get(name), plan, shapes, offsets):
                    along = _separate(positions, name, weight)
                    places.append(Place(name, model.layers[name], weight, positions.shape, along))
        return tuple(places)


def flat_parameters(network: Any) -> NDArray[Any]:
    """The parameters of a network as one vector: its own memory, not a copy. It lives as long as the network does."""
    return memory(network.params())


@dataclass(frozen=True, slots=True)
class _Numbered:
    """A weight whose numbers are their own places in the weights of the layer, or one part of those."""

    shape: tuple[int, ...]
    first: int
    part: _Part

    name: str = ""

    @property
    def size(self) -> int:
        return math.prod(self.shape)

    def check(self) -> None:
        """There is nothing that could be wrong."""

    def read_into(self, out: NDArray[np.float32]) -> None:
        out.reshape(self.shape)[...] = self.read()

    def read(self) -> NDArray[np.float32]:
        numbers = np.arange(self.first, self.first + math.prod(self.shape))
        return np.asarray(self.part.of(numbers), dtype=np.float32).reshape(self.shape)


@dataclass(frozen=True, slots=True)
class _Part:
    """``number // scale % modulus``."""

    scale: int
    modulus: int

    def of(self, numbers: Any) -> Any:
        return numbers // self.scale % self.modulus


def _sums(first: int, along: Iterable[NDArray[np.int64]]) -> NDArray[np.int64]:
    """``first + along[0][i] + along[1][j] + ...`` for all i, j, ..."""
    start: NDArray[np.int64] = np.asarray(first, dtype=np.int64)
    return reduce(np.add.outer, along, start)


def _offsets(layer: Any, start: int) -> dict[str, NDArray[np.int64]]:
    """Parameter → the position of each of its numbers in the network's vector, in the order of its own shape."""
    found: dict[str, NDArray[np.int64]] = {}
    for entry in layer.paramTable().entrySet():
        view = entry.getValue()
        first = (address(view) - start) // data_type(view).itemsize
        steps = [np.arange(int(n)) * int(s) for n, s in zip(view.shape(), view.stride(), strict=True)]
        found[str(entry.getKey())] = _sums(first, steps).ravel()
    return found


def _trace(
    keras: Any, plan: LayerPlan, shapes: Mapping[str, tuple[int, ...]], offsets: Mapping[str, NDArray[np.int64]]
) -> Iterator[tuple[str, NDArray[np.int64]]]:
    """Each weight of one layer that the network has, with the positions of its numbers."""
    firsts, total = {}, 0
    for weight, shape in shapes.items():
        firsts[weight] = total
        total += math.prod(shape)
    found = np.full(total, -1, dtype=np.int64)
    numbers: dict[str, NDArray[np.int64]] = {}
    for part in [_Part(1, _EXACT)] if total < _EXACT else [_Part(1, _PART), _Part(_PART, _EXACT)]:
        arrays = {weight: _Numbered(tuple(shape), firsts[weight], part) for weight, shape in shapes.items()}
        # What Keras does not have gets a number that no weight has.
        unknown = {name: (float(part.of(total)),) * len(values) for name, values in plan.constants.items()}
        give_weights(keras, replace(plan, constants=unknown), arrays)
        for entry in keras.getWeights().entrySet():
            found_part = view(entry.getValue()).ravel().astype(np.int64) * part.scale
            numbers[str(entry.getKey())] = numbers.get(str(entry.getKey()), 0) + found_part
    for parameter, positions in offsets.items():
        known = numbers[parameter] < total
        found[numbers[parameter][known]] = positions[known]
    for weight, shape in shapes.items():
        positions = found[firsts[weight] : firsts[weight] + math.prod(shape)].reshape(shape)
        if (positions >= 0).all():
            yield weight, positions


def _separate(positions: NDArray[np.int64], layer: str, weight: str) -> tuple[NDArray[np.int64], ...]:
    """What each axis adds to the position; the first one has where the weight begins as well.

    Raises:
        TranslationError: the positions are no such sum.
    """
    if not positions.ndim:
        return (positions,)
    origin = positions[(0,) * positions.ndim]
    along = []
    for axis in range(positions.ndim):
        line = positions[tuple(slice(None) if at == axis else 0 for at in range(positions.ndim))]
        along.append(line if axis == 0 else line - origin)
    if not np.array_equal(reduce(np.add.outer, along), positions):
        raise TranslationError(
            f"where the importer puts the weight {weight} of layer {layer} is not known",
            because="it does more than turning axes and swapping blocks of them",
            where=f"layer {layer}",
        )
    return tuple(along)
