"""Our losses in the JVM, held against what real Keras says of the same numbers."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from pydl4j_bridge.translate.graph import Call, Graph
from pydl4j_bridge.translate.losses import Compiled
from pydl4j_bridge.translate.own_losses import own_losses

pytestmark = pytest.mark.usefixtures("jvm")

LOSSES = Path(__file__).resolve().parents[1] / "data" / "losses"
CASES = json.loads((LOSSES / "cases.json").read_text())


@pytest.mark.parametrize("package", ["keras", "tf_keras"])
@pytest.mark.parametrize("case", CASES)
def test_value_and_gradient_are_kerass(package, case):
    """DL4J divides score and gradient by the size of the batch; what is left is Keras's, settings and all."""
    import jpype

    from pydl4j_bridge.jvm.arrays import to_indarray, to_numpy

    with np.load(LOSSES / f"{package}.npz") as arrays:
        labels, output, loss, gradient = (arrays[f"{case}/{key}"] for key in ("labels", "output", "loss", "gradient"))
    entrance = Call("in", "InputLayer", {"batch_input_shape": [None, *output.shape[1:]]}, (), ("in",))
    graph = Graph((entrance,), ("in",), ("in",), sequential=False, keras_major=3)
    compiled = Compiled({"class_name": CASES[case]["loss"], "config": CASES[case]["settings"]})
    graph, _, why = own_losses(compiled, graph)
    assert why == ""
    described = graph[graph.outputs[0]].config["layer"]["lossFn"]
    mapper = jpype.JClass("org.deeplearning4j.nn.conf.NeuralNetConfiguration").mapper()
    function = mapper.readValue(
        json.dumps(described), jpype.JClass("org.nd4j.linalg.lossfunctions.ILossFunction").class_
    )
    batch = output.shape[0]
    given = [to_indarray(one.reshape(batch, -1), copy=True) for one in (labels, output)]
    activation = jpype.JClass("org.nd4j.linalg.activations.impl.ActivationIdentity")()
    assert float(function.computeScore(*given, activation, None, False)) / batch == pytest.approx(loss, rel=1e-5)
    found = to_numpy(function.computeGradient(*given, activation, None)).reshape(output.shape) / batch
    assert np.abs(found - gradient).max() <= 1e-5 * np.abs(gradient).max()
