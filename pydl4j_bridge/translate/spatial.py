"""Rows of ``own_layers`` for what has a place in space or time: convolutions, pooling, and moving numbers about."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydl4j_bridge.translate.graph import REARRANGEMENT
from pydl4j_bridge.translate.sites import Refused, Row, Site, axes, function

Layer = tuple[str, dict[str, Any]]

#: What ``Interpolation.java`` computes.
_INTERPOLATIONS = frozenset({"bicubic", "bilinear", "lanczos3", "lanczos5", "nearest"})


def _each(value: Any, count: int) -> list[Any]:
    """A setting for each of so many axes; one number stands for all."""
    return list(value) if isinstance(value, list) else [value] * count


def _windows(site: Site, dimensions: int) -> dict[str, Any]:
    settings = ("kernel_size", "strides", "dilation_rate")
    found: dict[str, Any] = {key: _each(site.config.get(key) or 1, dimensions) for key in settings}
    return found | {"padding": site.config.get("padding", "valid")}


def _conv_lstm(site: Site) -> Layer:
    config = site.config
    for key in ("return_state", "stateful"):
        if config.get(key):
            raise Refused(f"{key}=True")
    settings = {
        "activation": function(config.get("activation", "tanh"), site),
        "recurrent_activation": function(config.get("recurrent_activation", "hard_sigmoid"), site),
        **{key: bool(config.get(key)) for key in ("return_sequences", "go_backwards")},
        **_windows(site, site.rank - 3),
    }
    return "ConvolutionalRecurrent", settings


def _convolution(site: Site) -> Layer:
    name = site.call.class_name
    kind = "plain"
    for part, made in (("Transpose", "transposed"), ("Depthwise", "depthwise"), ("Separable", "separable")):
        kind = made if part in name else kind
    padding = site.config.get("output_padding")
    settings = {
        "kind": kind,
        "activation": function(site.config.get("activation"), site),
        "groups": site.config.get("groups", 1),
        "output_padding": None if padding is None else _each(padding, site.rank - 2),
        **_windows(site, site.rank - 2),
    }
    return "Convolution", settings


def _locally_connected(site: Site) -> Layer:
    settings = {
        "activation": function(site.config.get("activation"), site),
        "channels_first": site.config.get("data_format") == "channels_first",
        "filters": site.config["filters"],
        "implementation": site.config.get("implementation", 1),
        **_windows(site, site.rank - 2),
    }
    return "LocallyConnected", settings


def _pooling(site: Site) -> Layer:
    size = site.config.get("output_size")
    window = site.config.get("pool_size")
    windows = {}
    if window is not None:
        strides = _each(site.config.get("strides") or window, site.rank - 2)
        kernel = _each(window, site.rank - 2)
        ones = [1] * (site.rank - 2)
        padding = site.config.get("padding", "valid")
        windows = {"kernel_size": kernel, "strides": strides, "dilation_rate": ones, "padding": padding}
    settings = {
        **windows,
        "kind": "max" if "Max" in site.call.class_name else "average",
        "keepdims": bool(site.config.get("keepdims")),
        "output_size": None if size is None else _each(size, site.rank - 2),
    }
    return "Pooling", settings


def _relu(site: Site) -> Layer:
    config = site.config
    limit = config.get("max_value")
    return "Rectifier", {
        "max_value": None if limit is None else float(limit),
        **{key: float(config.get(key) or 0.0) for key in ("negative_slope", "threshold")},
    }


def _prelu(_: Site) -> Layer:
    return "Rectifier", {}


def _softmax(site: Site) -> Layer:
    return "Softmax", {"axis": axes(site.config.get("axis", -1), site.rank)}


# What only moves numbers.


def _rearrangement(site: Site) -> Layer:
    if site.config["operation"] == "unfold" and site.config.get("steps") is None:
        raise Refused("time steps of any number")
    settings = {key: value for key, value in site.config.items() if not key.startswith("dl4j_") and key != "name"}
    return "Rearrangement", settings


def _flatten(_: Site) -> Layer:
    return "Rearrangement", {"operation": "reshape", "target": [-1]}


def _reshape(site: Site) -> Layer:
    return "Rearrangement", {"operation": "reshape", "target": list(site.config["target_shape"])}


def _permute(site: Site) -> Layer:
    return "Rearrangement", {"operation": "permute", "dims": [0, *site.config["dims"]]}


def _around(key: str, operation: str) -> Row:
    def row(site: Site) -> Layer:
        value, dimensions = site.config[key], site.rank - 2
        if dimensions == 1:
            value = [value]
        pairs = [_each(pair, 2) for pair in _each(value, dimensions)]
        return "Rearrangement", {"operation": operation, "around": [[0, 0], *pairs, [0, 0]]}

    return row


def _up_sampling(site: Site) -> Layer:
    factors = _each(site.config["size"], site.rank - 2)
    interpolation = site.config.get("interpolation", "nearest")
    if interpolation == "nearest":
        return "Rearrangement", {"operation": "repeat", "factors": [1, *factors, 1]}
    rows, columns, _ = site.inputs[0]
    if rows is None or columns is None:
        raise Refused("of an image of any size")
    return _resized(site, [rows * factors[0], columns * factors[1]], interpolation)


def _resized(site: Site, size: list[int], interpolation: str, around: Any = None, value: float = 0.0) -> Layer:
    if interpolation not in _INTERPOLATIONS:
        raise Refused(f"interpolation={interpolation}")
    return "Resizing", {
        "size": size,
        "interpolation": interpolation,
        "antialias": bool(site.config.get("antialias")),
        "around": [[0, 0], *(around or [[0, 0], [0, 0]]), [0, 0]],
        "value": value,
    }


def _resizing(site: Site) -> Layer:
    config = site.config
    rows, columns = _image(site)
    height, width = config["height"], config["width"]
    around = None
    if config.get("crop_to_aspect_ratio"):
        around = _to_aspect_ratio(rows, columns, height, width)
    elif config.get("pad_to_aspect_ratio"):
        more = (max(int(columns * height / width), rows), max(int(rows * width / height), columns))
        around = [[int((to - size) / 2)] * 2 for to, size in zip(more, (rows, columns), strict=True)]
    fill = float(config.get("fill_value") or 0.0)
    return _resized(site, [height, width], config.get("interpolation", "bilinear"), around, fill)


def _image(site: Site) -> tuple[int, int]:
    if site.rank != 4:
        raise Refused(f"of {site.rank} dimensions")
    rows, columns, _ = site.inputs[0]
    if rows is None or columns is None:
        raise Refused("of an image of any size")
    return rows, columns


def _to_aspect_ratio(rows: int, columns: int, height: int, width: int) -> list[list[int]]:
    """What is cut off around an image so that it has the sides of another, as numbers below zero."""
    kept = (max(min(rows, int(columns * height / width)), 1), max(min(columns, int(rows * width / height)), 1))
    before = [int((size - to) / 2) for size, to in zip((rows, columns), kept, strict=True)]
    return [[-b, b + to - size] for b, to, size in zip(before, kept, (rows, columns), strict=True)]


def _center_crop(site: Site) -> Layer:
    rows, columns = _image(site)
    height, width = site.config["height"], site.config["width"]
    if rows < height or columns < width:
        return _resized(site, [height, width], "bilinear", _to_aspect_ratio(rows, columns, height, width))
    before = [(rows - height) // 2, (columns - width) // 2]
    around = [[before[0], rows - height - before[0]], [before[1], columns - width - before[1]]]
    return "Rearrangement", {"operation": "crop", "around": [[0, 0], *around, [0, 0]]}


def _random_crop(site: Site) -> Layer:
    rows, columns = _image(site)
    height, width = site.config["height"], site.config["width"]
    if site.keras_major == 3 and (rows, columns) != (height, width):
        raise Refused("Keras 3 crops when it predicts in some of its versions and in others not")
    return _resized(site, [height, width], "bilinear", _to_aspect_ratio(rows, columns, height, width))


#: Keras class → its row.
SPATIAL: Mapping[str, Row] = {
    **{f"Adaptive{kind}Pooling{rank}D": _pooling for kind in ("Average", "Max") for rank in (1, 2, 3)},
    **{f"{kind}Pooling{rank}D": _pooling for kind in ("Average", "Max") for rank in (1, 2, 3)},
    **{f"Conv{rank}D{kind}": _convolution for kind in ("", "Transpose") for rank in (1, 2, 3)},
    **{f"ConvLSTM{rank}D": _conv_lstm for rank in (1, 2, 3)},
    **{f"Cropping{rank}D": _around("cropping", "crop") for rank in (1, 2, 3)},
    **{f"Global{kind}Pooling{rank}D": _pooling for kind in ("Average", "Max") for rank in (1, 2, 3)},
    **{f"LocallyConnected{rank}D": _locally_connected for rank in (1, 2)},
    **{f"{kind}Conv{rank}D": _convolution for kind in ("Depthwise", "Separable") for rank in (1, 2)},
    **{f"UpSampling{rank}D": _up_sampling for rank in (1, 2, 3)},
    **{f"ZeroPadding{rank}D": _around("padding", "pad") for rank in (1, 2, 3)},
    "CenterCrop": _center_crop,
    "Flatten": _flatten,
    "PReLU": _prelu,
    "Permute": _permute,
    "RandomCrop": _random_crop,
    REARRANGEMENT: _rearrangement,
    "ReLU": _relu,
    "Reshape": _reshape,
    "Resizing": _resizing,
    "Softmax": _softmax,
}
