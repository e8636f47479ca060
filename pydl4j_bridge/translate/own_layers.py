"""Layers of our own in Java, for what the native importer does not compute as Keras does.

A row says for one class of Keras's which Java class under ``org.pydl4j.layers`` computes it and with which settings;
what a row refuses is refused by name. What the importer computes right stays the importer's.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from pydl4j_bridge.translate.graph import OWN_LAYER, REARRANGEMENT, Call, Graph
from pydl4j_bridge.translate.output_shapes import OpenShape, open_shapes
from pydl4j_bridge.translate.support import places, refusal

_PACKAGE = "org.pydl4j.layers"

#: What the functions in ``Functions.java`` compute, by Keras's names.
FUNCTIONS = frozenset({
    "celu", "elu", "exponential", "gelu", "hard_shrink", "hard_sigmoid", "hard_silu", "hard_swish", "hard_tanh",
    "leaky_relu", "linear", "log_sigmoid", "log_softmax", "mish", "relu", "relu6", "selu", "sigmoid", "silu",
    "soft_shrink", "softmax", "softplus", "softsign", "sparse_plus", "squareplus", "swish", "tanh", "tanh_shrink",
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


def own_layers(graph: Graph) -> Graph:
    """Calls that the importer computes otherwise or not at all → layers of our own, where there is a row for them."""
    shapes = open_shapes(graph)
    changed: dict[str, Call] = {}
    for place in places(graph):
        call = place.call
        why, row = refusal(place), ROWS.get(call.class_name)
        if why is None or row is None:
            continue
        if call.name not in shapes or len(call.inputs) != 1 or None in shapes[call.inputs[0]][1:]:
            changed[call.name] = call
            continue
        try:
            java_class, settings = row(Site(call, tuple(shapes[name] for name in call.inputs), graph.keras_major))
        except Refused as refused:
            changed[call.name] = replace(
                call, class_name=call.class_name, config={**call.config, "dl4j_refused": str(refused)}
            )
            continue
        changed[call.name] = _own(call, java_class, settings, shapes[call.name])
    return replace(graph, calls=tuple(changed.get(call.name, call) for call in graph.calls))


def _own(call: Call, java_class: str, settings: Mapping[str, Any], shape: OpenShape) -> Call:
    weights = {name: list(size) for name, size in call.shapes.items()}
    biases = {name: weights.pop(name) for name in ("beta", "bias") if name in weights}
    layer = {
        "@class": f"{_PACKAGE}.{java_class}",
        "config": dict(settings),
        "outputShape": [-1 if size is None else size for size in shape],
        "layerParams": {"weightParams": weights, "biasParams": biases},
    }
    kept = {key: value for key, value in call.config.items() if key.startswith("dl4j_") or key == "trainable"}
    return replace(call, class_name=OWN_LAYER, config={**kept, "name": call.config.get("name"), "layer": layer})


def _function(name: Any, site: Site) -> str:
    if name is None:
        return "linear"
    if name not in FUNCTIONS:
        raise Refused(f"activation {name}")
    return "hard_sigmoid_2" if name == "hard_sigmoid" and site.keras_major < 3 else str(name)


def _activation(site: Site) -> tuple[str, dict[str, Any]]:
    return "Activation", {"activation": _function(site.config["activation"], site)}


def _axes(axis: Any, rank: int) -> list[int]:
    axes = axis if isinstance(axis, list) else [axis]
    return sorted(one % rank for one in axes)


def _layer_normalization(site: Site) -> tuple[str, dict[str, Any]]:
    config = site.config
    settings = {
        "axis": _axes(config.get("axis", -1), site.rank),
        "epsilon": config.get("epsilon", 1e-3),
        "rms_scaling": site.call.class_name == "RMSNormalization" or bool(config.get("rms_scaling")),
    }
    return "LayerNormalization", settings


def _recurrent(site: Site) -> tuple[str, dict[str, Any]]:
    config = site.config
    for key in ("return_state", "stateful", "time_major"):
        if config.get(key):
            raise Refused(f"{key}=True")
    settings = {
        "cell": site.call.class_name,
        "activation": _function(config.get("activation", "tanh"), site),
        "recurrent_activation": _function(config.get("recurrent_activation", "sigmoid"), site),
        **{key: bool(config.get(key)) for key in ("return_sequences", "go_backwards", "zero_output_for_mask")},
        "reset_after": bool(config.get("reset_after")),
        "masked": bool(config.get("dl4j_masked")),
    }
    return "Recurrent", settings


def _per_axis(value: Any, rank: int) -> list[int]:
    """A setting for each of so many axes; one number stands for all."""
    return list(value) if isinstance(value, list) else [value] * rank


def _conv_lstm(site: Site) -> tuple[str, dict[str, Any]]:
    config = site.config
    for key in ("return_state", "stateful"):
        if config.get(key):
            raise Refused(f"{key}=True")
    dimensions = site.rank - 3
    settings = {
        "activation": _function(config.get("activation", "tanh"), site),
        "recurrent_activation": _function(config.get("recurrent_activation", "hard_sigmoid"), site),
        "padding": config.get("padding", "valid"),
        **{key: bool(config.get(key)) for key in ("return_sequences", "go_backwards")},
        **{key: _per_axis(config.get(key) or 1, dimensions) for key in ("kernel_size", "strides", "dilation_rate")},
    }
    return "ConvolutionalRecurrent", settings


def _rearrangement(site: Site) -> tuple[str, dict[str, Any]]:
    return "Rearrangement", {key: value for key, value in site.config.items() if not key.startswith("dl4j_")}


ROWS: Mapping[str, Row] = {
    "Activation": _activation,
    **{f"ConvLSTM{rank}D": _conv_lstm for rank in (1, 2, 3)},
    "GRU": _recurrent,
    "LSTM": _recurrent,
    "LayerNormalization": _layer_normalization,
    REARRANGEMENT: _rearrangement,
    "RMSNormalization": _layer_normalization,
    "SimpleRNN": _recurrent,
}
