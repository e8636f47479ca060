"""Which losses of Keras come along, and why the others do not."""

import pytest

from pydl4j_bridge.translate.graph import Call, Graph
from pydl4j_bridge.translate.losses import importer_losses


def model(*units: int) -> Graph:
    """A model with one Dense output of each width."""
    entrance = Call("in", "InputLayer", {"batch_input_shape": [None, 3]}, (), ("in",))
    outputs = [Call(f"d{at}", "Dense", {"units": width}, ("in",), (f"d{at}",)) for at, width in enumerate(units)]
    names = tuple(call.name for call in outputs)
    return Graph((entrance, *outputs), ("in",), names, sequential=False, keras_major=3)


@pytest.mark.parametrize(
    "loss",
    [
        "mse",
        "mean_squared_error",
        {
            "class_name": "MeanSquaredError",
            "config": {"name": "mean_squared_error", "reduction": "sum_over_batch_size"},
        },
        {"module": "keras.losses", "class_name": "MeanSquaredError", "config": {}, "registered_name": None},
        {"class_name": "function", "config": "mse"},
        ["mse"],
        {"d0": "mse"},
    ],
)
def test_a_loss_in_all_its_spellings(loss):
    """By name, by class, as a function, in a list and by output."""
    assert importer_losses(loss, model(2)) == ({"d0": "mean_squared_error"}, "")


def test_each_output_has_its_own():
    """Or all have the same one."""
    expected = {"d0": "mean_squared_error", "d1": "mean_absolute_error"}
    assert importer_losses(["mse", "mae"], model(1, 2))[0] == expected
    assert importer_losses("mse", model(1, 2))[0] == {"d0": "mean_squared_error", "d1": "mean_squared_error"}


@pytest.mark.parametrize(
    ("loss", "why"),
    [
        (None, "the file has no loss"),
        ({"class_name": "CategoricalCrossentropy", "config": {"from_logits": True}}, "from_logits=True"),
        ({"class_name": "CategoricalCrossentropy", "config": {"label_smoothing": 0.1}}, "label_smoothing=0.1"),
        ({"class_name": "MeanSquaredError", "config": {"reduction": "sum"}}, "reduction='sum'"),
        ("hinge", "hinge has another gradient"),
        ("binary_crossentropy", "times the number of outputs"),
        ({"class_name": "MyLoss", "config": {}}, "MyLoss"),
        (3, "cannot be told apart"),
        (["mse", "mse"], "cannot be told apart"),
        ({"nobody": "mse"}, "cannot be told apart"),
    ],
)
def test_the_others_are_left_behind_by_name(loss, why):
    """The reason goes into the notes of the imported model."""
    found, said = importer_losses(loss, model(2))
    assert found is None
    assert why in said
