"""The update rules alone: what our updaters do to a vector of parameters, against what real Keras did to it."""

import json
from functools import cache
from pathlib import Path

import numpy as np
import pytest

from pydl4j_bridge import build_updater, map_optimizer
from pydl4j_bridge.jvm.arrays import to_indarray, to_numpy
from pydl4j_bridge.jvm.networks import one_by_one
from pydl4j_bridge.mapping import UpdaterSpec
from pydl4j_bridge.mapping.rules import RULES
from pydl4j_bridge.mapping.targets import ONE_BY_ONE, OWN_UPDATERS

pytestmark = pytest.mark.usefixtures("jvm")

DATA = Path(__file__).parents[1] / "data" / "rules"
DIALECTS = ("keras3", "tfkeras", "tfkeras-legacy")
STEPS = (10, 60)
#: Of the longest way that a parameter has gone. ND4J's Adam takes most of it: 1 - beta2 is rounded to float32 there.
NEAR = 1e-5


@cache
def recorded(dialect: str) -> tuple[dict, dict]:
    """Case → the optimizer that Keras serialised, and the arrays (scripts/make_rules_data.py)."""
    with np.load(DATA / f"{dialect}.npz") as arrays:
        return json.loads((DATA / f"{dialect}.json").read_text())["cases"], dict(arrays)


CASES = [(dialect, name) for dialect in DIALECTS for name in recorded(dialect)[0]]


def apply(spec: UpdaterSpec, start: np.ndarray, gradients: np.ndarray) -> np.ndarray:
    """The parameters after each of STEPS, as DL4J applies an updater and weight decay: one view of state per block."""
    import jpype

    updater = build_updater(spec)
    size = int(updater.stateSize(len(start)))
    state = to_indarray(np.full((1, size), 7.0, np.float32)) if size else None  # initializing has to overwrite it
    running = updater.instantiate(jpype.JObject(state, "org.nd4j.linalg.api.ndarray.INDArray"), True)
    decay = None
    if "weightDecay" in spec.layer_settings:
        coefficient, apply_rate = spec.layer_settings["weightDecay"]
        decay = jpype.JClass("org.nd4j.linalg.learning.regularization.WeightDecay")(
            jpype.JDouble(coefficient), apply_rate
        )
    parameters = to_indarray(start[None], copy=True)
    after = []
    for iteration, gradient in enumerate(gradients):
        view = to_indarray(gradient[None], copy=True)
        running.applyUpdater(view, iteration, 0)
        if decay is not None:
            decay.apply(parameters, view, updater.getLearningRate(iteration, 0), iteration, 0)
        parameters.subi(view)
        if iteration + 1 in STEPS:
            after.append(to_numpy(parameters, copy=True)[0])
    return np.stack(after)


def deviation(dialect: str, name: str, spec: UpdaterSpec) -> float:
    """The largest difference from Keras over what is allowed, which is NEAR of the longest way that a parameter has
    gone, and two roundings of the largest parameter.
    """
    arrays = recorded(dialect)[1]
    difference = np.abs(apply(spec, arrays["start"], arrays["gradients"]) - arrays[name]).max(axis=1)
    way = np.abs(arrays[name] - arrays["start"]).max(axis=1)
    rounding = np.finfo(np.float32).eps * np.abs(arrays[name]).max(axis=1)
    return float((difference / (NEAR * way + 2 * rounding)).max())


def test_every_rule_is_recorded():
    """The tests below are about all optimizers that are mapped, and all updaters of ours."""
    specs = [map_optimizer(recorded(d)[0][name], fidelity="exact", on_loss="ignore") for d, name in CASES]
    # Of KerasAdam is the test after the next: it stands only for ND4J's own two, under an embedding.
    assert {spec.updater for spec in specs} >= OWN_UPDATERS.keys() - {"KerasAdam"}
    for dialect in DIALECTS:
        described = recorded(dialect)[0].values()
        found = {one["class_name"].rpartition(">")[2] for one in described}
        assert found == RULES.keys() - ({"AdamW"} if dialect == "tfkeras-legacy" else set())


@pytest.mark.parametrize(("dialect", "name"), CASES)
def test_exact_means_keras_rule(dialect, name):
    """10 and 60 steps with fidelity="exact" end where Keras ended."""
    spec = map_optimizer(recorded(dialect)[0][name], fidelity="exact")
    assert deviation(dialect, name, spec) <= 1


@pytest.mark.parametrize(("dialect", "name"), CASES)
def test_what_embeddings_take_has_the_same_rule(dialect, name):
    """Where an embedding takes an updater of ours in the place of ND4J's, it ends where Keras ended as well."""
    spec = one_by_one(map_optimizer(recorded(dialect)[0][name], fidelity="exact"))
    assert spec.updater in OWN_UPDATERS or spec.updater not in ONE_BY_ONE
    assert deviation(dialect, name, spec) <= 1


@pytest.mark.parametrize(("dialect", "name"), CASES)
def test_findings_tell_where_nd4j_has_another_rule(dialect, name):
    """ND4J's own class ends elsewhere exactly where the findings say that the training changes."""
    spec = map_optimizer(recorded(dialect)[0][name], on_loss="ignore")
    changes = any(finding.changes_training for finding in spec.findings)
    assert (deviation(dialect, name, spec) > 1) == changes
