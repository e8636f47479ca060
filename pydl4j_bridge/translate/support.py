"""Which layers the native importer computes as Keras does, after the passes; all others are refused, all at once.

A row says which settings of a layer are refused: what is not refused is shown to be right by a test with a model that
Keras saved.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from pydl4j_bridge.errors import TranslationError, UnsupportedLayer
from pydl4j_bridge.kerasfile import KerasModelFile
from pydl4j_bridge.translate.graph import OWN_LAYER, Call, Graph
from pydl4j_bridge.translate.output_shapes import OpenShape, open_shapes
from pydl4j_bridge.translate.ranks import ranks


@dataclass(frozen=True, slots=True)
class Place:
    """A call where it stands: what rules ask about."""

    call: Call
    inputs: tuple[Call, ...]
    rank: int | None
    input_rank: int | None
    keras_major: int
    shapes: tuple[OpenShape | None, ...] = ()

    @property
    def config(self) -> Mapping[str, Any]:
        """The config of the call."""
        return self.call.config

    @property
    def first(self) -> bool:
        """The call takes an input of the model."""
        return any(call.class_name == "InputLayer" for call in self.inputs)


#: Activations that the importer reads and computes as Keras does, but for Keras 3's hard_sigmoid.
IMPORTED_ACTIVATIONS = frozenset({
    "softmax", "softplus", "softsign", "relu", "relu6", "elu", "selu", "tanh", "sigmoid", "linear", "swish",
    "hard_sigmoid",
})  # fmt: skip

Refuse = Callable[[Place], str | None]


def _fine(_: Place) -> None:
    return None


def _merge(place: Place) -> str | None:
    return "arrays of different shapes" if len(set(place.shapes)) > 1 else None


def _dense(place: Place) -> str | None:
    return "on time steps, which DL4J puts into the batch" if place.rank not in (None, 2) else None


def _channels_last(place: Place) -> str | None:
    return "data_format=channels_first" if place.config.get("data_format") == "channels_first" else None


def _convolution(place: Place) -> str | None:
    if place.config.get("groups", 1) != 1:
        return f"groups={place.config['groups']}"
    if place.config.get("output_padding") is not None:
        return f"output_padding={place.config['output_padding']}"
    strides, kernel = place.config.get("strides", []), place.config.get("kernel_size", [])
    if place.call.class_name.endswith("Transpose") and any(s > k for s, k in zip(strides, kernel, strict=False)):
        return "strides above the kernel's size"
    return _channels_last(place)


def _convolution_1d(_: Place) -> str | None:
    return "DL4J cannot train it: its gradient fails"


def _recurrent(place: Place) -> str | None:
    return _recurrent_config(place.config, place)


def _recurrent_config(config: Mapping[str, Any], place: Place) -> str | None:
    if config.get("dl4j_masked"):
        return "a mask"
    for key in ("go_backwards", "return_state", "stateful", "time_major"):
        if config.get(key):
            return f"{key}=True"
    if len(place.inputs) > 1:
        return "an initial state"
    if config.get("recurrent_dropout"):
        return f"recurrent_dropout={config['recurrent_dropout']}"
    if place.keras_major == 3 and config.get("recurrent_activation") == "hard_sigmoid":
        return "recurrent_activation=hard_sigmoid, which Keras 3 computes otherwise than DL4J"
    return None if config.get("use_bias", True) else "use_bias=False"


def _bidirectional(place: Place) -> str | None:
    inner = place.config["layer"]
    if inner["class_name"] not in ("LSTM", "SimpleRNN"):
        return f"around {inner['class_name']}"
    backward = place.config.get("backward_layer")
    if backward and _mirrored(backward["config"]) != _mirrored(inner["config"]):
        return "a backward layer of its own"
    if place.config.get("merge_mode", "concat") is None:
        return "merge_mode=None"
    return _recurrent_config(inner["config"], place)


def _mirrored(config: Mapping[str, Any]) -> dict[str, Any]:
    """A layer's config without what the backward one of a pair has otherwise."""
    return {key: value for key, value in config.items() if key not in ("name", "go_backwards")}


def _relu(place: Place) -> str | None:
    return "threshold" if place.config.get("threshold") else None


def _prelu(place: Place) -> str | None:
    if place.config.get("shared_axes"):
        return "shared_axes"
    return None if place.rank == 2 else "on more than vectors"


def _last_axis(place: Place) -> str | None:
    axis = place.config.get("axis", -1)
    last = (-1, [-1], *([] if place.rank is None else [place.rank - 1, [place.rank - 1]]))
    return None if axis in last else f"axis={axis}"


def _concatenate(place: Place) -> str | None:
    return "of volumes" if place.rank == 5 else _last_axis(place)


def _batch_normalization(place: Place) -> str | None:
    if place.rank == 3 and place.first:
        return "on time steps directly after an input: DL4J takes steps for channels"
    return "on volumes" if place.rank == 5 else _last_axis(place)


def _embedding(place: Place) -> str | None:
    return "mask_zero=True: the importer makes another mask of it" if place.config.get("mask_zero") else None


def _global_pooling(place: Place) -> str | None:
    if place.config.get("dl4j_masked"):
        return "a mask"
    return "keepdims=True" if place.config.get("keepdims") else _channels_last(place)


def _reshape(place: Place) -> str | None:
    if any(shape is not None and len(shape) == 3 for shape in place.shapes):
        return "of an image: DL4J's gradient of it has the channels first"
    return "an open size in target_shape" if -1 in place.config["target_shape"] else None


def _pooling_1d(_: Place) -> str:
    return "DL4J takes steps for channels, but behind some layers"


def _up_sampling_2d(place: Place) -> str | None:
    if place.config.get("interpolation", "nearest") != "nearest":
        return f"interpolation={place.config['interpolation']}"
    return "directly on an input: DL4J takes rows for channels" if place.first else _channels_last(place)


def _permute(_: Place) -> str:
    return "the importer forgets it in front of a Flatten or a Reshape"


def _flatten(place: Place) -> str | None:
    if place.config.get("data_format") == "channels_first":
        return "data_format=channels_first"
    return None if place.input_rank in (2, 4) else "of more or less than an image"


#: Class → what is refused of it.
SUPPORTED: Mapping[str, Refuse] = {
    "Activation": lambda place: "as a copy" if place.config.get("dl4j_copy") else None,
    "Add": _merge,
    "AlphaDropout": _fine,
    "Average": _merge,
    "AveragePooling1D": _pooling_1d,
    "AveragePooling2D": _channels_last,
    "AveragePooling3D": _channels_last,
    "BatchNormalization": _batch_normalization,
    "Bidirectional": _bidirectional,
    "Concatenate": _concatenate,
    "Conv1D": _convolution_1d,
    "Conv2D": _convolution,
    "Conv2DTranspose": _convolution,
    "Conv3D": _convolution,
    "Cropping2D": _channels_last,
    "Dense": _dense,
    "Dropout": _fine,
    "ELU": _fine,
    "Embedding": _embedding,
    "Flatten": _flatten,
    "GaussianDropout": _fine,
    "GaussianNoise": _fine,
    "GlobalAveragePooling1D": _global_pooling,
    "GlobalAveragePooling2D": _global_pooling,
    "GlobalMaxPooling1D": _global_pooling,
    "GlobalMaxPooling2D": _global_pooling,
    "InputLayer": _fine,
    OWN_LAYER: _fine,
    "LSTM": _recurrent,
    "LeakyReLU": _fine,
    "MaxPooling1D": _pooling_1d,
    "MaxPooling2D": _channels_last,
    "MaxPooling3D": _channels_last,
    "Maximum": _merge,
    "Multiply": _merge,
    "PReLU": _prelu,
    "Permute": _permute,
    "ReLU": _relu,
    "RepeatVector": _fine,
    "Reshape": _reshape,
    "SeparableConv2D": _channels_last,
    "SimpleRNN": _recurrent,
    "Softmax": _last_axis,
    "SpatialDropout1D": _fine,
    "SpatialDropout2D": _channels_last,
    "SpatialDropout3D": _channels_last,
    "Subtract": _merge,
    "ThresholdedReLU": _fine,
    "UpSampling2D": _up_sampling_2d,
    "ZeroPadding2D": _channels_last,
}


def importable(file: KerasModelFile) -> int:
    """The major version of the Keras whose config a file holds, where its models can be brought over.

    Raises:
        TranslationError: the file holds no model, or one of a dialect that is not translated.
    """
    fix = ""
    if file.saved != "whole model" or file.container == "live":
        why = f"it holds {file.saved} ({file.container}), not a saved model"
        fix = "Save the whole model: model.save('model.keras')"
    else:
        return int((file.keras_version or "1")[0])  # the first ones did not say
    raise TranslationError("the model cannot be imported", because=why, file=file.path, fix=fix)


def refuse_unsupported(graph: Graph, file: str | None) -> None:
    """Raise one error for all layers that cannot be brought over.

    Raises:
        UnsupportedLayer: with one line for each.
    """
    refused = list(_refused(graph))
    if refused:
        raise UnsupportedLayer(
            f"{len(refused)} of {len(graph.calls)} layers cannot be brought into DL4J",
            because="; ".join(refused),
            layers=refused,
            file=file,
            where="model config",
        )


def _refused(graph: Graph) -> Iterator[str]:
    for place in places(graph):
        why = refusal(place)
        if why:
            yield f"{place.call.name} ({place.call.class_name}): {why}"


def places(graph: Graph) -> Iterator[Place]:
    """Each call with what rules ask about."""
    by_rank, shapes = ranks(graph), open_shapes(graph)
    for call in graph.calls:
        before = tuple(graph[name] for name in call.inputs)
        input_rank = by_rank.get(call.inputs[0]) if call.inputs else None
        inputs = tuple(shapes.get(name) for name in call.inputs)
        yield Place(call, before, by_rank.get(call.name), input_rank, graph.keras_major, inputs)


def refusal(place: Place) -> str | None:
    """Why the importer cannot compute a call as Keras does; None where it can."""
    if "dl4j_refused" in place.config:
        return str(place.config["dl4j_refused"])
    rule = SUPPORTED.get(place.call.class_name)
    if rule is None:
        return "the importer does not know this layer"
    return rule(place) or _time_in_batch(place) or _activation(place) or arguments(place.call)


def _time_in_batch(place: Place) -> str | None:
    name = place.call.class_name
    if not place.config.get("dl4j_time_in_batch") or not (name == "Reshape" or (name == "Dense" and place.rank != 2)):
        return None
    return "inside of TimeDistributed, where DL4J would take the model's batch for the layer's"


def _activation(place: Place) -> str | None:
    name = place.config.get("activation")
    if name is None or name in IMPORTED_ACTIVATIONS:
        if name == "hard_sigmoid" and place.keras_major == 3:
            return "activation hard_sigmoid, which Keras 3 computes otherwise than DL4J"
        return None
    return f"activation {name}"


def arguments(call: Call) -> str | None:
    """What a call was given besides its inputs that may change what it computes."""
    given = [key for key, value in call.kwargs.items() if value not in (None, False)]
    return f"called with {', '.join(given)}" if given else None
