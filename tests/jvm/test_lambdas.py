"""Lambda layers: never executed, but replaced by what the caller gives."""

from __future__ import annotations

from pathlib import Path

import jpype
import numpy as np
import pytest

import pydl4j_bridge
from pydl4j_bridge.errors import InvalidConfig, TranslationError, UnsupportedLayer
from pydl4j_bridge.jvm.networks import predict

ZOO = Path(__file__).resolve().parents[1] / "data" / "zoo"
LAMBDA = ZOO / "keras3" / "lambda.keras"


def test_a_lambda_is_refused_with_an_example_that_can_be_copied():
    """The error holds the argument that would import the model."""
    with pytest.raises(UnsupportedLayer, match=r"lambdas=\{'lambda': lambda sd, x: sd\.math\(\)\.square\(x\)\}"):
        pydl4j_bridge.import_model(LAMBDA)


def test_what_is_given_for_a_lambda_predicts_and_is_saved(tmp_path):
    """Predictions are Keras's, and DL4J restores the layer from the zip."""
    model = pydl4j_bridge.import_model(LAMBDA, lambdas={"lambda": lambda sd, x: x.mul(2.0).add(1.0)})
    data = np.load(LAMBDA.with_suffix(".npz"))
    np.testing.assert_allclose(model.predict(data["input_0"]), data["output_0"], rtol=1e-6, atol=1e-6)
    model.save(tmp_path / "m.zip")
    restored = jpype.JClass("org.deeplearning4j.util.ModelSerializer").restoreMultiLayerNetwork(str(tmp_path / "m.zip"))
    np.testing.assert_array_equal(predict(restored, [data["input_0"]])[0], model.predict(data["input_0"]))


def test_a_lambda_that_is_not_there_is_an_error():
    """A name that nobody asks for is a mistake."""
    given = {"lambda": lambda sd, x: x, "lamda": lambda sd, x: x}
    with pytest.raises(InvalidConfig, match="no Lambda lamda"):
        pydl4j_bridge.import_model(LAMBDA, lambdas=given)


def test_what_returns_no_variable_is_an_error():
    """The layer is named, with what was returned."""
    with pytest.raises(TranslationError, match=r"Lambda lambda returns no SDVariable.*NoneType"):
        pydl4j_bridge.import_model(LAMBDA, lambdas={"lambda": lambda sd, x: None})
