"""Keras losses in the importer's words. Only those whose gradient in DL4J is Keras's."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pydl4j_bridge.translate.graph import Graph
from pydl4j_bridge.translate.ranks import ranks

#: Keras's name of a loss, in all spellings → the importer's.
LOSSES: Mapping[str, str] = {
    "mse": "mean_squared_error",
    "mean_squared_error": "mean_squared_error",
    "mae": "mean_absolute_error",
    "mean_absolute_error": "mean_absolute_error",
    "mape": "mean_absolute_percentage_error",
    "mean_absolute_percentage_error": "mean_absolute_percentage_error",
    "msle": "mean_squared_logarithmic_error",
    "mean_squared_logarithmic_error": "mean_squared_logarithmic_error",
    "kld": "kullback_leibler_divergence",
    "kl_divergence": "kullback_leibler_divergence",
    "kullback_leibler_divergence": "kullback_leibler_divergence",
    "categorical_crossentropy": "categorical_crossentropy",
    "sparse_categorical_crossentropy": "sparse_categorical_crossentropy",
    "binary_crossentropy": "binary_crossentropy",
}
#: Settings of a loss that change nothing at these values.
_NEUTRAL: Mapping[str, tuple[Any, ...]] = {
    "from_logits": (False,),
    "label_smoothing": (0, 0.0),
    "axis": (-1,),
    "ignore_class": (None,),
    "reduction": ("auto", "sum_over_batch_size", "none_and_mean"),
    "name": (),
    "fn": (),
    "dtype": (),
}


@dataclass(frozen=True, slots=True)
class Compiled:
    """What a model is trained with, as the training config has it.

    Attributes:
        loss: a name, an object, a list or a dict of these for several outputs; None: it is not trained.
        weights: what the losses of several outputs count: a list or a dict; None: each the same.
    """

    loss: Any = None
    weights: Any = None


NOT_COMPILED = Compiled()


def importer_losses(compiled: Compiled, graph: Graph) -> dict[str, str] | None:
    """Output of the model → the importer's loss; None where one has another gradient in DL4J, or wants another layer.

    Args:
        compiled: the losses.
        graph: the model after the passes.
    """
    of_output = by_output(compiled.loss, graph.outputs)
    if of_output is None or compiled.weights is not None:
        return None
    found: dict[str, str] = {}
    by_rank = ranks(graph)
    for output, described in of_output.items():
        ends_in_dense = "Dense" in (
            graph[output].class_name,
            *(graph[name].class_name for name in graph[output].inputs),
        )
        name = _loss(described)
        scaled = name == "binary_crossentropy" and graph[output].config.get("units") != 1
        if name is None or scaled or not ends_in_dense or by_rank.get(output) != 2:
            return None
        found[output] = name
    return found


def by_output(loss: Any, outputs: tuple[str, ...]) -> dict[str, Any] | None:
    """Output → its loss, from what the training config has; None where they cannot be told apart."""
    if isinstance(loss, str) or (isinstance(loss, Mapping) and "class_name" in loss):
        return dict.fromkeys(outputs, loss)
    if isinstance(loss, list) and len(loss) == len(outputs):
        return dict(zip(outputs, loss, strict=True))
    if isinstance(loss, Mapping) and loss.keys() == set(outputs):
        return {output: loss[output] for output in outputs}
    return None


def described_loss(described: Any) -> tuple[Any, Mapping[str, Any]]:
    """Name and settings of a loss that a config describes by its name, as an object or as a function."""
    if not isinstance(described, Mapping):
        return described, {}
    name, config = described.get("class_name"), described.get("config") or {}
    if name == "function" or not isinstance(config, Mapping):
        return described.get("config"), {}
    return name, config


def _loss(described: Any) -> str | None:
    name, config = described_loss(described)
    if not isinstance(name, str):
        return None
    neutral = all(key in _NEUTRAL and (not _NEUTRAL[key] or value in _NEUTRAL[key]) for key, value in config.items())
    return LOSSES.get(spelled(name)) if neutral else None


def spelled(name: str) -> str:
    """The name of a loss as a function's, without the prefix of a registration."""
    return re.sub(r"(?<=[a-z])(?=[A-Z])", "_", name.rpartition(">")[2]).lower()
