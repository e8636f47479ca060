"""Models of a few layers whose single layers are right, and whose meeting was not."""

from pathlib import Path

import numpy as np
import pytest

import pydl4j_bridge

pytestmark = pytest.mark.usefixtures("jvm")

FILES = sorted((Path(__file__).parents[1] / "data" / "joins").glob("*.h5"))


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_layers_are_right_together(path):
    """Each model predicts what tf_keras predicted (scripts/random_models.py)."""
    model = pydl4j_bridge.import_model(path, optimizer=False)
    with np.load(path.with_suffix(".npz")) as arrays:
        ours, keras = model.predict(arrays["input_0"]), arrays["output_0"]
    assert ours.shape == keras.shape
    assert np.abs(ours - keras).max() < 1e-5 * np.abs(keras).max()
