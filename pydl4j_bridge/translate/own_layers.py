"""Layers of our own in Java, for what the native importer does not compute as Keras does.

A row says for one class of Keras's which Java class under ``org.pydl4j.layers`` computes it and with which settings;
what a row refuses is refused by name. What the importer computes right stays the importer's.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from pydl4j_bridge.translate.graph import GLU, MASK, OWN_LAYER, Call, Graph
from pydl4j_bridge.translate.output_shapes import (
    ELEMENTWISE,
    dot_axes,
    einsum_equation,
    open_shapes,
    output_shapes,
)
from pydl4j_bridge.translate.own import own_call
from pydl4j_bridge.translate.passes import ND4J_ACTIVATIONS
from pydl4j_bridge.translate.sites import Refused, Row, Site, axes, function
from pydl4j_bridge.translate.spatial import SPATIAL
from pydl4j_bridge.translate.support import arguments, places, refusal

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
        row = (MERGES if len(call.inputs) > 1 else ROWS).get(call.class_name)
        # The importer does not know the layout of what a layer of ours puts out.
        behind = call.class_name == "Reshape" and any(changed.get(n, call).class_name == OWN_LAYER for n in call.inputs)
        if row is None or (refusal(place) is None and not behind):
            continue
        call = _with_its_activation(call)
        try:
            if why := arguments(call):
                raise Refused(why)
            if any(name not in shapes for name in (call.name, *call.inputs)):
                raise Refused("the shapes around it are not known")
            _check_layout(call)
            inputs = tuple(shapes[name] for name in call.inputs)
            if len(inputs) == 1 and None in inputs[0][1:]:
                raise Refused("on an input of unknown size")
            java_class, settings = row(Site(call, inputs, graph.keras_major))
            if not shapes[call.name]:
                raise Refused("DL4J has no arrays of one axis")
        except Refused as refused:
            changed[call.name] = call.with_config(dl4j_refused=str(refused))
            continue
        if call.class_name == "Normalization":
            call = _statistics(call)
        changed[call.name] = own_call(call, java_class, settings, shapes[call.name])
    return replace(graph, calls=tuple(changed.get(call.name, call) for call in graph.calls))


def _with_its_activation(call: Call) -> Call:
    """The call with Keras's name of an activation that was planned as one of ND4J's."""
    planned = call.config.get("dl4j_activation")
    names = {kind: name for name, (kind, _) in ND4J_ACTIVATIONS.items()}
    return call.with_config(activation=names[planned[0]], dl4j_activation=None) if planned else call


def _check_layout(call: Call) -> None:
    first = call.config.get("data_format") == "channels_first"
    if first and not call.class_name.startswith("LocallyConnected"):
        raise Refused("data_format=channels_first")


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


def _merge(site: Site) -> tuple[str, dict[str, Any]]:
    for sizes in zip(*(shape[::-1] for shape in site.inputs), strict=False):
        if len({size for size in sizes if size not in (None, 1)}) > 1:
            raise Refused("shapes that do not fit")
    if site.call.class_name == "Subtract" and len(site.inputs) != 2:
        raise Refused(f"of {len(site.inputs)} arrays")
    return "Merge", {"op": site.call.class_name.lower()}


def _concatenate(site: Site) -> tuple[str, dict[str, Any]]:
    (axis,) = axes(site.config.get("axis", -1), site.rank)
    if axis == 0:
        raise Refused("axis=0, which is the batch")
    return "Concatenate", {"axis": [axis]}


def _dot(site: Site) -> tuple[str, dict[str, Any]]:
    if len(site.inputs) != 2 or any(len(shape) > 2 for shape in site.inputs):
        raise Refused("on other arrays than vectors and time steps")
    joined = dot_axes(site.config, *site.inputs)
    if 0 in joined:
        raise Refused("axes=0, which is the batch")
    letters = ["aij"[: len(shape) + 1] if at == 0 else "akl"[: len(shape) + 1] for at, shape in enumerate(site.inputs)]
    letters[1] = letters[1].replace(letters[1][joined[1]], letters[0][joined[0]])
    result = "".join(letter for letter in "aijkl" if (letter in letters[0]) != (letter in letters[1]) or letter == "a")
    smallest = 1e-14 if site.keras_major == 3 else 1e-12  # Keras 3: the length counts at least 1e-7
    normalize = {"normalize": bool(site.config.get("normalize")), "axes": list(joined), "smallest": smallest}
    return "Product", {"equation": f"{letters[0]},{letters[1]}->{result}", **normalize}


def _einsum_dense(site: Site) -> tuple[str, dict[str, Any]]:
    given, kernel, target = einsum_equation(site.config["equation"], site.rank)
    if any(len(set(letters)) != len(letters) for letters in (given, kernel, target)) or given[0] != target[0]:
        raise Refused(f"equation={site.config['equation']}")
    activation = function(site.config.get("activation"), site)
    return "EinsumDense", {"equation": f"{given},{kernel}->{target}", "activation": activation}


def _dense(site: Site) -> tuple[str, dict[str, Any]]:
    free = "abcdefgh"[: site.rank - 1]
    return "EinsumDense", {"equation": f"{free}x,xy->{free}y", "activation": function(site.config["activation"], site)}


def _group_normalization(site: Site) -> tuple[str, dict[str, Any]]:
    (axis,) = axes(site.config.get("axis", -1), site.rank)
    channels, groups = site.inputs[0][axis - 1], site.config.get("groups", 32)
    groups = channels if groups == -1 else groups
    if axis == 0 or not channels or not isinstance(groups, int) or groups < 1 or channels % groups:
        raise Refused(f"groups={groups}, axis={axis}")
    return "GroupNormalization", {"axis": [axis], "groups": groups, "epsilon": site.config.get("epsilon", 1e-3)}


def _unit_normalization(site: Site) -> tuple[str, dict[str, Any]]:
    over = axes(site.config.get("axis", -1), site.rank)
    if 0 in over:
        raise Refused("axis=0, which is the batch")
    return "UnitNormalization", {"axis": over, "smallest": 1e-24 if site.keras_major == 3 else 1e-12}


def _layer_scale(site: Site) -> tuple[str, dict[str, Any]]:
    if set(site.call.shapes.values()) != {site.inputs[0][-1:]}:
        raise Refused("its weight is not one number for each channel")
    return "Scale", {}


def _relu(site: Site) -> tuple[str, dict[str, Any]]:
    config = site.config
    settings = {key: config.get(key) or 0.0 for key in ("threshold", "negative_slope")}
    return "Rectifier", {**settings, "max_value": config.get("max_value")}


def _reshape(site: Site) -> tuple[str, dict[str, Any]]:
    shape, target = site.inputs[0], site.config["target_shape"]
    if None in shape or -1 in target:
        raise Refused("an open size in target_shape")
    return "Slice", {"begin": [0] * len(shape), "size": list(shape), "shape": target}


def _rescaling(site: Site) -> tuple[str, dict[str, Any]]:
    numbers = []
    for key, default in (("scale", None), ("offset", 0.0)):
        value = site.config.get(key, default)
        while isinstance(value, list) and len(value) == 1:
            value = value[0]
        numbers.append(value if isinstance(value, list) else [value])
    channels = site.inputs[0][-1]
    for values in numbers:
        if len(values) not in (1, channels) or not all(isinstance(value, (int, float)) for value in values):
            raise Refused("scale and offset that are not one number for each channel")
    return "Rescaling", {"scale": numbers[0], "offset": numbers[1]}


def _statistics(call: Call) -> Call:
    """``Normalization`` without its count; what it has is not trained."""
    kept = {name: size for name, size in call.shapes.items() if name in ("mean", "variance")}
    settings = {"dl4j_renamed": {name: name for name in kept}, "dl4j_frozen": True} if kept else {}
    return replace(call.with_config(**settings), shapes=kept)


def _normalization(site: Site) -> tuple[str, dict[str, Any]]:
    axis = site.config.get("axis", -1)
    over = [] if axis is None else axes(axis, site.rank)
    if 0 in over:
        raise Refused("axis=0, which is the batch")
    shape = [site.inputs[0][at - 1] if at in over else 1 for at in range(site.rank)]
    numbers = math.prod(size or 0 for size in shape)
    settings = {"shape": shape, "invert": bool(site.config.get("invert"))}
    for name in ("mean", "variance"):
        given = site.config.get(name)
        flat: list[Any] = [given]
        while isinstance(flat[0], list):
            flat = [inner for one in flat for inner in one]
        if flat != [None]:
            if len(flat) not in (1, numbers) or not all(isinstance(one, (int, float)) for one in flat):
                raise Refused(f"{name}={given}")
            settings[name] = flat * (numbers if len(flat) == 1 else 1)
        elif math.prod(site.call.shapes.get(name, (0,))) != numbers:
            raise Refused("its statistics have another shape than its axes")
    return "Normalization", settings


#: For calls with one input.
ROWS: Mapping[str, Row] = {
    **SPATIAL,
    GLU: lambda _: ("GatedLinearUnit", {}),
    "Activation": _activation,
    "Dense": _dense,
    "EinsumDense": _einsum_dense,
    "GRU": _recurrent,
    "GlobalAveragePooling1D": _global_average,
    "GroupNormalization": _group_normalization,
    "LSTM": _recurrent,
    MASK: lambda site: ("Mask", {"mask_value": site.config["mask_value"], "apply": False}),
    "Masking": lambda site: ("Mask", {"mask_value": site.config["mask_value"], "apply": True}),
    "LayerNormalization": _layer_normalization,
    "LayerScale": _layer_scale,
    "Normalization": _normalization,
    "ReLU": _relu,
    "Rescaling": _rescaling,
    "Reshape": _reshape,
    "RMSNormalization": _layer_normalization,
    "SimpleRNN": _recurrent,
    "UnitNormalization": _unit_normalization,
}
#: For calls with several.
MERGES: Mapping[str, Row] = {
    **dict.fromkeys(ELEMENTWISE, _merge),
    "Concatenate": _concatenate,
    "Dot": _dot,
}
