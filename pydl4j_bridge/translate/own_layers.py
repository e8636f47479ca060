"""Layers of our own in Java, for what the native importer does not compute as Keras does.

A row says for one class of Keras's which Java class under ``org.pydl4j.layers`` computes it and with which settings;
what a row refuses is refused by name. What the importer computes right stays the importer's.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from pydl4j_bridge.translate.graph import OWN_LAYER, Call, Graph
from pydl4j_bridge.translate.output_shapes import OpenShape, open_shapes, output_shapes
from pydl4j_bridge.translate.sites import Refused, Row, Site, axes, function
from pydl4j_bridge.translate.spatial import SPATIAL
from pydl4j_bridge.translate.support import places, refusal

_PACKAGE = "org.pydl4j.layers"

#: From the name of a Lambda and the shape of its input to the settings of a RecordedLayer and its output's shape.
Record = Callable[[str, "tuple[int, ...]"], "tuple[dict[str, str], tuple[int, ...]] | None"]


def lambdas(graph: Graph, record: Record) -> Graph:
    """Lambda layers that the caller gives a graph for → layers with that graph."""
    for call in graph.calls:
        if call.class_name != "Lambda":
            continue
        name = call.layer[-1]
        shape = output_shapes(graph).get(call.inputs[0]) if len(call.inputs) == 1 else None
        recorded = record(name, shape) if shape is not None else None
        if recorded is None:
            example = f"lambdas={{{name!r}: lambda sd, x: sd.math().square(x)}}"
            changed = call.with_config(dl4j_refused=f"a Lambda is never executed; give it as SameDiff: {example}")
        else:
            settings, output = recorded
            layer = {"@class": "org.pydl4j.RecordedLayer", "config": settings, "outputShape": list(output)}
            changed = replace(call, class_name=OWN_LAYER, config={"name": call.name, "layer": layer})
        graph = replace(graph, calls=tuple(changed if one.name == call.name else one for one in graph.calls))
    return graph


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
            continue
        try:
            java_class, settings = row(Site(call, tuple(shapes[name] for name in call.inputs), graph.keras_major))
        except Refused as refused:
            changed[call.name] = call.with_config(dl4j_refused=str(refused))
        else:
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
    dropped = ("dl4j_masked", "dl4j_activation")
    kept = {
        key: value
        for key, value in call.config.items()
        if key == "trainable" or (key.startswith("dl4j_") and key not in dropped)
    }
    kept["dl4j_not_carried"] = [key for key in ("dropout", "recurrent_dropout") if call.config.get(key)]
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


def _global_average(site: Site) -> tuple[str, dict[str, Any]]:
    if not site.config.get("dl4j_masked"):
        return SPATIAL[site.call.class_name](site)
    return "MaskedAverage", {"keepdims": bool(site.config.get("keepdims"))}


ROWS: Mapping[str, Row] = {
    **SPATIAL,
    "Activation": _activation,
    "GRU": _recurrent,
    "GlobalAveragePooling1D": _global_average,
    "LSTM": _recurrent,
    "Mask": lambda site: ("Mask", {"mask_value": site.config["mask_value"], "apply": False}),
    "Masking": lambda site: ("Mask", {"mask_value": site.config["mask_value"], "apply": True}),
    "LayerNormalization": _layer_normalization,
    "RMSNormalization": _layer_normalization,
    "SimpleRNN": _recurrent,
}
