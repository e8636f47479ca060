"""The shape of each call's output without the batch, where the classes of the layers tell it: images above all."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from pydl4j_bridge.translate.graph import Call, Graph

Shape = tuple[int, ...]

#: Layers whose output has the shape of their input.
_SAME = frozenset({
    "Activation", "ActivityRegularization", "AlphaDropout", "BatchNormalization", "Dropout", "ELU", "GaussianDropout",
    "GaussianNoise", "LeakyReLU", "Normalization", "PReLU", "ReLU", "Rescaling", "Softmax", "SpatialDropout2D",
})  # fmt: skip
_WINDOWS = frozenset({"Conv2D", "DepthwiseConv2D", "SeparableConv2D", "AveragePooling2D", "MaxPooling2D"})
#: Layers that combine arrays number by number.
ELEMENTWISE = frozenset({"Add", "Average", "Maximum", "Multiply", "Subtract"})


def output_shapes(graph: Graph) -> dict[str, Shape]:
    """Call → shape of its output in Keras's layout; calls whose shape is not known are not in it."""
    found: dict[str, Shape] = {}
    for call in graph.calls:
        inputs = [found[name] for name in call.inputs if name in found]
        shape = _shape(call, inputs) if len(inputs) == len(call.inputs) else None
        if shape is not None and all(size > 0 for size in shape):
            found[call.name] = shape
    return found


def _shape(call: Call, inputs: list[Shape]) -> Shape | None:
    config, name = call.config, call.class_name
    if name == "InputLayer":
        shape = config["batch_input_shape"][1:]
        return None if None in shape else tuple(shape)
    first = inputs[0]
    if name in _SAME:
        return first
    if name in ELEMENTWISE and len({len(shape) for shape in inputs}) == 1:
        return tuple(max(sizes) for sizes in zip(*inputs, strict=True))
    if name == "Concatenate" and len({len(shape) for shape in inputs}) == 1:
        return (*first[:-1], sum(shape[-1] for shape in inputs))
    if name == "Dense":
        return (*first[:-1], config["units"])
    if name == "Flatten":
        return (math.prod(first),)
    if name == "Reshape":
        return None if -1 in config["target_shape"] else tuple(config["target_shape"])
    return _of_image(call, first) if len(first) == 3 else None


def _of_image(call: Call, image: Shape) -> Shape | None:
    config, name = call.config, call.class_name
    if config.get("data_format") == "channels_first":
        return None
    *sizes, channels = image
    if name.startswith("Global"):
        return (1, 1, channels) if config.get("keepdims") else (channels,)
    if name in ("ZeroPadding2D", "Cropping2D"):
        around = config["padding" if name == "ZeroPadding2D" else "cropping"]
        pairs = [pair if isinstance(pair, list) else [pair, pair] for pair in around]
        sign = 1 if name == "ZeroPadding2D" else -1
        return (*(size + sign * sum(pair) for size, pair in zip(sizes, pairs, strict=True)), channels)
    if name == "UpSampling2D":
        return (*(size * factor for size, factor in zip(sizes, config["size"], strict=True)), channels)
    if name not in _WINDOWS:
        return None
    pooling = name.endswith("Pooling2D")
    window = config["pool_size" if pooling else "kernel_size"]
    strides = config.get("strides") or window
    out = [_windows(*one, config) for one in zip(sizes, window, strides, _pair(config, "dilation_rate"), strict=True)]
    if name == "DepthwiseConv2D":
        channels *= config.get("depth_multiplier", 1)
    return (*out, channels if pooling or name == "DepthwiseConv2D" else config["filters"])


def _windows(size: int, window: int, stride: int, dilation: int, config: Mapping[str, Any]) -> int:
    if config.get("padding") == "same":
        return math.ceil(size / stride)
    return (size - dilation * (window - 1) - 1) // stride + 1


def _pair(config: Mapping[str, Any], key: str) -> list[int]:
    value = config.get(key) or 1
    return value if isinstance(value, list) else [value, value]
