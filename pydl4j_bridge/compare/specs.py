"""Two updater specs field by field: what the bridge made of a Keras optimizer, and what the native import did."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from pydl4j_bridge.compare.numbers import same
from pydl4j_bridge.compare.quirks import Case, explain
from pydl4j_bridge.kerasfile import Optimizer
from pydl4j_bridge.mapping import ScheduleSpec, UpdaterSpec


@dataclass(frozen=True, slots=True)
class Difference:
    """One field in which the two sides differ.

    Attributes:
        field: ``class``, a Builder name, the name of a layer setting or of a listener, or a Keras key that ND4J
            cannot express.
        bridge: our value; None where the field is not set.
        native: the native import's value; None where the field is not set.
        quirk: id of the known quirk that explains it; None where nothing does.
        layers: names of the layers that differ; empty for all of them.
    """

    field: str
    bridge: Any
    native: Any
    quirk: str | None
    layers: tuple[str, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """The difference as plain JSON values."""
        return {
            "field": self.field,
            "bridge": _plain(self.bridge),
            "native": _plain(self.native),
            "quirk": self.quirk,
            "layers": list(self.layers),
        }


def compare_specs(
    optimizer: Optimizer, bridge: UpdaterSpec, native: UpdaterSpec, layers: tuple[str, ...] = ()
) -> tuple[Difference, ...]:
    """The fields in which ``native`` differs from ``bridge``, compared as float32.

    A setting that ND4J cannot express at all is a difference too: the bridge names it, the native import drops it in
    silence.

    Args:
        optimizer: the Keras optimizer that both sides began with; it says which quirks apply.
        bridge: our mapping of it.
        native: the updater read back from the network that the native import made.
        layers: the layers that ``native`` was read from, where not all have the same.
    """
    return tuple(
        Difference(field, ours, theirs, explain(Case(optimizer, field, ours, theirs)), layers)
        for field, ours, theirs in _fields(bridge, native)
        if not same(ours, theirs)
    )


def _fields(bridge: UpdaterSpec, native: UpdaterSpec) -> Iterator[tuple[str, Any, Any]]:
    yield "class", bridge.updater, native.updater
    for kind in ("fields", "layer_settings", "listeners"):
        mine, theirs = getattr(bridge, kind), getattr(native, kind)
        for name in sorted(mine.keys() | theirs.keys()):
            yield name, mine.get(name), theirs.get(name)
    for lost in bridge.losses:
        yield lost.key, lost.value, None


def _plain(value: Any) -> Any:
    if isinstance(value, ScheduleSpec):
        return value.to_dict()
    return list(value) if isinstance(value, tuple) else value
