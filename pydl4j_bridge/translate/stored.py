"""An ``ImportableModel`` as plain JSON values and back, so that a saved network can be used as the imported one was."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from pydl4j_bridge.translate.own_losses import OwnLoss
from pydl4j_bridge.translate.plan import ImportableModel, LayerPlan


def to_dict(model: ImportableModel) -> dict[str, Any]:
    """The model as plain JSON values; the attributes' names are the keys."""
    return asdict(model)


def from_dict(values: Mapping[str, Any]) -> ImportableModel:
    """The inverse of :func:`to_dict`, also after the way through JSON text, which knows no tuples.

    Raises:
        KeyError, TypeError, ValueError: these are not the values of a model.
    """
    return ImportableModel(
        config=values["config"],
        sequential=bool(values["sequential"]),
        layers={name: tuple(path) for name, path in values["layers"].items()},
        plans={name: _plan(plan) for name, plan in values["plans"].items()},
        nodes={name: tuple(path) for name, path in values["nodes"].items()},
        shapes={name: _shapes(weights) for name, weights in values["shapes"].items()},
        inputs=tuple(map(tuple, values["inputs"])),
        indices=tuple(values["indices"]),
        steps=tuple(values["steps"]),
        losses=values["losses"],
        own_losses=tuple(OwnLoss(tuple(loss["shape"]), bool(loss["classes"])) for loss in values["own_losses"]),
        notes=tuple(values["notes"]),
        classes=values["classes"],
        axes=_shapes(values["axes"]),
        dtype=str(values["dtype"]),
    )


def _shapes(weights: Mapping[str, Any]) -> dict[str, tuple[int, ...]]:
    return {name: tuple(shape) for name, shape in weights.items()}


def _plan(values: Mapping[str, Any]) -> LayerPlan:
    tuples: dict[str, Any] = {name: tuple(values[name]) for name in ("regularization", "bias_regularization")}
    tuples["activation"] = None if values["activation"] is None else tuple(values["activation"])
    tuples["constants"] = {name: tuple(numbers) for name, numbers in values["constants"].items()}
    tuples["reshaped"] = _shapes(values["reshaped"])
    return LayerPlan(**{**values, **tuples})
