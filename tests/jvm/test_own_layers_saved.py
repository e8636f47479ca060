"""Networks with layers and vertices of our own, saved by DL4J and restored by it."""

from pathlib import Path

import numpy as np
import pytest

import pydl4j_bridge
from pydl4j_bridge.jvm import networks

pytestmark = pytest.mark.usefixtures("jvm")

ZOO = Path(__file__).parents[1] / "data" / "zoo"


@pytest.mark.parametrize(
    "name",
    [
        "own-activations", "own-attention", "own-functions", "own-merges", "own-normalizations", "own-operators",
        "group-query-attention", "dense-gelu", "gru",
    ],
)  # fmt: skip
def test_a_restored_network_predicts_the_same(name, tmp_path):
    """What ModelSerializer writes has the layers with their settings, and their weights."""
    import jpype

    model = pydl4j_bridge.import_model(ZOO / "keras3" / f"{name}.keras", optimizer=False)
    model.save(tmp_path / "network.zip")
    serializer = jpype.JClass("org.deeplearning4j.util.ModelSerializer")
    graph = "Graph" in str(model.java.getClass().getSimpleName())
    restore = serializer.restoreComputationGraph if graph else serializer.restoreMultiLayerNetwork
    restored = restore(jpype.JClass("java.io.File")(str(tmp_path / "network.zip")))
    with np.load(ZOO / "keras3" / f"{name}.npz") as recorded:
        inputs = [recorded[key] for key in sorted(recorded) if key.startswith("input")]
    for ours, again in zip(networks.predict(model.java, inputs), networks.predict(restored, inputs), strict=True):
        np.testing.assert_array_equal(ours, again)
