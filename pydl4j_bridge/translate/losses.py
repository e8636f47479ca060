"""Keras losses in the importer's words. Only those whose gradient in DL4J is Keras's."""

from __future__ import annotations

import re
from collections.abc import Mapping
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


def importer_losses(loss: Any, graph: Graph) -> tuple[dict[str, str] | None, str]:
    """Output of the model → the importer's loss; or None and why there is none.

    Args:
        loss: as the training config has it: a name, an object, a list or a dict of these for several outputs.
        graph: the model after the passes.
    """
    if loss is None:
        return None, "the file has no loss"
    of_output = _by_output(loss, graph.outputs)
    if of_output is None:
        return None, f"the losses of its {len(graph.outputs)} outputs cannot be told apart"
    found: dict[str, str] = {}
    by_rank = ranks(graph)
    for output, described in of_output.items():
        ends_in_dense = "Dense" in (
            graph[output].class_name,
            *(graph[name].class_name for name in graph[output].inputs),
        )
        if not ends_in_dense or by_rank.get(output) != 2:
            return None, f"its output {output} is not the vector of a Dense layer"
        name, why = _loss(described)
        if name == "binary_crossentropy" and graph[output].config.get("units") != 1:
            name, why = None, "DL4J's gradient of binary_crossentropy is Keras's times the number of outputs"
        if name is None:
            return None, why
        found[output] = name
    return found, ""


def _by_output(loss: Any, outputs: tuple[str, ...]) -> dict[str, Any] | None:
    if isinstance(loss, str) or (isinstance(loss, Mapping) and "class_name" in loss):
        return dict.fromkeys(outputs, loss)
    if isinstance(loss, list) and len(loss) == len(outputs):
        return dict(zip(outputs, loss, strict=True))
    if isinstance(loss, Mapping) and loss.keys() == set(outputs):
        return {output: loss[output] for output in outputs}
    return None


def _loss(described: Any) -> tuple[str | None, str]:
    config: Mapping[str, Any] = {}
    name = described
    if isinstance(described, Mapping):
        name, config = described.get("class_name"), described.get("config") or {}
        if name == "function" or not isinstance(config, Mapping):
            name, config = described.get("config"), {}
    if not isinstance(name, str):
        return None, "its loss is not one of Keras's own"
    spelled = re.sub(r"(?<=[a-z])(?=[A-Z])", "_", name.rpartition(">")[2]).lower()
    if spelled not in LOSSES:
        return None, f"the loss {name} has another gradient in DL4J, or is not known there"
    for key, value in config.items():
        neutral = _NEUTRAL.get(key)
        if neutral is None or (neutral and value not in neutral):
            return None, f"DL4J's {name} has no {key}={value!r}"
    return LOSSES[spelled], ""
