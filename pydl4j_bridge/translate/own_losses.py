"""Keras losses as layers of our own, where DL4J's has another gradient, lacks a setting, or wants vectors."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from pydl4j_bridge.translate.graph import OWN_LAYER, Call, Graph
from pydl4j_bridge.translate.losses import Compiled, by_output, described_loss, spelled
from pydl4j_bridge.translate.output_shapes import Shape, output_shapes

#: What ``KerasLoss.java`` computes, and Keras's other names of it.
_NAMES: Mapping[str, str] = {
    **{
        name: name
        for name in (
            "binary_crossentropy", "categorical_crossentropy", "categorical_hinge", "cosine_similarity", "hinge",
            "huber", "kl_divergence", "log_cosh", "mean_absolute_error", "mean_absolute_percentage_error",
            "mean_squared_error", "mean_squared_logarithmic_error", "poisson", "sparse_categorical_crossentropy",
            "squared_hinge",
        )
    },
    "bce": "binary_crossentropy",
    "huber_loss": "huber",
    "kld": "kl_divergence",
    "kldivergence": "kl_divergence",
    "kullback_leibler_divergence": "kl_divergence",
    "logcosh": "log_cosh",
    "mae": "mean_absolute_error",
    "mape": "mean_absolute_percentage_error",
    "mse": "mean_squared_error",
    "msle": "mean_squared_logarithmic_error",
}  # fmt: skip
_SETTINGS = frozenset({"from_logits", "label_smoothing", "delta"})
_NEUTRAL: Mapping[str, tuple[Any, ...]] = {
    "axis": (-1,),
    "ignore_class": (None,),
    "reduction": ("auto", "sum_over_batch_size", "none_and_mean"),
}
_MEANINGLESS = frozenset({"name", "fn", "dtype"})


@dataclass(frozen=True, slots=True)
class OwnLoss:
    """What is behind one output.

    Attributes:
        shape: of the output in Keras, without the batch: the network's is flat.
        classes: the labels are classes as integers in Keras.
    """

    shape: Shape
    classes: bool


def own_losses(compiled: Compiled, graph: Graph) -> tuple[Graph, tuple[OwnLoss, ...], str]:
    """The graph with a loss layer behind each output; or as it is, nothing, and why.

    Args:
        compiled: the losses.
        graph: the model after all passes.
    """
    of_output = by_output(compiled.loss, graph.outputs)
    counts = by_output(compiled.weights or [1.0] * len(graph.outputs), graph.outputs)
    if of_output is None or counts is None:
        return graph, (), f"the losses of its {len(graph.outputs)} outputs cannot be told apart"
    shapes = output_shapes(graph)
    added: list[Call] = []
    made: list[OwnLoss] = []
    for output in graph.outputs:
        name, settings, why = _loss(of_output[output])
        if why or output not in shapes:
            return graph, (), why or f"the shape of its output {output} is not known"
        shape = shapes[output]
        classes = name.startswith("sparse_")
        settings["weight"] = float(counts[output])
        added += _layers(output, shape, name.removeprefix("sparse_"), settings)
        made.append(OwnLoss(shape, classes))
    outputs = tuple(f"{output}_loss" for output in graph.outputs)
    return replace(graph, calls=(*graph.calls, *added), outputs=outputs), tuple(made), ""


def _layers(output: str, shape: Shape, name: str, settings: Mapping[str, Any]) -> list[Call]:
    numbers = math.prod(shape)
    calls: list[Call] = []
    before = output
    if len(shape) > 1:
        flat = {
            "@class": "org.pydl4j.layers.Rearrangement",
            "config": {"operation": "reshape", "target": [numbers]},
            "outputShape": [numbers],
        }
        calls.append(Call(f"{output}_flat", OWN_LAYER, {"layer": flat}, (output,), (output,)))
        before = f"{output}_flat"
    loss = {
        "@class": "org.deeplearning4j.nn.conf.layers.LossLayer",
        "nIn": numbers,
        "nOut": numbers,
        "activationFn": {"@class": "org.nd4j.linalg.activations.impl.ActivationIdentity"},
        "lossFn": {"@class": "org.pydl4j.KerasLoss", "loss": name, "settings": dict(settings), "shape": list(shape)},
        "outputShape": [numbers],  # for this package, DL4J skips it
    }
    calls.append(Call(f"{output}_loss", OWN_LAYER, {"layer": loss}, (before,), (output,)))
    return calls


def _loss(described: Any) -> tuple[str, dict[str, Any], str]:
    """Name in ``_NAMES``, settings, and why it cannot be; the last is empty where it can."""
    name, config = described_loss(described)
    if not isinstance(name, str):
        return "", {}, "its loss is not one of Keras's own"
    known = _NAMES.get(spelled(name))
    if known is None:
        return "", {}, f"the loss {name} is not known here"
    settings = {}
    for key, value in config.items():
        if key in _SETTINGS:
            settings[key] = value
        elif key not in _MEANINGLESS and value not in _NEUTRAL.get(key, ()):
            return "", {}, f"{name} with {key}={value!r} is not known here"
    return known, settings, ""
