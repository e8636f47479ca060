"""Weights read back from a network against the arrays in the file, and put into it."""

import json
from pathlib import Path

import numpy as np
import pytest

import pydl4j_bridge
from pydl4j_bridge.errors import InvalidConfig, TranslationError
from pydl4j_bridge.jvm import layouts
from pydl4j_bridge.kerasfile.contents import open_model
from pydl4j_bridge.translate import bind_weights

pytestmark = pytest.mark.usefixtures("jvm")

DATA = Path(__file__).parents[1] / "data"
ZOO = DATA / "zoo"
MANIFEST = json.loads((ZOO / "cases.json").read_text())["cases"]
#: What a network does not have of Keras's.
LEFT_BEHIND = {"count", "vector_u"}
seen: set[str] = set()


def files() -> list[str]:
    """Every saved model of the zoo."""
    return [f"{case}.{container}" for case, entry in MANIFEST.items() for container in entry["containers"]]


def stored(path: Path) -> dict[str, np.ndarray]:
    """The weights in a file by the names that ``weights()`` has."""
    with open_model(path, path.suffix[1:]) as contents:
        return {
            "/".join((*layer, name)): array.read().astype(np.float32)
            for layer, arrays in bind_weights(contents).items()
            for name, array in arrays.items()
            if name not in LEFT_BEHIND and not name.endswith(" again")
        }


@pytest.mark.parametrize("name", files())
def test_weights_are_those_in_the_file_bit_for_bit(name):
    """Every weight of every layer comes back from the network with its name, its shape and its bits."""
    try:
        model = pydl4j_bridge.import_model(ZOO / name, optimizer=False)
    except TranslationError:
        return  # refused by name: the test of the whole zoo looks at that
    weights, keras = model.weights(), stored(ZOO / name)
    assert weights.keys() == keras.keys()
    for key, array in keras.items():
        assert weights[key].shape == array.shape
        assert weights[key].tobytes() == array.tobytes()
        seen.add(key.rpartition("/")[2])


def test_every_weight_that_a_layer_can_have_was_seen():
    """The test above would pass on a zoo without weights."""
    if not seen:
        pytest.skip("the models of the zoo were not selected")
    assert seen >= {
        "kernel", "bias", "recurrent_kernel", "gamma", "beta", "moving_mean", "moving_variance", "embeddings",
        "depthwise_kernel", "pointwise_kernel", "mean", "variance", "forward_kernel", "forward_recurrent_kernel",
        "forward_bias", "backward_kernel", "backward_recurrent_kernel", "backward_bias",
    }  # fmt: skip


SET = ["bidirectional-lstm-concat", "conv2d-same", "depthwise-conv2d-multiplier", "shared-dense"]


@pytest.mark.parametrize("name", SET)
def test_weights_that_are_set_are_the_ones_that_predict(name):
    """Zeros predict otherwise, and the weights from before, set in two parts, predict what they did."""
    path = ZOO / "keras3" / f"{name}.keras"
    model = pydl4j_bridge.import_model(path, optimizer=False)
    with np.load(path.with_suffix(".npz")) as arrays:
        x = [arrays[name] for name in sorted(arrays) if name.startswith("input")]
    x = x if len(x) > 1 else x[0]
    before, weights = model.predict(x), model.weights()
    assert len(weights) >= 2
    model.set_weights({key: np.zeros(array.shape) for key, array in weights.items()})
    assert not any(array.any() for array in model.weights().values())
    assert not np.array_equal(model.predict(x), before)
    keys = list(weights)
    model.set_weights({key: weights[key] for key in keys[:1]})
    model.set_weights({key: weights[key] for key in keys[1:]})
    assert np.array_equal(model.predict(x), before)


def test_weights_too_large_for_exact_floats_are_traced_in_two_parts(monkeypatch):
    """float32 cannot count beyond 2**24; with that limit at 2**6, small layers go the way of large ones."""
    monkeypatch.setattr(layouts, "_EXACT", 2**6)
    monkeypatch.setattr(layouts, "_PART", 2**4)
    for name in ("bidirectional-lstm-concat", "batch-normalization-no-scale", "conv2d-then-flatten-dense"):
        path = ZOO / "keras3" / f"{name}.keras"
        weights, keras = pydl4j_bridge.import_model(path, optimizer=False).weights(), stored(path)
        assert {key: array.tobytes() for key, array in weights.items()} == {k: a.tobytes() for k, a in keras.items()}


def test_a_weight_that_does_not_fit_changes_nothing():
    """Unknown names and other shapes are refused before anything is written; near names are named."""
    model = pydl4j_bridge.import_model(DATA / "keras3" / "adam.keras")
    before = model.weights()
    zeros = np.zeros(before["dense/kernel"].shape)
    with pytest.raises(InvalidConfig, match="no weight dense/kernels") as caught:
        model.set_weights({"dense/kernel": zeros, "dense/kernels": zeros})
    assert "dense/kernel" in caught.value.near
    with pytest.raises(InvalidConfig, match="shape"):
        model.set_weights({"dense/kernel": zeros, "dense/bias": zeros})
    assert all(np.array_equal(array, before[key]) for key, array in model.weights().items())
