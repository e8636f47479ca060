"""The weights that each Keras layer has, in the order in which Keras creates them, and where they are in a file.

Names are Keras 2's, since those are what the native importer asks for. The orders were found by saving models whose
variables all differ.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from pydl4j_bridge.errors import InvalidConfig
from pydl4j_bridge.kerasfile.contents import ModelContents, StoredArray, snake_case
from pydl4j_bridge.translate.graph import MALFORMED, malformed
from pydl4j_bridge.translate.parse import MODELS


@dataclass(frozen=True, slots=True)
class Variable:
    """One weight of a layer.

    Attributes:
        name: Keras 2's name.
        trainable: whether the layer creates it as a trainable one.
        under: the groups below the layer's own in which a ``.keras`` file has it.
    """

    name: str
    trainable: bool = True
    under: tuple[str, ...] = ()


def _dense(config: Mapping[str, Any]) -> list[Variable]:
    return _with_bias(config, "kernel")


def _with_bias(config: Mapping[str, Any], *names: str) -> list[Variable]:
    return [Variable(name) for name in (*names, *(["bias"] if config.get("use_bias", True) else []))]


def _recurrent(config: Mapping[str, Any]) -> list[Variable]:
    return [Variable(v.name, under=("cell",)) for v in _with_bias(config, "kernel", "recurrent_kernel")]


def _of_cell(cell: Mapping[str, Any]) -> list[Variable]:
    """The variables of an RNN's cell; those of one in a stack have its number before their names."""
    if _class(cell) != "StackedRNNCells":
        return _recurrent(cell["config"]) if _class(cell) in _CELLS else []
    found: list[Variable] = []
    used: dict[str, int] = {}
    for number, inner in enumerate(cell["config"]["cells"]):
        spelled = snake_case(_class(inner))
        count = used.get(spelled, 0)
        used[spelled] = count + 1
        under = ("cell", "cells", f"{spelled}_{count}" if count else spelled)
        if _class(inner) in _CELLS:
            found += [replace(v, name=f"{number}_{v.name}", under=under) for v in _recurrent(inner["config"])]
    return found


def _normalization(config: Mapping[str, Any]) -> list[Variable]:
    kept = [name for name, key in (("gamma", "scale"), ("beta", "center")) if config.get(key, True)]
    return [
        *map(Variable, kept),
        Variable("moving_mean", trainable=False),
        Variable("moving_variance", trainable=False),
    ]


def _scaled(config: Mapping[str, Any]) -> list[Variable]:
    return [Variable(name) for name, key in (("gamma", "scale"), ("beta", "center")) if config.get(key, True)]


def _statistics(config: Mapping[str, Any]) -> list[Variable]:
    if config.get("mean") is not None:
        return []  # given as arguments: the numbers are in the config
    return [Variable(name, trainable=False) for name in ("mean", "variance", "count")]


def _inner(layer: Mapping[str, Any], prefix: str, under: str) -> list[Variable]:
    inner = VARIABLES.get(_class(layer))
    if inner is None or inner is _bidirectional:  # each of these would double what is below it
        return []
    return [Variable(prefix + v.name, v.trainable, (under, *v.under)) for v in inner(layer["config"])]


def _bidirectional(config: Mapping[str, Any]) -> list[Variable]:
    backward = config.get("backward_layer") or config["layer"]
    return [
        *_inner(config["layer"], "forward_", "forward_layer"),
        *_inner(backward, "backward_", "backward_layer"),
    ]


_CELLS = frozenset({"GRUCell", "LSTMCell", "SimpleRNNCell"})

#: Class → its variables from its config. Classes without variables are not in it.
VARIABLES: Mapping[str, Callable[[Mapping[str, Any]], list[Variable]]] = {
    "BatchNormalization": _normalization,
    "Bidirectional": _bidirectional,
    "ConvLSTM2D": _recurrent,
    "DepthwiseConv1D": lambda config: _with_bias(config, "depthwise_kernel"),
    "DepthwiseConv2D": lambda config: _with_bias(config, "depthwise_kernel"),
    "Embedding": lambda _: [Variable("embeddings")],
    "GRU": _recurrent,
    "LSTM": _recurrent,
    "LayerNormalization": _scaled,
    "RMSNormalization": lambda _: [Variable("gamma")],
    "Normalization": _statistics,
    "PReLU": lambda _: [Variable("alpha")],
    "RNN": lambda config: _of_cell(config["cell"]),
    "SeparableConv1D": lambda config: _with_bias(config, "depthwise_kernel", "pointwise_kernel"),
    "SeparableConv2D": lambda config: _with_bias(config, "depthwise_kernel", "pointwise_kernel"),
    "SimpleRNN": _recurrent,
    **dict.fromkeys(
        (
            "Conv1D", "Conv1DTranspose", "Conv2D", "Conv2DTranspose", "Conv3D", "Conv3DTranspose", "Dense",
            "LocallyConnected1D", "LocallyConnected2D",
        ),
        _dense,
    ),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class _Layer:
    """A layer at its place in the models that hold it."""

    path: tuple[str, ...]
    group: tuple[str, ...]
    config: Mapping[str, Any]
    frozen: bool


def bind_weights(contents: ModelContents) -> dict[tuple[str, ...], dict[str, StoredArray]]:
    """Layer (names of the models that hold it, and its own) → Keras 2 name → the array in the file.

    Raises:
        InvalidConfig: the file has more or fewer weights for a layer than its config says.
    """
    try:
        layers = [(layer, _variables(layer)) for layer in _walk(contents.config, (), (), frozen=False)]
    except MALFORMED as error:
        raise malformed(error, contents.path) from error
    if contents.weights.numbered:
        return {layer.path: _numbered(contents, layer, variables) for layer, variables in layers}
    bound: dict[tuple[str, ...], dict[str, StoredArray]] = {}
    by_top: dict[str, list[tuple[_Layer, list[Variable]]]] = {}
    for layer, variables in layers:
        by_top.setdefault(layer.path[0], []).append((layer, variables))
    for top, inside in by_top.items():
        # Keras writes the trainable weights of a whole nested model before the others.
        wanted = [(layer, v) for layer, variables in inside for v in variables]
        wanted.sort(key=lambda pair: pair[0].frozen or not pair[1].trainable)
        stored = contents.weights.named(top)
        if len(stored) != len(wanted):
            if any(_class(layer.config) not in VARIABLES for layer, _ in inside):
                continue  # a class that is not known here; it is refused by name later
            raise _mismatch(contents, (top,), [v.name for _, v in wanted], [array.name for array in stored])
        for (layer, variable), array in zip(wanted, stored, strict=True):
            bound.setdefault(layer.path, {})[variable.name] = array
    return bound


def trainable_variables(
    config: Mapping[str, Any], bound: Mapping[tuple[str, ...], Mapping[str, StoredArray]]
) -> list[tuple[tuple[str, ...], str]]:
    """Layer and Keras 2 name of each trainable variable of a model, in the order of Keras's ``trainable_variables``.

    That is the order of the layers in the config, those of a model inside of it in its place; frozen layers are left
    out. An optimizer keeps its state in this order.

    Args:
        config: the model's config, as :func:`bind_weights` has read it.
        bound: what :func:`bind_weights` gave for it.
    """
    return [
        (layer.path, variable.name)
        for layer in _walk(config, (), (), frozen=False)
        if not layer.frozen
        for variable in _variables(layer)
        if variable.trainable and variable.name in bound.get(layer.path, {})
    ]


def _numbered(contents: ModelContents, layer: _Layer, variables: list[Variable]) -> dict[str, StoredArray]:
    found: dict[str, StoredArray] = {}
    for under in dict.fromkeys(v.under for v in variables):
        here = [v for v in variables if v.under == under]
        stored = contents.weights.at(*layer.group, *under)
        if len(stored) != len(here):
            raise _mismatch(contents, layer.path, [v.name for v in here], [array.name for array in stored])
        found.update({v.name: array for v, array in zip(here, stored, strict=True)})
    return found


def _mismatch(contents: ModelContents, path: tuple[str, ...], wanted: list[str], stored: list[str]) -> InvalidConfig:
    return InvalidConfig(
        f"the file has {len(stored)} weights for {'/'.join(path)}, and its config says {len(wanted)}",
        because=f"there are {', '.join(stored) or 'none'}; expected {', '.join(wanted) or 'none'}",
        file=contents.path,
        where=f"weights of {'/'.join(path)}",
    )


def _variables(layer: _Layer) -> list[Variable]:
    of_class = VARIABLES.get(_class(layer.config))
    return of_class(layer.config["config"]) if of_class else []


def _walk(model: Mapping[str, Any], path: tuple[str, ...], group: tuple[str, ...], *, frozen: bool) -> Iterator[_Layer]:
    """All layers of a model and of the models in it, in the order of the config."""
    inner = model["config"]
    layers = inner if isinstance(inner, list) else inner["layers"]
    used: dict[str, int] = {}
    for layer in layers:
        class_name = _class(layer)
        if class_name == "InputLayer" and model["class_name"] == "Sequential":
            continue
        spelled = snake_case(class_name)
        count = used.get(spelled, 0)
        used[spelled] = count + 1
        config = layer["config"]
        name = layer.get("name") or (config.get("name") if isinstance(config, Mapping) else None)
        here = (*path, str(name or "sequential"))
        below = (*group, "layers", f"{spelled}_{count}" if count else spelled)
        still = frozen or (isinstance(config, Mapping) and config.get("trainable") is False)
        if class_name in MODELS:
            yield from _walk(layer, here, below, frozen=still)
        else:
            yield _Layer(here, below, layer, still)


def _class(layer: Mapping[str, Any]) -> str:
    return str(layer["class_name"]).rpartition(">")[2]
