"""Networks with layers of our own, written and read again by DL4J."""

import json
from pathlib import Path

import numpy as np
import pytest

import pydl4j_bridge
from pydl4j_bridge.errors import UnsupportedLayer

pytestmark = pytest.mark.usefixtures("jvm")

ZOO = Path(__file__).parents[1] / "data" / "zoo"
CASES = [
    case
    for case, entry in json.loads((ZOO / "cases.json").read_text())["cases"].items()
    if case.startswith("keras3/") and "keras" in entry["containers"]
]


@pytest.mark.parametrize("case", CASES)
def test_a_saved_network_predicts_the_same(case, tmp_path):
    """ModelSerializer writes the layers of our own and restores them with their weights."""
    import jpype

    from pydl4j_bridge.jvm.networks import predict

    try:
        model = pydl4j_bridge.import_model(ZOO / f"{case}.keras", optimizer=False, on_loss="ignore")
    except UnsupportedLayer:
        return  # refused by name: the test of the whole zoo looks at that
    if all("Translated" not in str(layer.getClass().getSimpleName()) for layer in model.java.getLayers()):
        return
    with np.load(ZOO / f"{case}.npz") as recorded:
        inputs = [recorded[name].astype("f4") for name in sorted(recorded) if name.startswith("input")]
    expected = predict(model.java, inputs)
    model.save(tmp_path / "network.zip")
    serializer = jpype.JClass("org.deeplearning4j.util.ModelSerializer")
    kind = str(model.java.getClass().getSimpleName())
    file = jpype.JClass("java.io.File")(str(tmp_path / "network.zip"))
    restored = getattr(serializer, f"restore{kind}")(file)
    for ours, again in zip(expected, predict(restored, inputs), strict=True):
        assert np.array_equal(ours, again)
