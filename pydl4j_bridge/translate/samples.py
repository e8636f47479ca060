"""Inputs to hold two networks of one model against each other with, and how far apart their outputs are."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from pydl4j_bridge.translate.plan import ImportableModel

_SEED = 20240229
_BATCH = 3
#: For a size that the model leaves open, by the number of sizes: steps, images, volumes.
_OPEN = {1: 12, 2: 12, 3: 32, 4: 12}

#: Outputs that are no further apart than this, relative to the largest of them, are the same but for rounding.
SAME = 1e-5


def sample_inputs(model: ImportableModel) -> list[NDArray[np.float32]]:
    """One array for each input of a model, the same in every run: normal numbers, or indices where it embeds them."""
    random = np.random.default_rng(_SEED)
    found = []
    for shape, indices in zip(model.inputs, model.indices, strict=True):
        sizes = (_BATCH, *(_OPEN.get(len(shape), 12) if size is None else size for size in shape))
        values = random.normal(size=sizes) if indices is None else random.integers(0, indices, size=sizes)
        found.append(values.astype(np.float32))
    return found


def relative_difference(ours: Sequence[NDArray[np.float32]], others: Sequence[NDArray[np.float32]]) -> float:
    """The largest difference of two lists of outputs of the same shapes, relative to the largest of ``ours``.

    Infinite where one has a number and the other has none (NaN) or an infinite one.
    """
    worst = 0.0
    for one, other in zip(ours, others, strict=True):
        with np.errstate(invalid="ignore"):
            apart = np.abs(one.astype(np.float64) - other)
        apart[(one == other) | (np.isnan(one) & np.isnan(other))] = 0.0
        if not np.isfinite(apart).all():
            return float("inf")
        largest = np.abs(one[np.isfinite(one)]).max(initial=1e-30)
        worst = max(worst, float(apart.max(initial=0.0) / largest))
    return worst
