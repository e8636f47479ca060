"""Models of Keras 1 as Keras 2 would have written them: other names of layers and settings, other weights.

What is not in the tables here keeps a name that no table further on knows, and is refused by it. The tables were held
against Keras 1.2.2 itself, on TensorFlow and on Theano.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pydl4j_bridge.errors import InvalidConfig
from pydl4j_bridge.kerasfile.contents import ModelContents
from pydl4j_bridge.translate.graph import MALFORMED, malformed
from pydl4j_bridge.translate.parse import MODELS
from pydl4j_bridge.translate.variables import VARIABLES, Array, ComputedArray, Variable, bind_weights, walk_layers

#: Class → Keras 2's. A layer of another class is refused by its name.
CLASSES: Mapping[str, str] = {
    "AtrousConvolution1D": "Conv1D",
    "AtrousConvolution2D": "Conv2D",
    "Convolution1D": "Conv1D",
    "Convolution2D": "Conv2D",
    "Convolution3D": "Conv3D",
    "SeparableConvolution2D": "SeparableConv2D",
    "TimeDistributedDense": "Dense",
    **{
        same: same
        for same in (
            "Activation", "AveragePooling1D", "AveragePooling2D", "AveragePooling3D", "BatchNormalization",
            "Bidirectional", "Cropping1D", "Cropping2D", "Cropping3D", "Dense", "Dropout", "ELU", "Embedding",
            "Flatten", "GRU", "GaussianDropout", "GaussianNoise", "GlobalAveragePooling1D", "GlobalAveragePooling2D",
            "GlobalMaxPooling1D", "GlobalMaxPooling2D", "InputLayer", "LSTM", "Lambda", "LeakyReLU", "Masking",
            "MaxPooling1D", "MaxPooling2D", "MaxPooling3D", "PReLU", "Permute", "RepeatVector", "Reshape", "SimpleRNN",
            "SpatialDropout1D", "SpatialDropout2D", "SpatialDropout3D", "ThresholdedReLU", "TimeDistributed",
            "UpSampling1D", "UpSampling2D", "UpSampling3D", "ZeroPadding1D", "ZeroPadding2D", "ZeroPadding3D",
        )
    },
}  # fmt: skip

#: Mode of a Merge → the layer of Keras 2.
MERGES: Mapping[str, str] = {
    "ave": "Average",
    "concat": "Concatenate",
    "max": "Maximum",
    "mul": "Multiply",
    "sum": "Add",
}

#: Setting → Keras 2's; None: it has none. A setting that is not here has the same name in both.
KEYS: Mapping[str, str | None] = {
    "U_regularizer": "recurrent_regularizer",
    "W_constraint": "kernel_constraint",
    "W_regularizer": "kernel_regularizer",
    "atrous_rate": "dilation_rate",
    "b_constraint": "bias_constraint",
    "b_regularizer": "bias_regularizer",
    "bias": "use_bias",
    "border_mode": "padding",
    "dim_ordering": "data_format",
    "dropout_U": "recurrent_dropout",
    "dropout_W": "dropout",
    "filter_length": "kernel_size",
    "forget_bias_init": "unit_forget_bias",
    "init": "kernel_initializer",
    "inner_activation": "recurrent_activation",
    "inner_init": "recurrent_initializer",
    "input_dtype": "dtype",
    "length": "size",
    "nb_filter": "filters",
    "output_dim": "units",
    "p": "rate",
    "pool_length": "pool_size",
    "sigma": "stddev",
    "stride": "strides",
    "subsample": "strides",
    "subsample_length": "strides",
}
#: The same for the settings that one class has otherwise.
KEYS_OF_CLASS: Mapping[str, Mapping[str, str | None]] = {
    "BatchNormalization": {"mode": None},
    "PReLU": {"init": "alpha_initializer", "weights": None},
    "SeparableConv2D": {"init": "depthwise_initializer"},
    "Embedding": {"output_dim": "output_dim", "init": "embeddings_initializer", "dropout": None},
}
#: Settings of the size of a window, one for each dimension → Keras 2's list.
WINDOWS = (("nb_row", "nb_col"), ("kernel_dim1", "kernel_dim2", "kernel_dim3"))
#: Settings of layers of one dimension that are a list in Keras 2.
_LISTS = frozenset({"dilation_rate", "kernel_size", "pool_size", "strides"})
_DATA_FORMATS = {"tf": "channels_last", "th": "channels_first"}

#: The gates of a recurrent layer, in the order of its weights in Keras 1, and in that of Keras 2's one weight.
GATES: Mapping[str, tuple[str, str]] = {"LSTM": ("icfo", "ifco"), "GRU": ("zrh", "zrh")}
_PARTS = ("kernel", "recurrent_kernel", "bias")
_CONVOLUTIONS = frozenset({"Conv1D", "Conv2D", "Conv3D"})
_WITHOUT_ORDER = frozenset({f"{kind}{at}D" for kind in ("Cropping", "UpSampling", "ZeroPadding") for at in (2, 3)})
_POOLING = frozenset({f"{kind}Pooling{at}D" for kind in ("Average", "Max") for at in (1, 2, 3)})


@dataclass(frozen=True, slots=True)
class _Origin:
    """Where a model was made.

    Attributes:
        theano: on Theano; else on TensorFlow.
        order: ``th`` or ``tf`` where the layers that say it agree.
    """

    theano: bool
    order: str | None


def from_keras_1(contents: ModelContents) -> tuple[ModelContents, dict[tuple[str, ...], dict[str, Array]]]:
    """The model of an open file of Keras 1 as Keras 2 would have written it, and its weights.

    Kernels of convolutions that Theano trained are turned by 180 degrees: it turns them back when it computes.

    Raises:
        InvalidConfig: a config that Keras 1 does not write, or weights that do not fit it.
    """
    try:
        origin = _Origin(_is_theano(contents), _order(contents.config))
        modern = replace(contents, config=_model(contents.config, origin))
        bound = bind_weights(modern, _VARIABLES)
        for path, layer in walk_layers(modern.config):
            if path in bound:
                bound[path] = _weights(layer["class_name"], layer["config"], bound[path], theano=origin.theano)
    except MALFORMED as error:
        raise malformed(error, contents.path) from error
    return modern, bound


def _is_theano(contents: ModelContents) -> bool:
    """Whether the model was saved on Theano: the file does not say it, but TensorFlow's names of weights end in :0."""
    weights = contents.weights
    names = [array.name for layer in weights.layers() for array in weights.named(layer)]
    return bool(names) and not any(name.endswith(":0") for name in names)


def _order(config: Any) -> str | None:
    """The one ``dim_ordering`` of a model, or None: paddings, croppings and upsamplings do not write theirs.

    Keras 1 takes the one of the installation for them.
    """
    found = {value for key, value in _settings_in(config) if key == "dim_ordering"}
    return str(found.pop()) if len(found) == 1 else None


def _settings_in(value: Any) -> Iterator[tuple[str, Any]]:
    if isinstance(value, Mapping):
        for key, inner in value.items():
            if isinstance(inner, str):
                yield key, inner
            else:
                yield from _settings_in(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _settings_in(inner)


def _model(model: Mapping[str, Any], origin: _Origin) -> dict[str, Any]:
    inner = model["config"]
    layers = [_layer(layer, origin) for layer in (inner if isinstance(inner, list) else inner["layers"])]
    return {**model, "config": layers if isinstance(inner, list) else {**inner, "layers": layers}}


def _layer(layer: Mapping[str, Any], origin: _Origin) -> dict[str, Any]:
    if layer["class_name"] in MODELS:
        return _model(layer, origin)
    class_name, config = str(layer["class_name"]), layer["config"]
    if class_name == "Merge":
        made, config = _merge(config)
        return {**layer, "class_name": made, "config": config}
    if class_name not in CLASSES:
        return {**layer, "class_name": f"{class_name} of Keras 1"}
    made = CLASSES[class_name]
    config = _settings(made, config)
    if made in _WITHOUT_ORDER and origin.order is not None:
        config.setdefault("data_format", _DATA_FORMATS.get(origin.order, origin.order))
    if "layer" in config:
        config["layer"] = _layer(config["layer"], origin)
    why = next(_refused(made, config, layer["config"], theano=origin.theano), None)
    return {**layer, "class_name": f"{class_name} with {why}" if why else made, "config": config}


def _merge(config: Mapping[str, Any]) -> tuple[str, dict[str, Any]]:
    mode = str(config.get("mode"))
    if mode not in MERGES:
        return f"Merge with mode={mode}", dict(config)
    if "layers" in config:
        return "Merge of whole models", dict(config)
    made = {"name": config.get("name")}
    return MERGES[mode], {**made, "axis": config["concat_axis"]} if mode == "concat" else made


def _settings(class_name: str, config: Mapping[str, Any]) -> dict[str, Any]:
    keys = {**KEYS, **KEYS_OF_CLASS.get(class_name, {})}
    made: dict[str, Any] = {}
    for key, value in config.items():
        new = keys.get(key, key)
        if new is None:
            continue
        if new.endswith(("_regularizer", "_constraint")) and isinstance(value, Mapping):
            value = _named(value)
        elif new == "data_format":
            value = _DATA_FORMATS.get(value, value)
        elif new == "unit_forget_bias":
            value = value == "one"
        elif class_name.endswith("1D") and new in _LISTS:
            value = _listed(value)
        made[new] = value
    for window in WINDOWS:
        if window[0] in made:
            made["kernel_size"] = [made.pop(key) for key in window]
    if class_name == "ZeroPadding2D":
        made["padding"] = _around(made["padding"])
    if class_name == "SeparableConv2D":
        made["pointwise_initializer"] = made["depthwise_initializer"]
    if class_name == "GRU":
        made["reset_after"] = False
    return made


def _named(value: Mapping[str, Any]) -> dict[str, Any]:
    """``{"name": "MaxNorm", "m": 2}`` → ``{"class_name": "MaxNorm", "config": {"max_value": 2}}``."""
    name = "L1L2" if value.get("name") == "WeightRegularizer" else value.get("name")
    config = {"max_value" if key == "m" else key: one for key, one in value.items() if key != "name"}
    return {"class_name": name, "config": config}


def _around(padding: Any) -> list[Any]:
    """Keras 1 has four numbers, a dict of four, or two."""
    if isinstance(padding, Mapping):
        return [[padding.get(f"{at}_pad", 0) for at in pair] for pair in (("top", "bottom"), ("left", "right"))]
    return [padding[:2], padding[2:]] if len(padding) == 4 else list(padding)


def _refused(class_name: str, config: Mapping[str, Any], old: Mapping[str, Any], *, theano: bool) -> Iterator[str]:
    """Settings of Keras 1 that mean what no later Keras has."""
    if class_name == "BatchNormalization" and old.get("mode", 0) != 0:
        yield f"mode={old['mode']}"
    if config.get("data_format") == "default":
        yield "dim_ordering=default"
    if class_name in _WITHOUT_ORDER and "data_format" not in config:
        yield "a dim_ordering that the file does not say"
    if not theano or config.get("padding") != "same":
        return
    if class_name in _POOLING:
        yield "border_mode=same on Theano, which pads otherwise"
    elif class_name in _CONVOLUTIONS:
        steps, window = config.get("strides", 1), config["kernel_size"]
        if any(step != 1 for step in _listed(steps)) or any(size % 2 == 0 for size in _listed(window)):
            yield "border_mode=same on Theano, which pads otherwise for an even window or with strides"


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def _gated(class_name: str) -> Callable[[Mapping[str, Any]], list[Variable]]:
    def variables(config: Mapping[str, Any]) -> list[Variable]:
        if config.get("consume_less") == "gpu":  # as in Keras 2
            return VARIABLES[class_name](config)
        return [Variable(f"{part}_{gate}") for gate in GATES[class_name][0] for part in _PARTS]

    return variables


def _inner(config: Mapping[str, Any], *prefixes: str) -> list[Variable]:
    layer = config["layer"]
    inner = _VARIABLES.get(layer["class_name"])
    if inner is None or "layer" in layer["config"]:
        return []
    return [replace(v, name=prefix + v.name) for prefix in prefixes for v in inner(layer["config"])]


_VARIABLES: Mapping[str, Callable[[Mapping[str, Any]], list[Variable]]] = {
    **VARIABLES,
    "Bidirectional": lambda config: _inner(config, "forward_", "backward_"),
    "GRU": _gated("GRU"),
    "LSTM": _gated("LSTM"),
    "TimeDistributed": lambda config: _inner(config, ""),
}


def _weights(
    class_name: str, config: Mapping[str, Any], arrays: Mapping[str, Array], *, theano: bool
) -> dict[str, Array]:
    """The weights of one layer in Keras 2's names and layouts."""
    if class_name in GATES:
        return _joined(GATES[class_name][1], "", arrays)
    if class_name == "Bidirectional":
        gates = GATES.get(config["layer"]["class_name"], ("", ""))[1]
        return {**_joined(gates, "forward_", arrays), **_joined(gates, "backward_", arrays)}
    if class_name == "TimeDistributed":
        inner = config["layer"]
        return _weights(inner["class_name"], inner["config"], arrays, theano=theano)
    if class_name in _CONVOLUTIONS and "kernel" in arrays:
        return {**arrays, "kernel": _kernel(class_name, config, arrays["kernel"], theano=theano)}
    return dict(arrays)


def _joined(gates: str, prefix: str, arrays: Mapping[str, Array]) -> dict[str, Array]:
    """Keras 1 has a weight for each gate, Keras 2 one for all, side by side."""
    found: dict[str, Array] = {}
    for part in (prefix + part for part in _PARTS):
        parts = [arrays[f"{part}_{gate}"] for gate in gates if f"{part}_{gate}" in arrays]
        if not parts:
            found |= {part: arrays[part]} if part in arrays else {}
            continue
        shapes = {array.shape for array in parts}
        if len(shapes) != 1:
            raise InvalidConfig(f"the gates of {parts[0].name} have the shapes {sorted(shapes)}", where=parts[0].name)
        *rest, last = parts[0].shape
        found[part] = ComputedArray(parts[0].name, (*rest, last * len(parts)), tuple(parts), _side_by_side)
    return found


def _side_by_side(*arrays: NDArray[Any]) -> NDArray[Any]:
    return np.concatenate(arrays, axis=-1)


def _kernel(class_name: str, config: Mapping[str, Any], array: Array, *, theano: bool) -> Array:
    """A kernel as (window, inputs, filters): Keras 1 has Theano's order where the model has Theano's images."""
    shape = array.shape
    window = len(_listed(config["kernel_size"]))
    order = tuple(range(len(shape)))
    if class_name == "Conv1D":
        # A kernel of an image one column wide. Keras before 1.2 had it in Theano's order.
        if len(shape) != 4 or shape[:2] != (*_listed(config["kernel_size"]), 1):
            raise InvalidConfig(
                f"the kernel {array.name} has the shape {shape}, which Keras 1.2 does not write",
                because="files of Keras before 1.2 are not read",
                where=array.name,
                fix="Load it in Keras 1.2 and save it again",
            )
    elif config.get("data_format") == "channels_first":
        if len(shape) != window + 2:
            raise InvalidConfig(f"the kernel {array.name} has the shape {shape}", where=array.name)
        order = (*range(2, window + 2), 1, 0)

    def made(kernel: NDArray[Any]) -> NDArray[Any]:
        kernel = kernel.transpose(order)
        if class_name == "Conv1D":
            kernel = kernel[:, 0]
        return np.flip(kernel, tuple(range(window))) if theano else kernel

    ordered = tuple(shape[at] for at in order)
    return ComputedArray(array.name, (ordered[0], *ordered[2:]) if class_name == "Conv1D" else ordered, (array,), made)
