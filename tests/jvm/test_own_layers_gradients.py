"""The gradients of layers and vertices of our own, against differences of their outputs, which Keras has confirmed."""

from pathlib import Path

import numpy as np
import pytest

import pydl4j_bridge
from pydl4j_bridge.jvm.arrays import to_indarray, to_numpy

pytestmark = pytest.mark.usefixtures("jvm")

ZOO = Path(__file__).parents[1] / "data" / "zoo"
#: Models with trained layers before every layer of our own.
MODELS = [
    "keras3/own-activations",
    "keras3/own-attention",
    "keras3/own-functions",
    "keras3/own-merges",
    "keras3/own-normalizations",
    "keras3/own-operators",
    "keras3/group-query-attention",
    "keras3/layer-normalization-axes",
    "tfkeras/own-attention",
    "tfkeras/own-operators",
]


def floats(values):
    """An INDArray of the network's numbers."""
    return to_indarray(np.asarray(values, dtype=np.float32), copy=True)


def arrays(values):
    """A Java array of INDArrays."""
    import jpype

    return jpype.JArray(jpype.JClass("org.nd4j.linalg.api.ndarray.INDArray"))([floats(value) for value in values])


def gradient(network, inputs, epsilon):
    """The gradient of sum(output * epsilon) with respect to all parameters, as one vector."""
    if "MultiLayer" in str(network.getClass().getSimpleName()):
        network.setInput(floats(inputs[0]))
        network.feedForward(True, False)
        found = network.backpropGradient(floats(epsilon), None).getFirst()
    else:
        network.feedForward(arrays(inputs), True, False)
        found = network.backpropGradient(arrays([epsilon]))
    return to_numpy(found.gradient()).ravel().astype(np.float64)


@pytest.mark.parametrize("name", MODELS)
def test_the_gradient_is_that_of_the_output(name):
    """Along the gradient itself, and along a random direction, a small step changes the output as the gradient says."""
    model = pydl4j_bridge.import_model(ZOO / f"{name}.keras", optimizer=False)
    with np.load(ZOO / f"{name}.npz") as recorded:
        inputs = [recorded[key] for key in sorted(recorded) if key.startswith("input")]
        shape = recorded["output_0"].shape
    random = np.random.default_rng(3)
    epsilon = random.normal(size=shape)
    start = to_numpy(model.java.params()).ravel().astype(np.float64)
    found = gradient(model.java, inputs, epsilon)
    assert found.shape == start.shape
    assert np.linalg.norm(found) > 0

    def total(parameters):
        model.java.setParams(floats(parameters.reshape(1, -1)))
        return float((model.predict(inputs if len(inputs) > 1 else inputs[0]).astype(np.float64) * epsilon).sum())

    for direction in (found, random.normal(size=start.shape)):
        unit = direction / np.linalg.norm(direction)
        step = 2e-3
        difference = (total(start + step * unit) - total(start - step * unit)) / (2 * step)
        assert difference == pytest.approx(float(found @ unit), abs=0.02 * np.linalg.norm(found))
