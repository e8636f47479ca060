"""The files in tests/data/training: the state in the middle of each training, as the tests that train on need it."""

import json
from functools import cache
from pathlib import Path

import numpy as np
import pytest

from pydl4j_bridge import map_optimizer
from pydl4j_bridge.kerasfile import read
from pydl4j_bridge.kerasfile.contents import open_model
from pydl4j_bridge.kerasfile.optimizer_state import OptimizerState, read_state
from pydl4j_bridge.mapping.rules import RULES
from pydl4j_bridge.translate import bind_weights, trainable_variables

DATA = Path(__file__).parents[1] / "data" / "training"
DIALECTS = ("keras3", "tfkeras", "tfkeras-legacy")


@cache
def recorded(dialect: str) -> tuple[dict, dict]:
    """Case → what scripts/make_training.py says of it, and its arrays."""
    with np.load(DATA / f"{dialect}.npz") as arrays:
        return json.loads((DATA / f"{dialect}.json").read_text())["cases"], dict(arrays)


FILES = [
    (dialect, case, name)
    for dialect in DIALECTS
    for case, entry in recorded(dialect)[0].items()
    for name in entry["files"]
]


def test_every_optimizer_is_trained_in_every_dialect():
    """All optimizers that are mapped, in each dialect that has them."""
    for dialect in DIALECTS:
        found = {entry["optimizer"] for entry in recorded(dialect)[0].values()}
        assert found == RULES.keys() - ({"AdamW"} if dialect == "tfkeras-legacy" else set())


@pytest.mark.parametrize(("dialect", "case", "name"), FILES)
def test_the_file_holds_the_state_of_its_trainable_variables(dialect, case, name):
    """20 iterations, the slots that were recorded at the end, and an optimizer that can be mapped exactly."""
    entry, arrays = recorded(dialect)[0][case], recorded(dialect)[1]
    path = DATA / name
    file = read(path)
    with open_model(path, file.container) as contents:
        bound = bind_weights(contents)
        trainable = [
            ("/".join((*layer, weight)), bound[layer][weight].shape)
            for layer, weight in trainable_variables(contents.config, bound)
        ]
        state = read_state(contents, file.optimizer, trainable)
        assert [list(shape) for _, shape in trainable] == entry["trainable"]
        assert [
            [layer[-1], [list(array.shape) for array in weights.values()]]
            for layer, weights in bound.items()
            if weights
        ] == entry["layers"]
        assert isinstance(state, OptimizerState)
        assert state.iterations == entry["iterations"]["saved"] == 20
        after = {key.rpartition("|")[2]: array for key, array in arrays.items() if key.startswith(f"{case}|slot|")}
        # tf.keras keeps a momentum for an SGD without one, which it never touches.
        assert state.slots.keys() == after.keys() or (dialect == "tfkeras" and not after)
        for slot, array in after.items():
            kept = np.concatenate([one.read().ravel() for one in state.slots[slot]])
            assert kept.shape == array.shape
            assert kept.dtype == array.dtype == entry["dtype"]
            assert not np.array_equal(kept, array)
        assert arrays[f"{case}|weights"].shape[1] == sum(
            np.prod(shape, dtype=int) for _, shapes in entry["layers"] for shape in shapes
        )
    assert map_optimizer(file.optimizer, fidelity="exact", on_loss="ignore").updater
