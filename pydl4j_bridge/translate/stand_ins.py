"""Passes for what DL4J has no layer for: other layers that compute the same stand in for it."""

from __future__ import annotations

import math
from collections import Counter
from dataclasses import replace
from typing import Any

from pydl4j_bridge.translate.graph import Call, Graph
from pydl4j_bridge.translate.output_shapes import ELEMENTWISE, output_shapes
from pydl4j_bridge.translate.ranks import ranks


def scalings(graph: Graph) -> Graph:
    """Rescaling and Normalization → a frozen BatchNormalization that computes the same; DL4J has no layer for them.

    gamma * (x - mean) / sqrt(variance) + beta, with Keras's numbers for what the layer has and 1 and 0 for the rest.
    """
    shapes = output_shapes(graph)

    def change(call: Call) -> Call:
        if call.name not in shapes or len(shapes[call.name]) == 2:
            return call  # DL4J normalises another axis of time steps
        channels = shapes[call.name][-1]
        values = {"gamma": 1.0, "beta": 0.0, "moving_mean": 0.0, "moving_variance": 1.0}
        renamed: dict[str, str] = {}
        if call.class_name == "Rescaling":
            given = {"gamma": call.config["scale"], "beta": call.config.get("offset", 0.0)}
        elif call.class_name == "Normalization" and not call.config.get("invert"):
            axis = call.config.get("axis", -1)
            if axis not in (-1, [-1], len(shapes[call.name]), [len(shapes[call.name])]):
                return call
            stored = call.shapes.get("mean")
            if stored is not None:
                if math.prod(stored) != channels:
                    return call
                renamed = {"mean": "moving_mean", "variance": "moving_variance"}
            given = {} if renamed else {f"moving_{key}": call.config.get(key) for key in ("mean", "variance")}
        else:
            return call
        constants = {
            name: _per_channel(given.get(name, value), channels)
            for name, value in values.items()
            if name not in renamed.values()
        }
        if None in constants.values():
            return call
        config = {
            "name": call.config.get("name"),
            "axis": -1,
            "epsilon": 1e-14,  # Keras has none here, and DL4J wants one
            "momentum": 0.99,
            "dl4j_constants": constants,
            "dl4j_renamed": renamed,
            "dl4j_reshaped": dict.fromkeys(renamed.values(), (channels,)),
            "dl4j_frozen": True,
        }
        return replace(call, class_name="BatchNormalization", config=config)

    return graph.each(change)


def _per_channel(value: Any, channels: int) -> tuple[float, ...] | None:
    """One number for all channels, or one for each."""
    while isinstance(value, list) and len(value) == 1:
        value = value[0]
    numbers = value if isinstance(value, list) else [value] * channels
    plain_numbers = all(isinstance(number, (int, float)) for number in numbers)
    return tuple(float(number) for number in numbers) if plain_numbers and len(numbers) == channels else None


def tensorflow_reshapes(graph: Graph) -> Graph:
    """TensorFlow's own operation Reshape, as tf.keras records it → Keras's layer, where it leaves the batch alone."""
    shapes = output_shapes(graph)

    def change(call: Call) -> Call:
        if call.class_name != "TensorFlowOpLayer" or call.config["node_def"].get("op") != "Reshape":
            return call
        target = call.config["constants"].get("1")
        before = shapes.get(call.inputs[0])
        if not isinstance(target, list) or target[0] != -1 or before is None:
            return call
        if not all(isinstance(size, int) and size > 0 for size in target[1:]) or math.prod(target[1:]) != math.prod(
            before
        ):
            return call
        return replace(call, class_name="Reshape", config={"name": call.name, "target_shape": target[1:]})

    return graph.each(change)


def custom_scales(graph: Graph) -> Graph:
    """InceptionResNetV2's ``CustomScaleLayer``, which is x + scale * y, → a Rescaling and an Add."""
    for call in graph.calls:
        if call.class_name == "CustomScaleLayer" and len(call.inputs) == 2 and call.config.keys() >= {"scale"}:
            first, second = call.inputs
            name = graph.unused(f"{call.name}_scaled")
            config = {"name": name, "scale": call.config["scale"], "offset": 0.0}
            add = replace(call, class_name="Add", config={"name": call.name}, inputs=(first, name), arguments={})
            graph = graph.replaced(call.name, [Call(name, "Rescaling", config, (second,), (name,)), add])
    return graph


def kept_dimensions(graph: Graph) -> Graph:
    """Global pooling with ``keepdims`` → without, and a Reshape behind it: the importer does not know keepdims."""
    shapes = output_shapes(graph)
    for call in graph.calls:
        if call.class_name.startswith("Global") and call.config.get("keepdims") and len(shapes.get(call.name, ())) == 3:
            pooled = call.with_config(keepdims=False)
            reshape = Call(f"{call.name}_keepdims", "Reshape", {"target_shape": [*shapes[call.name]]}, (), call.layer)
            graph = graph.followed(pooled, reshape)
    return graph


def broadcasts(graph: Graph) -> Graph:
    """One number a channel against an image → the number upsampled to the image, so that a vertex of DL4J's serves.

    Ours broadcast, but are slower, and squeeze-and-excitation networks have many of these.
    """
    shapes = output_shapes(graph)
    for call in graph.calls:
        sizes = [shapes.get(name) for name in call.inputs]
        if call.class_name not in ELEMENTWISE or len(set(sizes)) != 2 or None in sizes:
            continue
        for name, shape in zip(call.inputs, sizes, strict=True):
            whole = shapes[call.name]
            if (
                graph[name].class_name != "InputLayer"
                and shape != whole
                and len(whole) == 3
                and shape == (1, 1, whole[2])
            ):
                up = Call(
                    f"{name}_for_{call.name}",
                    "UpSampling2D",
                    {"size": [*whole[:2]], "interpolation": "nearest", "data_format": "channels_last"},
                    (name,),
                    graph[name].layer,
                )
                graph = graph.before(call.name, name, up)
    return graph


def dense_on_images(graph: Graph) -> Graph:
    """Dense on an image → a convolution with a window of one: DL4J's Dense would flatten the image."""
    by_rank = ranks(graph)

    def change(call: Call) -> Call:
        if call.class_name != "Dense" or by_rank.get(call.name) != 4 or "kernel" not in call.shapes:
            return call
        config = {key: value for key, value in call.config.items() if key != "units"}
        config |= {
            "filters": call.config["units"],
            "kernel_size": [1, 1],
            "strides": [1, 1],
            "padding": "valid",
            "data_format": "channels_last",
            "dilation_rate": [1, 1],
            "dl4j_reshaped": {"kernel": (1, 1, *call.shapes["kernel"])},
        }
        return replace(call, class_name="Conv2D", config=config)

    return graph.each(change)


#: Layers that DL4J computes in the array that they are given.
_IN_PLACE = frozenset({"Activation", "ELU", "LeakyReLU", "ReLU", "Softmax", "ThresholdedReLU"})
#: Layers that hand on the array that they are given, at inference.
_SAME_ARRAY = _IN_PLACE | {
    "AlphaDropout", "Dropout", "Flatten", "GaussianDropout", "GaussianNoise", "Permute", "Reshape", "SpatialDropout1D",
    "SpatialDropout2D", "SpatialDropout3D",
}  # fmt: skip


def inputs_of_branches(graph: Graph) -> Graph:
    """An activation of an input that another layer reads as well → one of a copy: DL4J computes it in place."""
    readers = Counter([name for call in graph.calls for name in call.inputs] + list(graph.outputs))
    for call in graph.calls:
        if call.class_name not in _IN_PLACE:
            continue
        above, shared = graph[call.inputs[0]], readers[call.inputs[0]] > 1
        while above.class_name in _SAME_ARRAY:
            shared = shared or readers[above.inputs[0]] > 1
            above = graph[above.inputs[0]]
        if shared and above.class_name == "InputLayer":
            name = f"{call.inputs[0]}_for_{call.name}"
            copy = Call(name, "Activation", {"activation": "linear", "dl4j_copy": True}, call.inputs, (name,))
            graph = graph.before(call.name, call.inputs[0], copy)
    return graph


def grouped_as_depthwise(graph: Graph) -> Graph:
    """A Conv2D with a group for each channel → a DepthwiseConv2D, which is the same with a kernel of other axes."""

    def change(call: Call) -> Call:
        kernel, groups = call.shapes.get("kernel"), call.config.get("groups", 1)
        # A filter belongs to the channel that its number says: those of the first channel come first, in both.
        if call.class_name != "Conv2D" or groups == 1 or kernel is None or kernel[2] != 1 or kernel[3] % groups:
            return call
        multiplier = kernel[3] // groups
        shape = (*kernel[:2], groups, multiplier)
        config = {key: value for key, value in call.config.items() if key not in ("filters", "groups")}
        renamed = {"kernel": "depthwise_kernel"} | ({"bias": "bias"} if "bias" in call.shapes else {})
        config |= {
            "depth_multiplier": multiplier,
            "dl4j_renamed": renamed,
            "dl4j_reshaped": {"depthwise_kernel": shape},
        }
        return replace(call, class_name="DepthwiseConv2D", config=config)

    return graph.each(change)


def concatenate_axis(graph: Graph) -> Graph:
    """The last axis by its number: counted from the end, DL4J finds it forward and fails on the way back."""
    by_rank = ranks(graph)

    def change(call: Call) -> Call:
        last = call.class_name == "Concatenate" and call.config.get("axis", -1) == -1
        return call.with_config(axis=by_rank[call.name] - 1) if last and call.name in by_rank else call

    return graph.each(change)


def depthwise_stand_ins(graph: Graph) -> Graph:
    """DepthwiseConv2D → a Conv2D of the same output, which the JVM side replaces.

    The importer looks for the number of channels in the layers before, finds none after an input, and fails (M04).
    """

    def change(call: Call) -> Call:
        kernel = call.shapes.get("depthwise_kernel") or call.config.get("dl4j_reshaped", {}).get("depthwise_kernel")
        if call.class_name != "DepthwiseConv2D" or kernel is None:
            return call
        *_, channels, multiplier = kernel
        zeros = {"class_name": "Zeros", "config": {}}
        stand_in = call.with_config(filters=channels * multiplier, kernel_initializer=zeros, dl4j_depthwise=channels)
        return replace(stand_in, class_name="Conv2D")

    return graph.each(change)


def outputs_that_reshape(graph: Graph) -> Graph:
    """A last Flatten, Reshape or Permute gets an identity behind it: the importer drops what has no layer after it."""
    after = {
        name: Call(f"{name}_output", "Activation", {"activation": "linear"}, (name,), graph[name].layer)
        for name in graph.outputs
        if graph[name].class_name in ("Flatten", "Reshape", "Permute")
    }
    outputs = tuple(after[name].name if name in after else name for name in graph.outputs)
    return replace(graph, calls=(*graph.calls, *after.values()), outputs=outputs)
