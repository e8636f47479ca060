"""What training needs of the layers of our own: gradients that are those of what they compute."""

from pathlib import Path

import numpy as np
import pytest

import pydl4j_bridge

pytestmark = pytest.mark.usefixtures("jvm")

ZOO = Path(__file__).parents[1] / "data" / "zoo" / "keras3"
CASES = [
    "adaptive-average-pooling2d", "adaptive-max-pooling2d", "average-pooling1d-strides", "batch-normalization-axis-1",
    "center-crop", "conv-lstm1d", "conv-lstm3d", "conv1d-transpose-same-strides", "conv2d-channels-first",
    "conv2d-groups", "conv2d-transpose-valid-output-padding", "conv3d-transpose-same-strides", "cropping3d",
    "depthwise-conv1d-multiplier", "flatten-volume-then-dense", "global-average-pooling3d-keepdims",
    "global-max-pooling3d", "max-pooling1d-same-strides", "permute-image-channels", "prelu-shared-axes",
    "relu-all-options", "resizing", "separable-conv1d-multiplier", "softmax-axes", "time-distributed-conv2d",
    "time-distributed-sequential", "up-sampling1d", "up-sampling2d-bilinear", "up-sampling3d", "zero-padding3d",
]  # fmt: skip
#: Small, so that no kink of a rectifier lies between.
STEP = 1e-3


@pytest.mark.parametrize("case", CASES)
def test_the_gradients_are_the_slopes_of_the_output(case):
    """Along a direction in the input and in every weight, as a difference of two outputs shows them."""
    import jpype

    from pydl4j_bridge.jvm.arrays import to_indarray, to_numpy

    def floats(values):
        return to_indarray(np.asarray(values, dtype=np.float32), copy=True)

    nowhere = jpype.JClass("org.deeplearning4j.nn.workspace.LayerWorkspaceMgr").noWorkspaces()
    network = pydl4j_bridge.import_model(ZOO / f"{case}.keras", optimizer=False, on_loss="ignore").java
    with np.load(ZOO / f"{case}.npz") as recorded:
        given = floats(recorded["input_0"])
    network.initGradientsView()
    own = [layer for layer in network.getLayers() if "TranslatedLayer" in str(layer.getClass().getSimpleName())]
    assert own
    random = np.random.default_rng(3)
    activations = network.feedForward(given)
    for at, layer in enumerate(network.getLayers()):
        if layer not in own:
            continue
        before = network.getLayerWiseConfigurations().getInputPreProcess(at)
        array = activations.get(at)
        x = to_numpy(array if before is None else before.preProcess(array, array.size(0), nowhere))

        def output(one, layer=layer):
            return to_numpy(layer.activate(floats(one), False, nowhere)).astype("f8")

        weight = random.normal(size=output(x).shape)
        layer.setInput(floats(x), nowhere)
        found = layer.backpropGradient(floats(weight), nowhere)
        direction = random.normal(size=x.shape)
        slope = ((output(x + STEP * direction) - output(x - STEP * direction)) * weight).sum() / (2 * STEP)
        scale = np.abs(weight).sum() * 1e-3
        assert (to_numpy(found.getSecond()) * direction).sum() == pytest.approx(slope, rel=2e-2, abs=scale)
        for name in map(str, layer.paramTable().keySet()):
            kept = to_numpy(layer.getParam(name), copy=True)
            direction = random.normal(size=kept.shape)
            values = []
            for sign in (1, -1):
                layer.setParam(name, floats(kept + sign * STEP * direction))
                values.append(output(x))
            layer.setParam(name, floats(kept))
            slope = ((values[0] - values[1]) * weight).sum() / (2 * STEP)
            gradient = to_numpy(found.getFirst().getGradientFor(name))
            assert (gradient * direction).sum() == pytest.approx(slope, rel=2e-2, abs=scale)


def test_a_network_with_layers_of_ours_can_be_fitted():
    """Its score falls: weights with an underscore in their names, and a layer without weights between others."""
    from pydl4j_bridge.jvm.arrays import to_indarray

    model = pydl4j_bridge.import_model(ZOO / "conv-lstm2d-then-flatten-dense.keras", on_loss="ignore")
    with np.load(ZOO / "conv-lstm2d-then-flatten-dense.npz") as recorded:
        x, y = to_indarray(recorded["input_0"]), to_indarray(recorded["output_0"] + 0.5)
    scores = []
    for _ in range(20):
        model.java.fit(x, y)
        scores.append(float(model.java.score()))
    assert scores[-1] < scores[0]
