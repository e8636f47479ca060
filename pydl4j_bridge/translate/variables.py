"""The weights that each Keras layer has, in the order in which Keras creates them, and where they are in a file.

Names are Keras 2's, since those are what the native importer asks for. The orders were found by saving models whose
variables all differ.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from pydl4j_bridge.errors import InvalidConfig
from pydl4j_bridge.kerasfile.contents import ModelContents, snake_case
from pydl4j_bridge.translate.graph import MALFORMED, malformed
from pydl4j_bridge.translate.parse import MODELS, class_name


class Array(Protocol):
    """A weight that is not read yet."""

    @property
    def name(self) -> str:
        """As the file spells it."""

    @property
    def shape(self) -> tuple[int, ...]:
        """In Keras 2's layout."""

    @property
    def size(self) -> int:
        """How many numbers it has."""

    def check(self) -> None:
        """Raise what ``read`` would raise, without reading."""

    def read(self) -> NDArray[Any]:
        """The array."""

    def read_into(self, out: NDArray[np.float32]) -> None:
        """Write the array into memory in C order with its number of elements."""


@dataclass(frozen=True, slots=True)
class ComputedArray:
    """A weight that is made of others when it is read.

    Attributes:
        name: of the first of them.
        shape: in Keras 2's layout.
        sources: what it is made of.
        make: makes it of their arrays.
    """

    name: str
    shape: tuple[int, ...]
    sources: tuple[Array, ...]
    make: Callable[..., NDArray[Any]]

    @property
    def size(self) -> int:
        """How many numbers it has."""
        return math.prod(self.shape)

    def check(self) -> None:
        """Raise what ``read`` would raise of its sources, without reading."""
        for source in self.sources:
            source.check()

    def read_into(self, out: NDArray[np.float32]) -> None:
        """Write the array into memory in C order with its number of elements."""
        out.reshape(self.shape)[...] = self.read()

    def read(self) -> NDArray[Any]:
        """The array, in Keras 2's layout."""
        return self.make(*(source.read() for source in self.sources))


@dataclass(frozen=True, slots=True)
class Variable:
    """One weight of a layer.

    Attributes:
        name: Keras 2's name.
        trainable: whether the layer creates it as a trainable one.
        under: the groups below the layer's own in which a ``.keras`` file has it.
        twice: a ``.keras`` file has it once more, here.
    """

    name: str
    trainable: bool = True
    under: tuple[str, ...] = ()
    twice: bool = False


def _dense(config: Mapping[str, Any]) -> list[Variable]:
    return _with_bias(config, "kernel")


def _with_bias(config: Mapping[str, Any], *names: str) -> list[Variable]:
    return [Variable(name) for name in (*names, *(["bias"] if config.get("use_bias", True) else []))]


def _recurrent(config: Mapping[str, Any]) -> list[Variable]:
    return [Variable(v.name, under=("cell",)) for v in _with_bias(config, "kernel", "recurrent_kernel")]


def _of_cell(cell: Mapping[str, Any]) -> list[Variable]:
    """The variables of an RNN's cell; those of one in a stack have its number before their names."""
    if class_name(cell) != "StackedRNNCells":
        return _recurrent(cell["config"]) if class_name(cell) in _CELLS else []
    found: list[Variable] = []
    used: dict[str, int] = {}
    for number, inner in enumerate(cell["config"]["cells"]):
        spelled = snake_case(class_name(inner))
        count = used.get(spelled, 0)
        used[spelled] = count + 1
        under = ("cell", "cells", f"{spelled}_{count}" if count else spelled)
        if class_name(inner) in _CELLS:
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
    inner = VARIABLES.get(class_name(layer))
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


def _spectral(config: Mapping[str, Any]) -> list[Variable]:
    inner = _inner(config["layer"], "", "layer")
    again = [Variable(f"{v.name} again", twice=True) for v in inner if "kernel" in v.name or v.name == "embeddings"]
    return [*inner, *again[:1], Variable("vector_u", trainable=False)]


def _attention(config: Mapping[str, Any]) -> list[Variable]:
    names = (("scale", config.get("use_scale")), ("concat_score_weight", config.get("score_mode") == "concat"))
    return [Variable(name) for name, there in names if there]


def _heads(config: Mapping[str, Any]) -> list[Variable]:
    return [
        Variable(f"{role}_{v.name}", under=(f"{role}_dense",))
        for role in ("query", "key", "value", *(["gate"] if config.get("use_gate") else []), "output")
        for v in _with_bias(config, "kernel")
    ]


#: Class → its variables from its config. Classes without variables are not in it.
VARIABLES: Mapping[str, Callable[[Mapping[str, Any]], list[Variable]]] = {
    "AdditiveAttention": lambda config: [Variable("scale")] if config.get("use_scale", True) else [],
    "Attention": _attention,
    "BatchNormalization": _normalization,
    "Bidirectional": _bidirectional,
    **{f"ConvLSTM{rank}D": _recurrent for rank in (1, 2, 3)},
    "DepthwiseConv1D": lambda config: _with_bias(config, "depthwise_kernel"),
    "DepthwiseConv2D": lambda config: _with_bias(config, "depthwise_kernel"),
    "EinsumDense": lambda config: [Variable(name) for name in ("kernel", *(["bias"] if config["bias_axes"] else []))],
    "Embedding": lambda _: [Variable("embeddings")],
    "GRU": _recurrent,
    "GroupNormalization": _scaled,
    "GroupQueryAttention": _heads,
    "GroupedQueryAttention": _heads,
    "LSTM": _recurrent,
    "LayerNormalization": _scaled,
    "LayerScale": lambda _: [Variable("gamma")],
    "MultiHeadAttention": _heads,
    "RMSNormalization": lambda _: [Variable("gamma")],
    "Normalization": _statistics,
    "PReLU": lambda _: [Variable("alpha")],
    "RNN": lambda config: _of_cell(config["cell"]),
    "SeparableConv1D": lambda config: _with_bias(config, "depthwise_kernel", "pointwise_kernel"),
    "SeparableConv2D": lambda config: _with_bias(config, "depthwise_kernel", "pointwise_kernel"),
    "SimpleRNN": _recurrent,
    "SpectralNormalization": _spectral,
    **dict.fromkeys(
        (
            "Conv1D", "Conv1DTranspose", "Conv2D", "Conv2DTranspose", "Conv3D", "Conv3DTranspose", "Dense",
            "LocallyConnected1D", "LocallyConnected2D",
        ),
        _dense,
    ),
}  # fmt: skip


#: Classes that Keras exports under another name.
_PYTHON_NAMES = {"GroupQueryAttention": "GroupedQueryAttention"}


@dataclass(frozen=True, slots=True)
class _Layer:
    """A layer at its place in the models that hold it."""

    path: tuple[str, ...]
    group: tuple[str, ...]
    config: Mapping[str, Any]
    frozen: bool


Variables = Mapping[str, Callable[[Mapping[str, Any]], list[Variable]]]


def bind_weights(
    contents: ModelContents, variables_of: Variables = VARIABLES
) -> dict[tuple[str, ...], dict[str, Array]]:
    """Layer (names of the models that hold it, and its own) → Keras 2 name → the array in the file.

    Args:
        contents: the model.
        variables_of: class → its variables from its config.

    Raises:
        InvalidConfig: the file has more or fewer weights for a layer than its config says.
    """
    try:
        layers = [(layer, _variables(layer, variables_of)) for layer in _walk(contents.config, (), (), frozen=False)]
    except MALFORMED as error:
        raise malformed(error, contents.path) from error
    if contents.weights.numbered:
        return {layer.path: _numbered(contents, layer, variables) for layer, variables in layers}
    bound: dict[tuple[str, ...], dict[str, Array]] = {}
    by_top: dict[str, list[tuple[_Layer, list[Variable]]]] = {}
    for layer, variables in layers:
        variables = [v for v in variables if not v.twice]
        by_top.setdefault(layer.path[0], []).append((layer, variables))
    for top, inside in by_top.items():
        # Keras writes the trainable weights of a whole nested model before the others.
        wanted = [(layer, v) for layer, variables in inside for v in variables]
        wanted.sort(key=lambda pair: pair[0].frozen or not pair[1].trainable)
        stored = contents.weights.named(top)
        if len(stored) != len(wanted):
            if not all(_is_known(layer.config, variables_of) for layer, _ in inside):
                continue  # a class that is not known here; it is refused by name later
            raise _mismatch(contents, (top,), [v.name for _, v in wanted], [array.name for array in stored])
        for (layer, variable), array in zip(wanted, stored, strict=True):
            bound.setdefault(layer.path, {})[variable.name] = array
    return bound


def trainable_variables(
    config: Mapping[str, Any], bound: Mapping[tuple[str, ...], Mapping[str, Array]]
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
        for variable in _variables(layer, VARIABLES)
        if variable.trainable and variable.name in bound.get(layer.path, {})
    ]


def _numbered(contents: ModelContents, layer: _Layer, variables: list[Variable]) -> dict[str, Array]:
    found: dict[str, Array] = {}
    for under in dict.fromkeys(v.under for v in variables):
        here = [v for v in variables if v.under == under]
        # Keras before 3.10 keeps the layers inside of an attention layer under names that begin with an underscore.
        hidden = tuple(f"_{name}" for name in under)
        stored = contents.weights.at(*layer.group, *under) or contents.weights.at(*layer.group, *hidden)
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


def _variables(layer: _Layer, variables_of: Variables) -> list[Variable]:
    of_class = variables_of.get(class_name(layer.config))
    return of_class(layer.config["config"]) if of_class else []


def _is_known(layer: Mapping[str, Any], variables_of: Variables) -> bool:
    """Whether the variables of a layer are known, and those of the layer that it wraps."""
    inner = layer["config"].get("layer") if isinstance(layer["config"], Mapping) else None
    if isinstance(inner, Mapping) and str(inner.get("class_name")).rpartition(">")[2] not in variables_of:
        return False
    return class_name(layer) in variables_of


def walk_layers(model: Mapping[str, Any]) -> Iterator[tuple[tuple[str, ...], Mapping[str, Any]]]:
    """The layers of a model and of the models in it: names of the models that hold it and its own, and its config."""
    for layer in _walk(model, (), (), frozen=False):
        yield layer.path, layer.config


def _walk(model: Mapping[str, Any], path: tuple[str, ...], group: tuple[str, ...], *, frozen: bool) -> Iterator[_Layer]:
    """All layers of a model and of the models in it, in the order of the config."""
    inner = model["config"]
    layers = inner if isinstance(inner, list) else inner["layers"]
    used: dict[str, int] = {}
    for layer in layers:
        python_class = class_name(layer)
        if python_class == "InputLayer" and model["class_name"] == "Sequential":
            continue
        spelled = snake_case(_PYTHON_NAMES.get(python_class, python_class))
        count = used.get(spelled, 0)
        used[spelled] = count + 1
        config = layer["config"]
        name = layer.get("name") or (config.get("name") if isinstance(config, Mapping) else None)
        here = (*path, str(name or "sequential"))
        below = (*group, "layers", f"{spelled}_{count}" if count else spelled)
        still = frozen or (isinstance(config, Mapping) and config.get("trainable") is False)
        while python_class == "TimeDistributed":
            layer, below = layer["config"]["layer"], (*below, "layer")
            python_class, config = class_name(layer), layer["config"]
            name = layer.get("name") or (config.get("name") if isinstance(config, Mapping) else None)
            here = (*here, str(name or "sequential"))
            still = still or (isinstance(config, Mapping) and config.get("trainable") is False)
        if python_class in MODELS:
            yield from _walk(layer, here, below, frozen=still)
        else:
            yield _Layer(here, below, layer, still)
