"""Networks with moved axes train and are saved like others."""

from pathlib import Path

import numpy as np
import pytest

import pydl4j_bridge

pytestmark = pytest.mark.usefixtures("jvm")

MODEL = Path(__file__).parents[1] / "data" / "keras1" / "convolution-2d-th-pooling-tensorflow"


def test_the_gradient_goes_through_moved_axes():
    """That of the input, along a random direction, is the difference quotient of the predictions."""
    import jpype

    from pydl4j_bridge.jvm.arrays import to_indarray, to_numpy

    model = pydl4j_bridge.import_model(f"{MODEL}.h5", optimizer=False)
    with np.load(f"{MODEL}.npz") as arrays:
        x, y = arrays["input_0"], arrays["output_0"]
    random = np.random.default_rng(1)
    epsilon, direction, step = *(random.normal(size=one.shape).astype("f4") for one in (y, x)), 1e-3
    network = model.java
    network.initGradientsView()
    network.setInput(to_indarray(x))
    network.feedForward(True, False)
    manager = jpype.JClass("org.deeplearning4j.nn.workspace.LayerWorkspaceMgr").noWorkspaces()
    gradient = to_numpy(network.backpropGradient(to_indarray(epsilon), manager).getSecond())
    ahead, behind = (model.predict(x + sign * step * direction) for sign in (1, -1))
    quotient = ((ahead - behind).astype("f8") * epsilon).sum() / (2 * step)
    assert gradient.shape == x.shape
    assert (gradient * direction).sum() == pytest.approx(quotient, rel=1e-2)


def test_a_network_with_moved_axes_comes_back(tmp_path):
    """What ModelSerializer restores predicts the same."""
    import jpype

    from pydl4j_bridge.jvm.arrays import to_indarray, to_numpy

    model = pydl4j_bridge.import_model(f"{MODEL}.h5", optimizer=False)
    model.save(tmp_path / "m.zip")
    serializer = jpype.JClass("org.deeplearning4j.util.ModelSerializer")
    back = serializer.restoreMultiLayerNetwork(str(tmp_path / "m.zip"))
    with np.load(f"{MODEL}.npz") as arrays:
        assert np.array_equal(to_numpy(back.output(to_indarray(arrays["input_0"]))), model.predict(arrays["input_0"]))
