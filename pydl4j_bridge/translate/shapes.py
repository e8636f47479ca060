"""Shapes in Keras configs, in all the spellings that the dialects have for them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def batch_shape(config: Mapping[str, Any]) -> list[int | None] | None:
    """The shape of a layer's input with the batch first, None where its config does not say.

    ``batch_input_shape`` in Keras 1 and 2, ``batch_shape`` in Keras 3, ``input_shape`` or ``input_dim`` in old ones.
    """
    for key in ("batch_input_shape", "batch_shape"):
        shape = plain(config.get(key))
        if isinstance(shape, list):
            return shape
    shape = plain(config.get("input_shape"))
    if isinstance(shape, list):
        return [None, *shape]
    return None


def plain(value: Any) -> Any:
    """``value`` without Keras's wrapping of tuples: ``{"class_name": "__tuple__", "items": [...]}`` → a list."""
    if value is None or isinstance(value, (str, int, float)):  # most are, and asking for a Mapping is slow
        return value
    if isinstance(value, (dict, Mapping)):
        if value.get("class_name") == "__tuple__" and isinstance(value.get("items"), list):
            return [plain(item) for item in value["items"]]
        return {key: plain(inner) for key, inner in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(inner) for inner in value]
    return value
