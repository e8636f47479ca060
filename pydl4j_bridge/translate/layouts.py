"""Channels first → channels last: the one layout that every layer here computes in.

A layer that has its channels elsewhere computes on its input with the axes moved, and what it gives is remembered as
moved. Layers that work number by number pass that on; any other gets a Permute where it needs one. So a model in one
layout throughout has a Permute behind its input and one in front of the first layer that mixes the axes.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from pydl4j_bridge.translate.graph import Call, Graph
from pydl4j_bridge.translate.output_shapes import ELEMENTWISE, output_shapes

#: Which axis of a call's input stands where; axis 0 is the first behind the batch.
Order = tuple[int, ...]

#: Layers whose channels ``data_format`` places, whose weights are the same wherever they are.
_SPATIAL = frozenset({
    "Conv1D", "Conv1DTranspose", "Conv2D", "Conv2DTranspose", "Conv3D", "Conv3DTranspose", "Cropping2D", "Cropping3D",
    "DepthwiseConv1D", "DepthwiseConv2D", "SeparableConv1D", "SeparableConv2D", "SpatialDropout2D", "SpatialDropout3D",
    "UpSampling2D", "UpSampling3D", "ZeroPadding2D", "ZeroPadding3D",
    "CenterCrop", "RandomCrop", "Resizing",
    *(
        f"{kind}Pooling{at}D"
        for kind in ("AdaptiveAverage", "AdaptiveMax", "Average", "GlobalAverage", "GlobalMax", "Max")
        for at in (1, 2, 3)
    ),
})  # fmt: skip
#: The same with time steps in front.
_OF_STEPS = frozenset({"ConvLSTM1D", "ConvLSTM2D", "ConvLSTM3D"})
#: Layers of one axis, and the axis where their config has none.
_OF_AXIS: Mapping[str, int] = {"BatchNormalization": -1, "Concatenate": -1, "Softmax": -1}
_ALONG_THE_LAST_AXIS = frozenset({"glu", "log_softmax", "softmax", "sparsemax"})
#: Layers of one input that work number by number.
_PLAIN = frozenset({
    "AlphaDropout", "Dropout", "ELU", "GaussianDropout", "GaussianNoise", "Identity", "LeakyReLU", "ReLU", "Rescaling",
    "ThresholdedReLU",
})  # fmt: skip


def channels_last(graph: Graph) -> Graph:
    """Every layer on channels last, where the sizes of its input are known."""
    return _Layouts(_activations_behind(graph)).rewritten()


def _activations_behind(graph: Graph) -> Graph:
    """Activations along the last axis, which are not along the channels here, become layers behind."""
    for call in graph.calls:
        first = call.config.get("data_format") == "channels_first" and call.class_name in _SPATIAL
        if first and call.config.get("activation") in _ALONG_THE_LAST_AXIS:
            config = {"activation": call.config["activation"]}
            behind = Call(f"{call.name}_activation", "Activation", config, (), (*call.layer, "activation"))
            graph = graph.followed(call.with_config(activation="linear"), behind)
    return graph


class _Layouts:
    """The walk through a graph, call by call."""

    def __init__(self, graph: Graph) -> None:
        self.graph = graph
        self._shapes = output_shapes(graph)
        self._calls: list[Call] = []
        # A call of the graph → the call that has its output with the axes moved, and how to move them back.
        self._moved: dict[str, tuple[str, Order]] = {}
        self._permuted: dict[tuple[str, Order], str] = {}

    def rewritten(self) -> Graph:
        for call in self.graph.calls:
            self._add(call)
        outputs = tuple(self._get(name, None) for name in self.graph.outputs)
        axes = dict(self._moved.values())
        return replace(self.graph, calls=tuple(self._calls), outputs=outputs, axes=axes)

    def _add(self, call: Call) -> None:
        order = self._order(call)
        if order is not None:
            inputs = tuple(self._get(name, order) for name in call.inputs)
            made = replace(call, inputs=inputs, config=_on_last_axis(call))
            rank = len(self._shapes[call.name])
            if rank == len(order):
                self._moved[call.name] = call.name, _inverse(order)
            elif call.class_name in _OF_STEPS:  # the last step alone
                self._moved[call.name] = call.name, _inverse((*range(1, rank), 0))
        else:
            back = {self._moved[name][1] for name in call.inputs if name in self._moved}
            if len(back) == 1 and _is_plain(call) and all(name in self._moved for name in call.inputs):
                made = replace(call, inputs=tuple(self._moved[name][0] for name in call.inputs))
                self._moved[call.name] = call.name, back.pop()
            else:
                made = replace(call, inputs=tuple(self._get(name, None) for name in call.inputs))
        self._calls.append(made)

    def _order(self, call: Call) -> Order | None:
        """How a call wants its inputs, where it does not want them as they are."""
        shapes = [self._shapes.get(name) for name in call.inputs]
        if not shapes or None in shapes or call.name not in self._shapes:
            return None
        rank = len(shapes[0] or ())
        if any(len(shape or ()) != rank for shape in shapes) or rank < 2:
            return None
        first = call.config.get("data_format") == "channels_first"
        at = None
        if first and (call.class_name in _SPATIAL or call.class_name == "Flatten"):
            at = 0
        elif first and call.class_name in _OF_STEPS:
            at = 1
        elif call.class_name in _OF_AXIS:
            at = _axis(call.config.get("axis", _OF_AXIS[call.class_name]), rank)
        if at is None or at == rank - 1:
            return None
        return (*(axis for axis in range(rank) if axis != at), at)

    def _get(self, name: str, order: Order | None) -> str:
        """The call that has the output of ``name`` in an order, or as it is."""
        source, back = self._moved.get(name, (name, None))
        wanted = tuple(back[at] for at in order) if back and order else back or order
        if wanted is None or wanted == tuple(range(len(wanted))):
            return source
        if (source, wanted) not in self._permuted:
            dims = [axis + 1 for axis in wanted]
            permute = Call(
                f"{source}_permuted_{''.join(map(str, dims))}",
                "Permute",
                {"dims": dims},
                (source,),
                (f"{source}_permuted",),
            )
            self._calls.append(permute)
            self._permuted[source, wanted] = permute.name
        return self._permuted[source, wanted]


def _on_last_axis(call: Call) -> dict[str, Any]:
    config = dict(call.config)
    if call.class_name in _OF_AXIS:
        return {**config, "axis": -1}
    return {**config, "data_format": "channels_last"}


def _is_plain(call: Call) -> bool:
    if call.class_name == "Activation":
        return call.config.get("activation") not in _ALONG_THE_LAST_AXIS
    if call.config.get("noise_shape"):
        return False
    return call.class_name in _PLAIN or call.class_name in ELEMENTWISE


def _inverse(order: Order) -> Order:
    return tuple(order.index(at) for at in range(len(order)))


def _axis(axis: Any, rank: int) -> int | None:
    """An axis as Keras counts it, the batch included → counted behind the batch."""
    if isinstance(axis, list) and len(axis) == 1:
        (axis,) = axis
    if not isinstance(axis, int) or not -rank <= axis <= rank or axis == 0:
        return None
    return axis - 1 if axis > 0 else axis + rank
