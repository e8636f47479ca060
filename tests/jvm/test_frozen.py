"""Imported networks trained by DL4J, held against what real Keras trained the same models to."""

from pathlib import Path

import numpy as np
import pytest

import pydl4j_bridge
from pydl4j_bridge.mapping import UpdaterSpec

pytestmark = pytest.mark.usefixtures("jvm")

TRAINING = Path(__file__).parents[1] / "data" / "frozen"
STEPS = 3
MODELS = sorted(path for path in TRAINING.iterdir() if path.suffix != ".npz")
TRAINED = [path for path in MODELS if "-not-" not in path.name]
NOT_TRAINED = [path for path in MODELS if "-not-" in path.name]


def fit(network, x: np.ndarray, y: np.ndarray, steps: int = STEPS) -> None:
    """Train a network on one batch."""
    import jpype

    from pydl4j_bridge.jvm.arrays import to_indarray

    arrays = jpype.JArray(jpype.JClass("org.nd4j.linalg.api.ndarray.INDArray"))
    graph = str(network.getClass().getSimpleName()) == "ComputationGraph"
    for _ in range(steps):
        batch = [to_indarray(x), to_indarray(y)]
        network.fit(*([arrays([one]) for one in batch] if graph else batch))


@pytest.mark.parametrize("path", TRAINED, ids=lambda path: path.name)
def test_frozen_layers_stay_and_the_others_move_as_in_keras(path):
    """After some steps each weight is what it is in Keras; a frozen one has not moved by a bit."""
    model = pydl4j_bridge.import_model(path)
    assert model.notes == ()
    with np.load(path.with_suffix(".npz")) as arrays:
        keras = dict(arrays)
    before = model.weights()
    assert model.predict(keras["x"]) == pytest.approx(keras["before"], rel=1e-5, abs=1e-5)
    fit(model.java, keras["x"], keras["y"])
    after = model.weights()
    assert {f"after/{key}" for key in after} == {key for key in keras if key.startswith("after/")}
    moved = 0
    for key, array in after.items():
        expected = keras[f"after/{key}"]
        if np.array_equal(expected, before[key]):
            assert np.array_equal(array, expected), key
        else:
            moved += 1
            assert np.abs(array - expected).max() <= 1e-5 * max(1, np.abs(expected).max()), key
    assert 0 < moved < len(after)


@pytest.mark.parametrize("path", NOT_TRAINED, ids=lambda path: path.name)
def test_frozen_layers_that_dl4j_cannot_train_around_are_named(path):
    """The network predicts and has no loss layer: fit fails, and the note says which layer is why."""
    model = pydl4j_bridge.import_model(path)
    (note,) = model.notes
    assert "fit cannot train it" in note
    assert "is frozen" in note
    with np.load(path.with_suffix(".npz")) as arrays:
        assert model.predict(arrays["x"]) == pytest.approx(arrays["before"], rel=1e-5, abs=1e-5)


@pytest.mark.parametrize("name", ["keras-frozen-lstm-sgd", "keras-frozen-branch-sgd", "keras-frozen-model-sgd"])
def test_a_rebuilt_network_trains_like_a_fresh_import(name):
    """The same weights, another updater, no step made yet, and nothing shared with the network that it came from."""
    path = TRAINING / f"{name}.keras"
    spec = UpdaterSpec("Adam", {"learningRate": 0.02, "beta1": 0.9, "beta2": 0.99, "epsilon": 1e-7})
    with np.load(path.with_suffix(".npz")) as arrays:
        x, y = arrays["x"], arrays["y"]
    fresh = pydl4j_bridge.import_model(path)
    fresh.set_updater(spec)
    fit(fresh.java, x, y)
    old = pydl4j_bridge.import_model(path)
    before, weights, updaters = old.predict(x), old.weights(), old.updaters()
    fit(old.java, x, y)  # so that it has counted steps
    old.set_weights(weights)
    made = old.rebuild(spec)
    assert set(map(repr, made.updaters().values())) == {repr(spec)}
    assert np.array_equal(made.predict(x), before)
    fit(made.java, x, y)
    for key, array in fresh.weights().items():
        assert np.array_equal(made.weights()[key], array), key
    assert old.updaters() == updaters
    assert all(np.array_equal(array, weights[key]) for key, array in old.weights().items())


def test_a_model_without_an_optimizer_gets_one_when_it_is_rebuilt():
    """On the layers that are trained; what the import has noted still holds."""
    spec = UpdaterSpec("Sgd", {"learningRate": 0.1})
    model = pydl4j_bridge.import_model(TRAINING / "keras-frozen-first-sgd.keras", enforce_training_config=False)
    made = model.rebuild(spec)
    assert (made.updater, model.updater) == (spec, None)
    assert made.updaters() == {"dense_1": spec}
    assert made.notes == model.notes


def test_a_frozen_layer_carries_no_updater():
    """Neither the frozen layers nor the statistics of a frozen BatchNormalization have one that could move them."""
    model = pydl4j_bridge.import_model(TRAINING / "keras-frozen-convolutions-adamw.keras")
    assert set(model.updaters()) == {"conv2d_1", "dense"}
    model.set_learning_rate(0.5)
    assert {spec.fields["learningRate"] for spec in model.updaters().values()} == {0.5}
