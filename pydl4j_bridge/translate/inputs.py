"""Passes that give the importer's layers an input of the shape and the type that they take."""

from __future__ import annotations

from pydl4j_bridge.translate.graph import REARRANGEMENT, Call, Graph
from pydl4j_bridge.translate.output_shapes import open_shapes

#: Layers that take an input of the model for another kind of array than a layer's output of the same shape.
_MISTAKEN = frozenset({"BatchNormalization", "UpSampling2D"})


def inputs_as_outputs(graph: Graph) -> Graph:
    """An identity of ours between an input and the layers that mistake it: what we put out, they take for what it is."""
    for call in graph.calls:
        for name in call.inputs:
            if call.class_name in _MISTAKEN and graph[name].class_name == "InputLayer":
                between = f"{name}_for_{call.name}"
                identity = Call(between, REARRANGEMENT, {"operation": "identity"}, (name,), (*call.layer, between))
                graph = graph.before(call.name, name, identity)
    return graph


def normalized_volumes(graph: Graph) -> Graph:
    """BatchNormalization on more than an image → on an image with the same numbers, between two reshapes."""
    shapes = open_shapes(graph)
    for call in graph.calls:
        shape = shapes.get(call.name, ())
        if call.class_name != "BatchNormalization" or len(shape) < 4 or None in shape[1:]:
            continue
        for name, target in ((f"{call.name}_image", [-1, 1, shape[-1]]), (f"{call.name}_volume", [-1, *shape[1:]])):
            reshape = Call(name, REARRANGEMENT, {"operation": "reshape", "target": target}, call.inputs, (*call.layer, name))
            if name.endswith("_image"):
                graph = graph.before(call.name, call.inputs[0], reshape)
            else:
                graph = graph.followed(graph[call.name], reshape)
    return graph
