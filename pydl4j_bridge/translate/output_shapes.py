"""The shape of each call's output without the batch, in Keras's layout, as the classes of the layers tell it."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any

from pydl4j_bridge.translate.graph import GLU, MASK, OWN_LAYER, REARRANGEMENT, Call, Graph

Shape = tuple[int, ...]
#: None for a size that is known only when the model is used.
OpenShape = tuple["int | None", ...]

#: Layers that combine arrays number by number.
ELEMENTWISE = frozenset({"Add", "Average", "Maximum", "Minimum", "Multiply", "Subtract"})


def output_shapes(graph: Graph) -> dict[str, Shape]:
    """Call → shape of its output; calls of which a size is not known are not in it."""
    return {
        name: tuple(size for size in shape if size is not None)
        for name, shape in open_shapes(graph).items()
        if None not in shape
    }


def open_shapes(graph: Graph) -> Mapping[str, OpenShape]:
    """Call → shape of its output; calls whose shape their class does not tell are not in it."""
    shapes: Mapping[str, OpenShape] = graph.once("open shapes", _open_shapes)
    return shapes


def _open_shapes(graph: Graph) -> dict[str, OpenShape]:
    found: dict[str, OpenShape] = {}
    for call in graph.calls:
        inputs = [found[name] for name in call.inputs if name in found]
        if call.class_name == REARRANGEMENT and "of" in call.config:
            folded = found.get(graph[call.config["of"]].inputs[0], (None,))
            call = call.with_config(steps=folded[0])
        try:
            shape = _shape(call, inputs) if len(inputs) == len(call.inputs) else None
        except KeyError:  # a setting that says the shape is not written
            continue
        if shape is not None and all(size is None or size > 0 for size in shape):
            found[call.name] = shape
    return found


def _shape(call: Call, inputs: list[OpenShape]) -> OpenShape | None:
    if call.class_name == "InputLayer":
        return tuple(call.config["batch_input_shape"][1:])
    if call.class_name == OWN_LAYER:
        held = call.config.get("layer") or call.config["vertex"]
        return tuple(None if size == -1 else size for size in held["outputShape"])
    if call.class_name == GLU:
        return None if inputs[0][-1] is None else (*inputs[0][:-1], inputs[0][-1] // 2)
    if call.class_name == "Bidirectional":
        return _bidirectional(call.config, inputs[0])
    if call.class_name in _SAME:
        return inputs[0]
    rule = _RULES.get(call.class_name)
    return rule(call.config, *inputs) if rule else None


def _bidirectional(config: Mapping[str, Any], shape: OpenShape) -> OpenShape | None:
    rule = _RULES.get(config["layer"]["class_name"])
    one = rule(config["layer"]["config"], shape) if rule else None
    if one is None or config.get("merge_mode", "concat") != "concat":
        return one
    return (*one[:-1], None if one[-1] is None else 2 * one[-1])


# One function for each kind of layer: from its config and the shapes of its inputs to the shape of its output.


def _elementwise(_: Mapping[str, Any], *inputs: OpenShape) -> OpenShape | None:
    return broadcast(*inputs)


def broadcast(*shapes: OpenShape) -> OpenShape:
    """The shape of arrays that are combined number by number; those of fewer axes get axes of one at the front."""
    rank = max(map(len, shapes))
    padded = [(1,) * (rank - len(shape)) + shape for shape in shapes]
    # An open size stands against an open one or against one that is the same in use.
    return tuple(
        max((s for s in sizes if s is not None and s != 1), default=None if None in sizes else 1)
        for sizes in zip(*padded, strict=True)
    )


def _concatenate(config: Mapping[str, Any], *inputs: OpenShape) -> OpenShape | None:
    axis, rank = config.get("axis", -1), len(inputs[0])
    at = axis - 1 if axis > 0 else axis + rank
    if any(len(shape) != rank for shape in inputs) or not 0 <= at < rank:
        return None
    joined = _sum(shape[at] for shape in inputs)
    known = [next((s for s in sizes if s is not None), None) for sizes in zip(*inputs, strict=True)]
    return (*known[:at], joined, *known[at + 1 :])


def _sum(sizes: Any) -> int | None:
    total = 0
    for size in sizes:
        if size is None:
            return None
        total += size
    return total


def _units(config: Mapping[str, Any], shape: OpenShape) -> OpenShape:
    return (*shape[:-1], config["units"])


def _flatten(_: Mapping[str, Any], shape: OpenShape) -> OpenShape:
    return (None if None in shape else math.prod(size for size in shape if size is not None),)


def _reshape(config: Mapping[str, Any], shape: OpenShape) -> OpenShape | None:
    target = list(config["target_shape"])
    if -1 not in target:
        return tuple(target)
    if target.count(-1) > 1 or None in shape:
        return tuple(None if size == -1 else size for size in target) if target.count(-1) == 1 else None
    known = math.prod(size for size in target if size != -1)
    numbers = math.prod(size for size in shape if size is not None)
    if known <= 0 or numbers % known:
        return None
    return tuple(numbers // known if size == -1 else size for size in target)


def _permute(config: Mapping[str, Any], shape: OpenShape) -> OpenShape | None:
    dims = config["dims"]
    return tuple(shape[dim - 1] for dim in dims) if sorted(dims) == list(range(1, len(shape) + 1)) else None


def _dot(config: Mapping[str, Any], first: OpenShape, second: OpenShape) -> OpenShape | None:
    one, other = dot_axes(config, first, second)
    left = (*first[: one - 1], *first[one:])
    return (*left, *second[: other - 1], *second[other:]) or (1,)


def dot_axes(config: Mapping[str, Any], first: OpenShape, second: OpenShape) -> tuple[int, int]:
    """The axes along which ``Dot`` multiplies, counted with the batch."""
    axes = config["axes"]
    one, other = axes if isinstance(axes, list) else (axes, axes)
    return one % (len(first) + 1), other % (len(second) + 1)


def einsum_equation(equation: str, rank: int) -> tuple[str, str, str]:
    """The letters of the input, which has ``rank`` axes, of the kernel and of the output, with letters for the dots."""
    source, _, target = equation.replace(" ", "").partition("->")
    given, _, kernel = source.partition(",")
    free = [letter for letter in "ABCDEFGHIJKLMNOPQRSTUVWXYZ" if letter not in equation]
    dots = "".join(free[: rank - len(given.replace("...", ""))])
    return given.replace("...", dots), kernel.replace("...", dots), target.replace("...", dots)


def _einsum_dense(config: Mapping[str, Any], shape: OpenShape) -> OpenShape | None:
    given, _, target = einsum_equation(config["equation"], len(shape) + 1)
    sizes = dict(zip(given[1:], shape, strict=True))
    said = config["output_shape"]
    said = said if isinstance(said, list) else [said]
    dots = [None] * (len(target) - 1 - len(said)) if "..." in config["equation"] else []
    said = [*said, *dots] if config["equation"].endswith("...") else [*dots, *said]
    if len(target) != len(said) + 1 or target[0] != given[0]:
        return None
    return tuple(sizes.get(letter) if size is None else size for letter, size in zip(target[1:], said, strict=True))


def _category_encoding(config: Mapping[str, Any], shape: OpenShape) -> OpenShape | None:
    tokens = config.get("num_tokens")
    if config.get("output_mode") != "one_hot":
        return (*shape[:-1], tokens)
    return (*shape[:-1], tokens) if shape[-1] == 1 else (*shape, tokens)


def _repeat(config: Mapping[str, Any], shape: OpenShape) -> OpenShape:
    return (config["n"], *shape)


def _embedding(config: Mapping[str, Any], shape: OpenShape) -> OpenShape:
    return (*shape, config["output_dim"])


def _recurrent(config: Mapping[str, Any], shape: OpenShape) -> OpenShape | None:
    units = config.get("units")
    if units is None:
        return None
    return (shape[0], units) if config.get("return_sequences") else (units,)


def _conv_lstm(config: Mapping[str, Any], shape: OpenShape) -> OpenShape | None:
    image = _convolution(config, shape[1:])
    if image is None:
        return None
    return (shape[0], *image) if config.get("return_sequences") else image


def _spatial(
    config: Mapping[str, Any], shape: OpenShape, change: Callable[..., int | None], *settings: Any
) -> OpenShape | None:
    """The shape with each of its spatial sizes changed; ``settings`` hold a value for each of them, or one for all."""
    first = config.get("data_format") == "channels_first"
    sizes = shape[1:] if first else shape[:-1]
    columns = [value if isinstance(value, list) else [value] * len(sizes) for value in settings]
    if any(len(column) != len(sizes) for column in columns):
        return None
    out = [None if size is None else change(size, *values) for size, *values in zip(sizes, *columns, strict=True)]
    return (shape[0], *out) if first else (*out, shape[-1])


def _with_channels(config: Mapping[str, Any], shape: OpenShape | None, channels: int | None) -> OpenShape | None:
    if shape is None:
        return None
    return (channels, *shape[1:]) if config.get("data_format") == "channels_first" else (*shape[:-1], channels)


def _windows(config: Mapping[str, Any]) -> Callable[..., int | None]:
    def count(size: int, window: int, stride: int, dilation: int) -> int | None:
        if config.get("padding") in ("same", "causal"):
            return math.ceil(size / stride)
        return (size - dilation * (window - 1) - 1) // stride + 1

    return count


def _convolution(config: Mapping[str, Any], shape: OpenShape) -> OpenShape | None:
    out = _spatial(
        config,
        shape,
        _windows(config),
        config["kernel_size"],
        config.get("strides") or 1,
        config.get("dilation_rate") or 1,
    )
    return _with_channels(config, out, config.get("filters"))


def _depthwise(config: Mapping[str, Any], shape: OpenShape) -> OpenShape | None:
    channels = shape[0] if config.get("data_format") == "channels_first" else shape[-1]
    multiplied = None if channels is None else channels * config.get("depth_multiplier", 1)
    return _with_channels(config, _convolution(config, shape), multiplied)


def _transposed(config: Mapping[str, Any], shape: OpenShape) -> OpenShape | None:
    def count(size: int, window: int, stride: int, dilation: int, extra: int | None) -> int:
        window = dilation * (window - 1) + 1
        if extra is not None:
            return (size - 1) * stride + window - (2 * (window // 2) if config.get("padding") == "same" else 0) + extra
        return size * stride if config.get("padding") == "same" else size * stride + max(window - stride, 0)

    strides, dilation = config.get("strides") or 1, config.get("dilation_rate") or 1
    out = _spatial(config, shape, count, config["kernel_size"], strides, dilation, config.get("output_padding"))
    return _with_channels(config, out, config["filters"])


def _pooling(config: Mapping[str, Any], shape: OpenShape) -> OpenShape | None:
    window = config["pool_size"]
    return _spatial(config, shape, _windows(config), window, config.get("strides") or window, 1)


def _global_pooling(config: Mapping[str, Any], shape: OpenShape) -> OpenShape:
    first = config.get("data_format") == "channels_first"
    channels = shape[0] if first else shape[-1]
    if not config.get("keepdims"):
        return (channels,)
    ones = (1,) * (len(shape) - 1)
    return (channels, *ones) if first else (*ones, channels)


def _around(key: str, sign: int) -> Callable[[Mapping[str, Any], OpenShape], OpenShape | None]:
    def rule(config: Mapping[str, Any], shape: OpenShape) -> OpenShape | None:
        around = config[key]
        if len(shape) == 2:  # 1-D: one number or one pair, for the only axis
            around = [around if isinstance(around, list) else [around, around]]
        around = around if isinstance(around, list) else [around] * (len(shape) - 1)
        return _spatial(config, shape, lambda size, pair: size + sign * sum(_pair(pair)), [_pair(p) for p in around])

    return rule


def _pair(value: Any) -> list[int]:
    return value if isinstance(value, list) else [value, value]


def _up_sampling(config: Mapping[str, Any], shape: OpenShape) -> OpenShape | None:
    return _spatial(config, shape, lambda size, factor: size * factor, config["size"])


def _rearrangement(config: Mapping[str, Any], shape: OpenShape) -> OpenShape | None:
    operation = config["operation"]
    if operation == "reshape":
        return _reshape({"target_shape": config["target"]}, shape)
    if operation == "permute":
        return tuple(shape[axis - 1] for axis in config["dims"][1:])
    if operation == "repeat":
        factors = config["factors"][1:]
        return tuple(None if s is None else s * f for s, f in zip(shape, factors, strict=True))
    if operation in ("pad", "crop"):
        sign = 1 if operation == "pad" else -1
        around = config["around"][1:]
        return tuple(None if s is None else s + sign * sum(pair) for s, pair in zip(shape, around, strict=True))
    if operation == "fold":
        return shape[1:]
    return (config["steps"], *shape) if operation == "unfold" else shape


def _adaptive(config: Mapping[str, Any], shape: OpenShape) -> OpenShape | None:
    return _spatial(config, shape, lambda _, size: size, config["output_size"])


def _resizing(config: Mapping[str, Any], shape: OpenShape) -> OpenShape:
    size = (config["height"], config["width"])
    first = config.get("data_format") == "channels_first"
    return (*shape[:-2], *size) if first else (*shape[:-3], *size, shape[-1])


#: Layers whose output has the shape of their input.
_SAME = frozenset({
    "Activation", "ActivityRegularization", "AlphaDropout", "BatchNormalization", "Dropout", "ELU", "GaussianDropout",
    "GaussianNoise", "GroupNormalization", "Identity", "LayerNormalization", "LayerScale", "LeakyReLU", "Masking",
    "Normalization", "PReLU", "RMSNormalization", "ReLU", "Rescaling", "Softmax", "SpatialDropout1D",
    "SpatialDropout2D", "SpatialDropout3D", "SpectralNormalization", "ThresholdedReLU", "UnitNormalization",
})  # fmt: skip
_RULES: Mapping[str, Callable[..., OpenShape | None]] = {
    **dict.fromkeys(ELEMENTWISE, _elementwise),
    **{f"{kind}Pooling{rank}D": _pooling for kind in ("Average", "Max") for rank in (1, 2, 3)},
    **{f"Global{kind}Pooling{rank}D": _global_pooling for kind in ("Average", "Max") for rank in (1, 2, 3)},
    **{f"Adaptive{kind}Pooling{rank}D": _adaptive for kind in ("Average", "Max") for rank in (1, 2, 3)},
    **{f"Conv{rank}D": _convolution for rank in (1, 2, 3)},
    **{f"Conv{rank}DTranspose": _transposed for rank in (1, 2, 3)},
    **{f"ConvLSTM{rank}D": _conv_lstm for rank in (1, 2, 3)},
    **{f"Cropping{rank}D": _around("cropping", -1) for rank in (1, 2, 3)},
    **{f"DepthwiseConv{rank}D": _depthwise for rank in (1, 2)},
    **{f"LocallyConnected{rank}D": _convolution for rank in (1, 2)},
    **{f"SeparableConv{rank}D": _convolution for rank in (1, 2)},
    **{f"UpSampling{rank}D": _up_sampling for rank in (1, 2, 3)},
    **{f"ZeroPadding{rank}D": _around("padding", 1) for rank in (1, 2, 3)},
    **dict.fromkeys(("CenterCrop", "RandomCrop", "Resizing"), _resizing),
    "CategoryEncoding": _category_encoding,
    "Concatenate": _concatenate,
    "Dense": _units,
    "Dot": _dot,
    "EinsumDense": _einsum_dense,
    "Embedding": _embedding,
    "Flatten": _flatten,
    "GRU": _recurrent,
    "LSTM": _recurrent,
    MASK: lambda _, shape: (shape[0], 1),
    "Permute": _permute,
    REARRANGEMENT: _rearrangement,
    "RepeatVector": _repeat,
    "Reshape": _reshape,
    "SimpleRNN": _recurrent,
}
