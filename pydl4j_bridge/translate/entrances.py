"""Passes that give layers an input of the shape and the type that they take."""

from __future__ import annotations

from dataclasses import replace

from pydl4j_bridge.translate.graph import REARRANGEMENT, Call, Graph
from pydl4j_bridge.translate.output_shapes import open_shapes

#: Layers that take an input of the model for another kind of array than a layer's output of the same shape.
_MISTAKEN = frozenset({"BatchNormalization", "UpSampling2D"})


def inputs_as_outputs(graph: Graph) -> Graph:
    """An identity of ours between an input and the layers that mistake it: our outputs they take for what they are."""
    for call in graph.calls:
        for name in call.inputs:
            if call.class_name in _MISTAKEN and graph[name].class_name == "InputLayer":
                between = f"{name}_for_{call.name}"
                identity = Call(between, REARRANGEMENT, {"operation": "identity"}, (name,), (*call.layer, between))
                graph = graph.before(call.name, name, identity)
    return graph


def normalized_volumes(graph: Graph) -> Graph:
    """BatchNormalization on more than an image → on an image with the same numbers, between two reshapes.

    What tf.keras computes by TensorFlow's fused kernel, whose variance is another one, is marked: images and volumes
    (``fused`` in tf_keras's batch_normalization.py).
    """
    shapes = open_shapes(graph)

    def mark(call: Call) -> Call:
        fused = call.class_name == "BatchNormalization" and len(shapes.get(call.name, ())) in (3, 4)
        return call.with_config(dl4j_fused=True) if fused and not call.config.get("synchronized") else call

    graph = graph.each(mark)
    for call in graph.calls:
        shape = shapes.get(call.name, ())
        last = call.config.get("axis", -1) in (-1, len(shape))
        if call.class_name != "BatchNormalization" or not last or len(shape) < 4 or None in shape[1:]:
            continue
        image = _reshape(call, f"{call.name}_image", [-1, 1, shape[-1]])
        volume = _reshape(call, f"{call.name}_volume", [-1, *shape[1:]])
        graph = graph.before(call.name, call.inputs[0], image)
        graph = graph.followed(graph[call.name].with_config(axis=-1), volume)
    return graph


def _reshape(call: Call, name: str, target: list[int | None]) -> Call:
    return Call(name, REARRANGEMENT, {"operation": "reshape", "target": target}, call.inputs, (*call.layer, name))


def time_in_batch(graph: Graph) -> Graph:
    """What comes out of the batch behind a TimeDistributed gets its number; what stands inside is marked."""
    shapes = open_shapes(graph)
    depth: dict[str, int] = {}
    calls: list[Call] = []
    for call in graph.calls:
        depth[call.name] = max((depth[name] for name in call.inputs), default=0)
        if call.class_name == REARRANGEMENT and call.config["operation"] == "fold":
            depth[call.name] += 1
        elif call.class_name == REARRANGEMENT and call.config["operation"] == "unfold":
            depth[call.name] -= 1
            steps = shapes[call.name][0] if call.name in shapes else None
            call = replace(call, config={"operation": "unfold", "name": call.name, "steps": steps})
        elif depth[call.name]:
            call = call.with_config(dl4j_time_in_batch=True)
        calls.append(call)
    return replace(graph, calls=tuple(calls))
