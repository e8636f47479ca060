"""Layers of our own in Java, for what the native importer does not compute as Keras does.

A row says for one class of Keras's which Java class under ``org.pydl4j.layers`` computes it and with which settings;
what a row refuses is refused by name. What the importer computes right stays the importer's.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from pydl4j_bridge.translate.graph import OWN_LAYER, Call, Graph
from pydl4j_bridge.translate.output_shapes import OpenShape, open_shapes
from pydl4j_bridge.translate.sites import Refused, Row, Site, axes, function
from pydl4j_bridge.translate.spatial import SPATIAL
from pydl4j_bridge.translate.support import places, refusal

_PACKAGE = "org.pydl4j.layers"


def own_layers(graph: Graph) -> Graph:
    """Calls that the importer computes otherwise or not at all → layers of our own, where there is a row for them."""
    shapes = open_shapes(graph)
    changed: dict[str, Call] = {}
    for place in places(graph):
        call = place.call
        why, row = refusal(place), ROWS.get(call.class_name)
        if call.class_name == "Reshape" and any(changed.get(n, call).class_name == OWN_LAYER for n in call.inputs):
            why = "behind a layer of ours, whose layout the importer does not know"
        if why is None or row is None:
            continue
        if call.name not in shapes or len(call.inputs) != 1 or None in shapes[call.inputs[0]][1:]:
            changed[call.name] = call
            continue
        try:
            _check_layout(call)
            java_class, settings = row(Site(call, tuple(shapes[name] for name in call.inputs), graph.keras_major))
        except Refused as refused:
            changed[call.name] = replace(
                call, class_name=call.class_name, config={**call.config, "dl4j_refused": str(refused)}
            )
            continue
        changed[call.name] = _own(call, java_class, settings, shapes[call.name])
    return replace(graph, calls=tuple(changed.get(call.name, call) for call in graph.calls))


def _check_layout(call: Call) -> None:
    first = call.config.get("data_format") == "channels_first"
    if first and not call.class_name.startswith("LocallyConnected"):
        raise Refused("data_format=channels_first")


def _own(call: Call, java_class: str, settings: Mapping[str, Any], shape: OpenShape) -> Call:
    weights = {name.replace("_", "-"): list(size) for name, size in call.shapes.items()}
    biases = {name: weights.pop(name) for name in ("beta", "bias") if name in weights}
    layer = {
        "@class": f"{_PACKAGE}.{java_class}",
        "config": dict(settings),
        "outputShape": [-1 if size is None else size for size in shape],
        "layerParams": {"weightParams": weights, "biasParams": biases},
    }
    kept = {key: value for key, value in call.config.items() if key.startswith("dl4j_") or key == "trainable"}
    return replace(call, class_name=OWN_LAYER, config={**kept, "name": call.config.get("name"), "layer": layer})


def _activation(site: Site) -> tuple[str, dict[str, Any]]:
    return "Activation", {"activation": function(site.config["activation"], site)}


def _layer_normalization(site: Site) -> tuple[str, dict[str, Any]]:
    config = site.config
    settings = {
        "axis": axes(config.get("axis", -1), site.rank),
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
        "activation": function(config.get("activation", "tanh"), site),
        "recurrent_activation": function(config.get("recurrent_activation", "sigmoid"), site),
        **{key: bool(config.get(key)) for key in ("return_sequences", "go_backwards", "zero_output_for_mask")},
        "reset_after": bool(config.get("reset_after")),
        "masked": bool(config.get("dl4j_masked")),
    }
    return "Recurrent", settings


ROWS: Mapping[str, Row] = {
    "Activation": _activation,
    "GRU": _recurrent,
    "LSTM": _recurrent,
    "LayerNormalization": _layer_normalization,
    "RMSNormalization": _layer_normalization,
    "SimpleRNN": _recurrent,
    **SPATIAL,
}
