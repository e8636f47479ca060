"""The pass that puts the channels last: DL4J has them first in some layers only."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from pydl4j_bridge.translate.graph import REARRANGEMENT, Call, Graph
from pydl4j_bridge.translate.output_shapes import ELEMENTWISE, OpenShape, open_shapes

#: Where each axis of an array comes from, the batch being 0.
Order = tuple[int, ...]

#: Layers that do the same to every number, wherever it stands.
_EACH = frozenset({
    "Activation", "AlphaDropout", "Dropout", "ELU", "GaussianDropout", "GaussianNoise", "Identity", "LeakyReLU", "ReLU",
    "ThresholdedReLU",
})  # fmt: skip
#: Activations that are not functions of one number.
_ALONG_AN_AXIS = frozenset({"glu", "log_softmax", "softmax", "sparsemax"})


@dataclass(frozen=True, slots=True)
class _Last:
    """The output of a call with the channels last."""

    name: str
    order: Order


def channels_last(graph: Graph) -> Graph:
    """Layers with ``channels_first`` → with the channels last, between two permutations; a chain shares them."""
    shapes = open_shapes(graph)
    calls: list[Call] = []
    last: dict[str, _Last] = {}
    first: dict[str, str] = {}
    for call in graph.calls:
        rank = len(shapes[call.inputs[0]]) + 1 if call.inputs and call.inputs[0] in shapes else None
        order = None if rank is None or _odd_bias(call, shapes, graph) else _order(call, rank, last)
        if order is None:
            calls.append(replace(call, inputs=tuple(first.get(name, name) for name in call.inputs)))
            continue
        sources = []
        for name in call.inputs:
            if name not in last or last[name].order != order:
                before = _permutation(f"{name}_channels_last", order, first.get(name, name), graph[name])
                if all(before.name != one.name for one in calls):
                    calls.append(before)
                last.setdefault(name, _Last(before.name, order))
                sources.append(before.name)
            else:
                sources.append(last[name].name)
        calls.append(replace(_changed(call, order), inputs=tuple(sources)))
        back = _order_behind(call, order)
        if back is not None:
            after = _permutation(f"{call.name}_channels_first", _inverse(back), call.name, call)
            calls.append(after)
            last[call.name], first[call.name] = _Last(call.name, back), after.name
    outputs = tuple(first.get(name, name) for name in graph.outputs)
    return _without_unused(replace(graph, calls=tuple(calls), outputs=outputs), set(first.values()))


def _odd_bias(call: Call, shapes: Mapping[str, OpenShape], graph: Graph) -> bool:
    """Keras 3 on TensorFlow adds a bias along the last axis where that is as long as there are channels.

    Its ``ops.add`` takes such a sum for one with the channels last; on its other backends the numbers are others.
    """
    shape = shapes.get(call.name, ())
    convolution = "Conv" in call.class_name and "ConvLSTM" not in call.class_name
    first = call.config.get("data_format") == "channels_first" and call.config.get("use_bias", True)
    return bool(graph.keras_major == 3 and convolution and first and len(shape) > 1 and shape[0] == shape[-1] != 1)


def _order(call: Call, rank: int, last: Mapping[str, _Last]) -> Order | None:
    """The order in which a call takes its input with the channels last; None for a call that stays as it is."""
    if call.class_name.startswith("LocallyConnected"):
        return None  # the order of its weights is that of its input
    if call.config.get("data_format") == "channels_first":
        return _moved(2 if call.class_name.startswith("ConvLSTM") else 1, rank)
    if call.class_name == "BatchNormalization":
        axis = call.config.get("axis", -1)
        if isinstance(axis, int) and rank > 2 and axis % rank not in (0, rank - 1):
            return _moved(axis % rank, rank)
        return None
    orders = {last[name].order if name in last else None for name in call.inputs}
    if len(orders) != 1:
        return None
    each = call.class_name in _EACH and call.config.get("activation") not in _ALONG_AN_AXIS
    if (each and not call.config.get("noise_shape")) or call.class_name in (*ELEMENTWISE, "Concatenate"):
        return orders.pop()
    return None


def _order_behind(call: Call, order: Order) -> Order | None:
    """The order of a call's output; None where it has no channels that could stand elsewhere."""
    if call.class_name == "Flatten" or (call.class_name.startswith("Global") and not call.config.get("keepdims")):
        return None
    if call.class_name.startswith("ConvLSTM") and not call.config.get("return_sequences"):
        return _moved(1, len(order) - 1)
    return order


def _changed(call: Call, order: Order) -> Call:
    changes: dict[str, Any] = {}
    if "data_format" in call.config:
        changes["data_format"] = "channels_last"
    if call.class_name == "BatchNormalization":
        changes["axis"] = -1
    if call.class_name == "Concatenate":
        changes["axis"] = order.index(call.config.get("axis", -1) % len(order))
    return call.with_config(**changes)


def _permutation(name: str, order: Order, source: str, of: Call) -> Call:
    return Call(name, REARRANGEMENT, {"operation": "permute", "dims": [*order]}, (source,), (*of.layer, name))


def _moved(axis: int, rank: int) -> Order:
    """The axis comes to the end."""
    return (*range(axis), *range(axis + 1, rank), axis)


def _inverse(order: Order) -> Order:
    return tuple(order.index(axis) for axis in range(len(order)))


def _without_unused(graph: Graph, names: set[str]) -> Graph:
    used = {name for call in graph.calls for name in call.inputs} | set(graph.outputs)
    return replace(graph, calls=tuple(c for c in graph.calls if c.name not in names or c.name in used))
