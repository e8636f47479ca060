"""What the rows of ``own_layers`` are asked about, and what they share."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from pydl4j_bridge.translate.graph import Call
from pydl4j_bridge.translate.output_shapes import OpenShape

#: What the functions in ``Functions.java`` compute, by Keras's names.
FUNCTIONS = frozenset({
    "celu", "elu", "exponential", "gelu", "hard_shrink", "hard_sigmoid", "hard_silu", "hard_swish", "hard_tanh",
    "leaky_relu", "linear", "log_sigmoid", "log_softmax", "mish", "relu", "relu6", "selu", "sigmoid", "silu",
    "soft_shrink", "softmax", "softplus", "softsign", "sparse_plus", "sparse_sigmoid", "squareplus",
    "swish", "tanh", "tanh_shrink",
    "threshold",
})  # fmt: skip


@dataclass(frozen=True, slots=True)
class Site:
    """A call with the shapes around it, without the batch."""

    call: Call
    inputs: tuple[OpenShape, ...]
    keras_major: int

    @property
    def config(self) -> Mapping[str, Any]:
        """The config of the call."""
        return self.call.config

    @property
    def rank(self) -> int:
        """Dimensions of the input, the batch included."""
        return len(self.inputs[0]) + 1


class Refused(Exception):
    """A row cannot compute a call; says why."""


#: From a call to the name of the Java class and its settings.
Row = Callable[[Site], "tuple[str, dict[str, Any]]"]


def function(name: Any, site: Site) -> str:
    """The name in ``Functions.java`` of an activation in a config.

    Raises:
        Refused: there is none.
    """
    if name is None:
        return "linear"
    if name not in FUNCTIONS:
        raise Refused(f"activation {name}")
    return "hard_sigmoid_2" if name == "hard_sigmoid" and site.keras_major < 3 else str(name)


def axes(axis: Any, rank: int) -> list[int]:
    """Axes counted with the batch, ascending."""
    found = axis if isinstance(axis, list) else [axis]
    return sorted(one % rank for one in found)
