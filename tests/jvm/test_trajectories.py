"""Trainings that real Keras recorded (scripts/make_trajectories.py), held against the same in DL4J."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import pytest

import pydl4j_bridge
from pydl4j_bridge.errors import InvalidConfig, NotAKerasFile

pytestmark = pytest.mark.usefixtures("jvm")

DATA = Path(__file__).parents[1] / "data" / "trajectories"
TRAJECTORIES = sorted(folder.name for folder in DATA.iterdir())


def changed(name: str, where: Path, **arrays: np.ndarray) -> Path:
    """A copy of a trajectory with other batches or losses."""
    folder = where / name
    shutil.copytree(DATA / name, folder)
    with np.load(folder / "batches.npz") as found:
        np.savez(folder / "batches.npz", **{**found, **arrays})
    return folder


@pytest.mark.parametrize("name", TRAJECTORIES)
def test_dl4j_trains_as_keras_did(name):
    """Every loss, weight, slot and step count, in each recorded file."""
    trajectory = pydl4j_bridge.read_trajectory(DATA / name)
    report = pydl4j_bridge.compare_training(trajectory.files[0], trajectory)
    assert report.equal, str(report)
    recorded = [step for step in report.steps if step.tensors]
    assert [step.step for step in recorded] == [3, 6, 9, 10]
    assert [step.iterations for step in recorded] == [(13, 13), (16, 16), (19, 19), (20, 20)]
    assert {"weight", "velocity"} <= {tensor.kind for tensor in recorded[0].tensors}
    assert {"norm/moving_mean", "norm/moving_variance"} <= {tensor.name for tensor in recorded[0].tensors}
    assert "10 steps</summary>" in report._repr_html_()


def test_another_rule_leaves_keras_at_its_first_step(tmp_path):
    """ND4J's Nadam has no momentum schedule: the report names the step, and what left first."""
    report = pydl4j_bridge.compare_training(
        DATA / "keras3-nadam" / "after-000000.keras", DATA / "keras3-nadam", fidelity="nd4j"
    )
    assert report.first == (2, "loss")  # of step 2, before its update: what step 1 made of the weights
    assert report.worst.relative > 0.1
    assert "apart by more than rounding after step 2: loss" in str(report)
    values = json.loads(json.dumps(report.to_dict()))
    assert (values["equal"], values["first"]) == (False, {"step": 2, "what": "loss"})
    assert len(values["steps"]) == 10


def test_a_fresh_state_is_seen(tmp_path):
    """The step's number and the moments are compared as well as the weights."""
    folder = DATA / "keras3-two-in-two-out"
    report = pydl4j_bridge.compare_training(folder / "after-000000.keras", folder, state=False)
    assert not report.equal
    assert report.steps[2].iterations == (3, 13)


def test_other_batches_are_another_training(tmp_path):
    """A label that Keras did not get is seen in the loss of its step."""
    folder = changed("keras3-nadam", tmp_path, **{"y-4-0": np.eye(3, dtype="f4")[[0] * 8]})
    report = pydl4j_bridge.compare_training(folder / "after-000000.keras", folder)
    assert report.first == (5, "loss")


def test_a_trajectory_of_another_model_is_an_error(tmp_path):
    """Its files lack the network's weights."""
    with pytest.raises(InvalidConfig, match="of another model"):
        pydl4j_bridge.compare_training(DATA.parent / "training" / "keras3" / "adam.keras", DATA / "keras3-nadam")


def test_a_folder_without_a_trajectory_is_an_error(tmp_path):
    """Nothing in it, something else in it, or not all of it."""
    with pytest.raises(NotAKerasFile, match="record_training"):
        pydl4j_bridge.read_trajectory(tmp_path)
    (tmp_path / "batches.npz").write_text("no")
    with pytest.raises(NotAKerasFile):
        pydl4j_bridge.read_trajectory(tmp_path)
    folder = changed("keras3-nadam", tmp_path)
    (folder / "after-000000.keras").unlink()
    with pytest.raises(InvalidConfig, match="before the first step"):
        pydl4j_bridge.read_trajectory(folder)


def test_a_batch_that_is_missing_is_an_error(tmp_path):
    """There is a loss for each batch."""
    folder = changed("keras3-nadam", tmp_path, loss=np.zeros(11))
    with pytest.raises(InvalidConfig, match="step 11"):
        pydl4j_bridge.read_trajectory(folder)


def test_a_live_keras_model_is_recorded_and_compared():
    """In the same process, where Keras is installed."""
    keras = pytest.importorskip("keras", reason="a live model needs Keras, which the tests do without")
    model = keras.Sequential([keras.layers.Input((4,)), keras.layers.Dense(3, activation="softmax")])
    model.compile(keras.optimizers.Nadam(0.01), "categorical_crossentropy")
    random = np.random.default_rng(3)
    batches = [(random.normal(size=(8, 4)).astype("f4"), np.eye(3, dtype="f4")[np.arange(8) % 3]) for _ in range(5)]
    report = pydl4j_bridge.compare_training(model, batches)
    assert report.equal, str(report)
    assert all(step.tensors for step in report.steps)
