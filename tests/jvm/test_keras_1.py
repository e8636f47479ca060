"""Models that Keras 1.2.2 saved, on TensorFlow and on Theano, held against what it computed itself."""

from pathlib import Path

import numpy as np
import pytest

import pydl4j_bridge
from pydl4j_bridge.errors import UnsupportedLayer

pytestmark = pytest.mark.usefixtures("jvm")

FOLDER = Path(__file__).parents[1] / "data" / "keras1"
NAMES = sorted(path.stem for path in FOLDER.glob("*.h5"))
#: At least so many are right; the rest is refused by name. Raise it when more are.
RIGHT = 124
right: list[str] = []


@pytest.mark.parametrize("name", NAMES)
def test_models_of_keras_1_are_right_or_refused_by_name(name):
    """Each model predicts what Keras 1 predicted on the backend that saved it, or is refused by its layers."""
    try:
        model = pydl4j_bridge.import_model(FOLDER / f"{name}.h5", optimizer=False)
    except UnsupportedLayer as error:
        assert error.layers  # noqa: PT017 - either of two outcomes is right
        return
    with np.load(FOLDER / f"{name}.npz") as arrays:
        inputs = [arrays[f"input_{at}"] for at in range(len(arrays) - 1)]
        keras = arrays["output_0"]
    ours = model.predict(inputs if len(inputs) > 1 else inputs[0])
    assert ours.shape == keras.shape
    assert np.abs(ours - keras).max() < 1e-5 * np.abs(keras).max()
    right.append(name)


def test_enough_of_keras_1_is_right():
    """Refusing everything would pass the test above."""
    if len(right) == 0:
        pytest.skip("the models of Keras 1 were not selected")
    assert len(right) >= RIGHT


@pytest.mark.parametrize(
    ("case", "why"),
    [
        ("batch-normalization-mode-1-tensorflow", "BatchNormalization with mode=1"),
        ("convolution-2d-same-even-theano", "Convolution2D with border_mode=same on Theano"),
        ("max-pooling-2d-same-theano", "MaxPooling2D with border_mode=same on Theano"),
        ("merge-cos-tensorflow", "Merge with mode=cos"),
        ("merge-of-models-theano", "Merge of whole models"),
        ("highway-theano", "Highway of Keras 1"),
        ("maxout-tensorflow", "MaxoutDense of Keras 1"),
    ],
)
def test_what_keras_1_alone_has_is_refused_by_name(case, why):
    """Layers and settings that no later Keras has."""
    with pytest.raises(UnsupportedLayer, match=why):
        pydl4j_bridge.import_model(FOLDER / f"{case}.h5", optimizer=False)
