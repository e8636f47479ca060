"""Passes for recurrent layers with what the importer does not have: masks, two directions, cells of their own.

Keras passes a mask from layer to layer beside the array. Here it is an array of its own, one number a step, which is
joined to the features of each recurrent layer that heeds it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

from pydl4j_bridge.translate.graph import MASK, REARRANGEMENT, Call, Graph
from pydl4j_bridge.translate.output_shapes import ELEMENTWISE
from pydl4j_bridge.translate.support import places, refusal

_RECURRENT = frozenset({"GRU", "LSTM", "SimpleRNN"})
_CONVOLUTIONAL = frozenset({"ConvLSTM1D", "ConvLSTM2D", "ConvLSTM3D"})
#: Layers that compute without regard to the mask, and pass it on.
_PASS_ON = frozenset({
    "Activation", "ActivityRegularization", "AlphaDropout", "BatchNormalization", "Dense", "Dropout", "ELU",
    "GaussianDropout", "GaussianNoise", "Identity", "LayerNormalization", "LeakyReLU", "PReLU", "RMSNormalization",
    "ReLU", "Rescaling", "SpatialDropout1D", "ThresholdedReLU", "UnitNormalization",
})  # fmt: skip
#: Layers of several inputs whose output has the mask of the inputs, where that is one and the same.
_MERGING = ELEMENTWISE | {"Concatenate"}
#: Layers behind which there is no mask any more, and which compute without regard to it.
_END = frozenset({"Conv1D", "Flatten", "GlobalMaxPooling1D", "MaxPooling1D", "AveragePooling1D", "Permute", "Reshape"})


def cells(graph: Graph) -> Graph:
    """RNN around Keras's own cells → the layers of those cells, one after the other."""
    calls: list[Call] = []
    for call in graph.calls:
        cell = call.config.get("cell") if call.class_name == "RNN" else None
        stack = _cells(cell) if isinstance(cell, Mapping) else []
        if not stack:
            calls.append(call)
        for number, (class_name, config) in enumerate(stack):
            last = number == len(stack) - 1
            outer = {key: value for key, value in call.config.items() if key != "cell"}
            if not last:
                outer["return_sequences"] = True
            if number:  # its input is in the order in which the first one has computed it
                outer["go_backwards"] = False
            prefix = f"{number}_" if len(stack) > 1 else ""
            weights = {key: key.removeprefix(prefix) for key in call.shapes if key.startswith(prefix)}
            one = replace(
                call,
                name=call.name if last else f"{call.name}_cell_{number}",
                class_name=class_name,
                config={**config, **outer, "dl4j_renamed": weights},
                inputs=(calls[-1].name,) if number else call.inputs,
                shapes={renamed: call.shapes[key] for key, renamed in weights.items()},
            )
            calls.append(one)
    return replace(graph, calls=tuple(calls))


def _cells(cell: Mapping[str, Any]) -> list[tuple[str, Mapping[str, Any]]]:
    """Layer and config for each cell of a stack, or for the only one; nothing where one is not Keras's own."""
    stack = cell["config"]["cells"] if cell.get("class_name") == "StackedRNNCells" else [cell]
    found = [(str(one["class_name"]).removesuffix("Cell"), one["config"]) for one in stack]
    return found if all(class_name in _RECURRENT for class_name, _ in found) else []


def masks(graph: Graph) -> Graph:
    """Masking, and Embedding with ``mask_zero``, → an array that says which steps count, and all that heed it."""
    of: dict[str, str] = {}  # call → the call that computes the mask of its output
    calls: list[Call] = []
    for call in graph.calls:
        given = [of[name] for name in call.inputs if name in of]
        source = _source(call)
        if source is not None and not given:
            mask = replace(call, name=f"{call.name}_mask", class_name=MASK, config={"mask_value": source}, shapes={})
            calls.append(mask)
            of[call.name] = mask.name
            if call.class_name == "Masking":
                call = call.with_config(mask_value=source)
            else:
                call = call.with_config(mask_zero=False)
        elif given and (call.class_name in _PASS_ON or (call.class_name in _MERGING and len(set(given)) == 1)):
            of[call.name] = given[0]
        elif given and (_inner(call) is not None or call.class_name == "GlobalAveragePooling1D"):
            # The mask becomes the last feature.
            joined = Call(f"{call.name}_masked", "Concatenate", {"axis": -1}, (call.inputs[0], given[0]), call.layer)
            calls.append(joined)
            call = replace(call.with_config(dl4j_masked=True), inputs=(joined.name, *call.inputs[1:]))
            if (_inner(call) or {}).get("return_sequences"):
                of[call.name] = given[0]
        elif given and call.class_name not in _END:
            call = call.with_config(dl4j_refused="a mask reaches it")
        calls.append(call)
    used = {name for call in calls for name in call.inputs}
    return replace(graph, calls=tuple(c for c in calls if c.class_name != MASK or c.name in used))


def _source(call: Call) -> float | None:
    """The value that a layer masks; None: it makes no mask."""
    if call.class_name == "Masking":
        return float(call.config.get("mask_value", 0.0))
    return 0.0 if call.class_name == "Embedding" and call.config.get("mask_zero") else None


def _inner(call: Call) -> Mapping[str, Any] | None:
    """The config of the recurrent layer that a call is, or is around."""
    if call.class_name in _RECURRENT:
        return call.config
    inner = call.config.get("layer") if call.class_name == "Bidirectional" else None
    return inner["config"] if inner and inner["class_name"] in _RECURRENT else None


def directions(graph: Graph) -> Graph:
    """Bidirectional, where the importer's is not Keras's, → two layers, the second one backwards, and their merge."""
    calls: list[Call] = []
    # The importer tells what reshapes it that its output has the features of one direction.
    reshaped = {name for call in graph.calls if call.class_name in ("Flatten", "Reshape") for name in call.inputs}
    for place in places(graph):
        call = place.call
        expanded = (
            call.class_name == "Bidirectional"
            and call.config["layer"]["class_name"] in _RECURRENT
            and call.config.get("merge_mode", "concat") in _MERGES
            and (call.config.get("dl4j_masked") or call.name in reshaped or refusal(place) or _untrainable(call))
        )
        calls.extend(_two(call) if expanded else [call])
    return replace(graph, calls=tuple(calls))


def convolutional_directions(graph: Graph) -> Graph:
    """Bidirectional around a ConvLSTM → two of them and their merge, before the channels are put last."""
    calls: list[Call] = []
    for call in graph.calls:
        inner = call.config.get("layer") if call.class_name == "Bidirectional" else None
        known = inner and inner["class_name"] in _CONVOLUTIONAL and call.config.get("merge_mode", "concat") in _MERGES
        calls.extend(_two(call) if known else [call])
    return replace(graph, calls=tuple(calls))


def _untrainable(call: Call) -> bool:
    """The importer's has no place for an updater where only the last step is wanted (N15)."""
    return not call.config["layer"]["config"].get("return_sequences")


_MERGES = {"ave": "Average", "concat": "Concatenate", "mul": "Multiply", "sum": "Add"}


def _two(call: Call) -> Iterable[Call]:
    forward, backward = call.config["layer"], call.config.get("backward_layer")
    ahead, back = (f"{call.name}_forward", f"{call.name}_backward")
    yield _one(call, ahead, "forward_", forward["class_name"], forward["config"])
    if backward is None:
        config = forward["config"]
        backward = {**forward, "config": {**config, "go_backwards": not config.get("go_backwards")}}
    yield _one(call, back, "backward_", backward["class_name"], backward["config"])
    if forward["config"].get("return_sequences"):
        yield Call(f"{back}_reversed", REARRANGEMENT, {"operation": "reverse", "axis": 1}, (back,), call.layer)
        back = f"{back}_reversed"
    merge = call.config.get("merge_mode", "concat")
    config = {"axis": -1} if merge == "concat" else {}
    yield Call(call.name, _MERGES[merge], config, (ahead, back), call.layer, call.kwargs)


def _one(call: Call, name: str, prefix: str, class_name: str, config: Mapping[str, Any]) -> Call:
    given = {key: value for key, value in call.config.items() if key in ("dl4j_masked", "trainable")}
    # What Keras sets on the layers inside.
    given["zero_output_for_mask"] = bool(config.get("return_sequences"))
    weights = {key: key.removeprefix(prefix) for key in call.shapes if key.startswith(prefix)}
    return replace(
        call,
        name=name,
        class_name=class_name,
        config={**config, **given, "dl4j_renamed": weights},
        kwargs={},
        shapes={renamed: call.shapes[key] for key, renamed in weights.items()},
    )
