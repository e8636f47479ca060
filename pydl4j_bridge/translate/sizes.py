"""Sizes that a config says, held against each other and against the weights before Java makes room for them.

Java is no place to find out: a size of nothing or of billions can end the process.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any

from pydl4j_bridge.errors import InvalidConfig
from pydl4j_bridge.translate.graph import Call, Graph
from pydl4j_bridge.translate.output_shapes import output_shapes

#: Numbers in one input, and what one setting may be. The largest of keras.applications takes 331 x 331 x 3.
_MAX_VALUES = 2**28
_MAX_SIZE = 2**31 - 1

#: None stands for a size that the layer's config does not say.
Shape = tuple[int | None, ...]


def check_sizes(graph: Graph) -> None:
    """Refuse settings of a wrong type or size, and weights whose shapes are not those that the config says.

    Args:
        graph: with plain containers, and ``batch_input_shape`` in its inputs.

    Raises:
        InvalidConfig: names the first layer that has one.
    """
    for call in graph.calls:
        _check_settings(call, call.class_name, call.config)
        if call.class_name == "InputLayer":
            _check_input(call)
        elif not call.inputs:
            raise _refused(call, "it has no input", "no other layer is one")
        expected = _expected(call.class_name, call.config)
        for name, shape in call.shapes.items():
            wanted = expected.get(name)
            fits = wanted is None or (
                len(wanted) == len(shape) and all(w in (None, s) for w, s in zip(wanted, shape, strict=True))
            )
            if not fits or math.prod(shape) == 0:
                raise _refused(call, f"the weight {name} has the shape {shape}", f"the config says {wanted or 'some'}")
    _check_inputs_of_kernels(graph)


def _check_inputs_of_kernels(graph: Graph) -> None:
    # Java makes its kernels for the inputs that it finds, before anybody holds them against Keras's.
    shapes = output_shapes(graph)
    for call in graph.calls:
        before = shapes.get(call.inputs[0]) if call.inputs else None
        kernel = call.shapes.get("kernel")
        # Convolutions of other kinds are refused later, by what they are.
        plain = call.config.get("groups", 1) == 1 and call.config.get("data_format") != "channels_first"
        if before and kernel and call.class_name in ("Dense", "Conv2D") and plain and kernel[-2] != before[-1]:
            raise _refused(call, f"its kernel takes {kernel[-2]} numbers", f"its input has {before[-1]}")


def _check_input(call: Call) -> None:
    shape = call.config.get("batch_input_shape")
    sizes = shape[1:] if isinstance(shape, list) else [0]
    known = [size for size in sizes if size is not None]
    if not all(_is_size(size) for size in known) or math.prod(known) > _MAX_VALUES:
        raise _refused(call, f"{_short(shape)} is no shape of an input", "a batch and positive sizes are expected")


def _check_settings(call: Call, class_name: str, config: Mapping[str, Any]) -> None:
    for key, (fits, expected) in _SETTINGS.items():
        if key in config and not fits(config[key], _dimensions(class_name)):
            raise _refused(call, f"{key} is {_short(config[key])}", f"{expected} is expected")
    if class_name == "Bidirectional":
        for key in ("layer", "backward_layer"):
            inner = config.get(key)
            if key == "backward_layer" and inner is None:
                continue
            if not isinstance(inner, Mapping) or not isinstance(inner.get("config"), Mapping):
                raise _refused(call, f"{key} is {_short(inner)}", "a layer is expected")
            _check_settings(call, str(inner.get("class_name")), inner["config"])
    if class_name == "Reshape" and "target_shape" not in config:
        raise _refused(call, "it has no target_shape", "Keras always writes it")


def _refused(call: Call, what: str, because: str) -> InvalidConfig:
    name = _short(call.name)
    return InvalidConfig(f"layer {name} cannot be: {what}", because=because, where=f"layer {name}")


def _short(value: Any) -> str:
    text = value if isinstance(value, str) else repr(value)
    return text if len(text) <= 60 else text[:57] + "..."


def _dimensions(class_name: str) -> int | None:
    return int(class_name[-2]) if class_name[-2:] in ("1D", "2D", "3D") else _dimensions_of_transpose(class_name)


def _dimensions_of_transpose(class_name: str) -> int | None:
    return _dimensions(class_name.removesuffix("Transpose")) if class_name.endswith("DTranspose") else None


def _is_size(value: Any, _: int | None = None) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 1 <= value <= _MAX_SIZE


def _is_edge(value: Any) -> bool:
    return (value == 0 and not isinstance(value, bool) and isinstance(value, int)) or _is_size(value)


def _is_window(value: Any, dimensions: int | None) -> bool:
    if _is_size(value):
        return dimensions in (None, 1)
    return isinstance(value, list) and len(value) == (dimensions or len(value) or 1) and all(map(_is_size, value))


def _is_edges(value: Any, dimensions: int | None) -> bool:
    if dimensions == 1 and _is_edge(value):
        return True
    if dimensions == 1 and isinstance(value, list):
        return len(value) == 2 and all(map(_is_edge, value))
    return (
        isinstance(value, list)
        and len(value) == (dimensions or len(value))
        and all(_is_edge(one) or (isinstance(one, list) and len(one) == 2 and all(map(_is_edge, one))) for one in value)
    )


def _is_target(value: Any, _: int | None) -> bool:
    if not isinstance(value, list) or not all(_is_size(size) or (size == -1 and size is not True) for size in value):
        return False
    return math.prod(value) <= _MAX_VALUES


def _is_named(value: Any, _: int | None) -> bool:
    return value is None or isinstance(value, (str, Mapping))


def _is_regularizer(value: Any, _: int | None) -> bool:
    if not isinstance(value, Mapping):
        return value is None or isinstance(value, str)
    held = value.get("config", value)
    numbers = [held.get(key) or 0.0 for key in ("l1", "l2")] if isinstance(held, Mapping) else [None]
    return all(isinstance(number, (int, float)) and 0 <= number < math.inf for number in numbers)


def _is_constraint(value: Any, _: int | None) -> bool:
    held = value.get("config") if isinstance(value, Mapping) else None
    return _is_named(value, None) and (not held or isinstance(held, Mapping))


def _optional(fits: Callable[[Any, int | None], bool]) -> Callable[[Any, int | None], bool]:
    return lambda value, dimensions: value is None or fits(value, dimensions)


def _is_padding(value: Any, dimensions: int | None) -> bool:
    return isinstance(value, str) or _is_edges(value, dimensions)


_SIZE = (_is_size, "a positive number")
_WINDOW = (_is_window, "a list of a positive number for each dimension")
_NAMED = (_is_named, "a name")
_REGULARIZER = (_is_regularizer, "a regularizer with numbers")
_CONSTRAINT = (_is_constraint, "a constraint")
#: Setting → whether a value fits a class of so many dimensions, and what does.
_SETTINGS: Mapping[str, tuple[Callable[[Any, int | None], bool], str]] = {
    "activation": _NAMED,
    "cropping": (_is_edges, "a list of pairs of numbers"),
    "depth_multiplier": _SIZE,
    "dilation_rate": _WINDOW,
    "filters": _SIZE,
    "groups": _SIZE,
    "input_dim": (_optional(_is_size), "a positive number"),
    "kernel_size": _WINDOW,
    "n": _SIZE,
    "output_dim": _SIZE,
    "padding": (_is_padding, "a name or a list of pairs of numbers"),
    "pool_size": _WINDOW,
    "size": _WINDOW,
    "strides": (_optional(_is_window), _WINDOW[1]),
    "target_shape": (_is_target, "a list of sizes"),
    "units": _SIZE,
    **{f"{of}_regularizer": _REGULARIZER for of in ("activity", "bias", "kernel", "recurrent")},
    **{
        f"{of}_constraint": _CONSTRAINT
        for of in ("beta", "bias", "depthwise", "embeddings", "gamma", "kernel", "pointwise", "recurrent")
    },
}


def _expected(class_name: str, config: Mapping[str, Any]) -> dict[str, Shape]:
    """Keras 2's name of a weight → its shape, as far as the config says it."""
    units, filters = config.get("units"), config.get("filters")
    kernel = config.get("kernel_size")
    window = [kernel] if isinstance(kernel, int) else kernel or []
    multiplier = config.get("depth_multiplier", 1)
    if class_name == "Dense":
        return {"kernel": (None, units), "bias": (units,)}
    if class_name in ("Conv1D", "Conv2D", "Conv3D"):
        return {"kernel": (*window, None, filters), "bias": (filters,)}
    if class_name in ("Conv2DTranspose", "Conv3DTranspose"):
        return {"kernel": (*window, filters, None), "bias": (filters,)}
    if class_name == "DepthwiseConv2D":
        return {"depthwise_kernel": (*window, None, multiplier), "bias": (None,)}
    if class_name == "SeparableConv2D":
        ones = [1] * len(window)
        pointwise = (*ones, None, filters)
        return {"depthwise_kernel": (*window, None, multiplier), "pointwise_kernel": pointwise, "bias": (filters,)}
    if class_name == "Embedding":
        return {"embeddings": (config.get("input_dim"), config.get("output_dim"))}
    if class_name in ("LSTM", "SimpleRNN"):
        gates = None if units is None else units * (4 if class_name == "LSTM" else 1)
        return {"kernel": (None, gates), "recurrent_kernel": (units, gates), "bias": (gates,)}
    if class_name == "Bidirectional" and config["layer"].get("class_name") in ("LSTM", "SimpleRNN"):
        found: dict[str, Shape] = {}
        for prefix, inner in (("forward_", config["layer"]), ("backward_", config.get("backward_layer"))):
            layer = inner or config["layer"]
            shapes = _expected(config["layer"]["class_name"], layer["config"])
            found |= {prefix + name: shape for name, shape in shapes.items()}
        return found
    if class_name == "BatchNormalization":
        return dict.fromkeys(("gamma", "beta", "moving_mean", "moving_variance"), (None,))
    return {}
