"""Made-up inputs, and how far outputs are apart."""

import numpy as np
import pytest

from pydl4j_bridge.translate import ImportableModel
from pydl4j_bridge.translate.samples import relative_difference, sample_inputs


def test_inputs_have_the_models_shapes_and_are_the_same_each_time():
    """Open sizes get a number; inputs of embeddings are indices that they have."""
    model = ImportableModel({}, True, {}, inputs=((4,), (None, None, 3), (50,)), indices=(None, None, 7))
    inputs = sample_inputs(model)
    assert [one.shape[1:] for one in inputs] == [(4,), (32, 32, 3), (50,)]
    assert {one.dtype for one in inputs} == {np.dtype("float32")}
    assert set(np.unique(inputs[2])) == set(range(7))
    assert all(np.array_equal(*pair) for pair in zip(inputs, sample_inputs(model), strict=True))


@pytest.mark.parametrize(
    ("ours", "others", "expected"),
    [
        ([1.0, -4.0], [1.0, -4.0], 0.0),
        ([1.0, -4.0], [2.0, -4.0], 0.25),
        ([0.0, 0.0], [0.0, 0.0], 0.0),
        ([np.nan, 2.0], [np.nan, 1.0], 0.5),
        ([np.nan, 2.0], [1.0, 2.0], np.inf),
        ([1.0, 2.0], [np.nan, 2.0], np.inf),
        ([np.inf, 2.0], [np.inf, 2.0], 0.0),
        ([np.inf, 2.0], [1.0, 2.0], np.inf),
        ([np.nan], [np.nan], 0.0),
    ],
)
def test_differences_are_relative_to_the_largest_number(ours, others, expected):
    """A number against none is infinitely far; none against none is the same."""
    arrays = [[np.array(one, dtype=np.float32)] for one in (ours, others)]
    assert relative_difference(*arrays) == expected
