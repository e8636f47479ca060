"""The state of an updater in a network, in Keras's terms: one array for each slot and weight, and the step's number.

DL4J keeps one flat vector for each run of parameters with equal updaters (``UpdaterBlock``): first the first slot of
all of them, then the second one. The parameters are in the order of ``network.params()``, so that where a weight lies
in there (``layouts``) says where its slots are. Measured on every updater; see ``tests/jvm/test_state.py``.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pydl4j_bridge.jvm.arrays import memory
from pydl4j_bridge.jvm.exceptions import java_errors
from pydl4j_bridge.jvm.layouts import Place
from pydl4j_bridge.mapping import UpdaterSpec

_ADAM = ("momentum", "velocity")
#: Updater → Keras 3's names of its slots, in the order of the state view.
_SLOTS: Mapping[str, tuple[str, ...]] = {
    "AMSGrad": (*_ADAM, "velocity_hat"),
    "AdaDelta": ("accumulated_grad", "accumulated_delta_var"),
    "AdaGrad": ("accumulator",),
    "AdaMax": ("momentum", "norm"),
    "Adam": _ADAM,
    "KerasAdaDelta": ("accumulated_grad", "accumulated_delta_var"),
    "KerasAdaGrad": ("accumulator",),
    "KerasAdaMax": ("momentum", "norm"),
    "KerasMomentum": ("momentum",),
    "KerasNadam": _ADAM,
    "Nadam": _ADAM,
    "Nesterovs": ("momentum",),
    "RmsProp": ("velocity",),
    "Sgd": (),
}


def slots_of(spec: UpdaterSpec) -> tuple[str, ...]:
    """Keras 3's names of the slots that an updater has, in the order in which DL4J keeps them."""
    if spec.updater == "KerasRmsProp":
        centred = ["average_gradient"] if spec.fields.get("centered") else []
        return ("velocity", *centred, *(["momentum"] if spec.fields.get("momentum") else []))
    return _SLOTS[spec.updater]


@dataclass(frozen=True, slots=True)
class _Block:
    """A run of parameters with equal updaters: where they begin and end, and where their state begins."""

    first: int
    end: int
    state: int
    slots: int

    def of(self, positions: NDArray[np.int64], slot: int) -> NDArray[np.int64]:
        """Where a slot of the parameters at ``positions`` lies in the state view."""
        return positions - self.first + self.state + slot * (self.end - self.first)


def read_slot(network: Any, spec: UpdaterSpec, place: Place, slot: str) -> NDArray[Any]:
    """A copy of one slot of one weight, in Keras's layout.

    Raises:
        JavaError: the network has no updater.
    """
    with java_errors("the updater's state cannot be read"):
        view, where = _slot(network, spec, place, slot)
        return np.asarray(view[where])


def write_slot(network: Any, spec: UpdaterSpec, place: Place, slot: str, values: NDArray[Any]) -> None:
    """Put one slot of one weight, in Keras's layout, into the network.

    Raises:
        JavaError: the network has no updater.
    """
    with java_errors("the updater's state cannot be written"):
        view, where = _slot(network, spec, place, slot)
        view[where] = values


def has_slots(network: Any, place: Place) -> bool:
    """Whether the updater keeps something for a weight: what is not trained has no state."""
    first = int(place.positions.min())
    return any(block.first <= first < block.end and block.slots for block in _blocks(network))


def iterations(network: Any) -> int:
    """How many steps the network has made."""
    return int(_configuration(network).getIterationCount())


def set_iterations(network: Any, count: int) -> None:
    """Make the next step the one after ``count`` steps."""
    _configuration(network).setIterationCount(count)


def _slot(network: Any, spec: UpdaterSpec, place: Place, slot: str) -> tuple[NDArray[Any], NDArray[np.int64]]:
    positions = place.positions
    first = int(positions.min())
    block = next(one for one in _blocks(network) if one.first <= first < one.end)
    return memory(network.getUpdater().getStateViewArray()), block.of(positions, slots_of(spec).index(slot))


def _blocks(network: Any) -> Iterator[_Block]:
    for block in network.getUpdater().getUpdaterBlocks():
        first, end = int(block.getParamOffsetStart()), int(block.getParamOffsetEnd())
        state = int(block.getUpdaterViewOffsetStart())
        yield _Block(first, end, state, (int(block.getUpdaterViewOffsetEnd()) - state) // (end - first))


def _configuration(network: Any) -> Any:
    graph = str(network.getClass().getSimpleName()) == "ComputationGraph"
    return network.getConfiguration() if graph else network.getLayerWiseConfigurations()
