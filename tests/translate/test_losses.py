"""Which losses of Keras come along, and why the others do not."""

import pytest

from pydl4j_bridge.translate.graph import Call, Graph
from pydl4j_bridge.translate.losses import Compiled, importer_losses
from pydl4j_bridge.translate.own_losses import own_losses


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
    assert importer_losses(Compiled(loss), model(2)) == {"d0": "mean_squared_error"}


def test_each_output_has_its_own():
    """Or all have the same one."""
    expected = {"d0": "mean_squared_error", "d1": "mean_absolute_error"}
    assert importer_losses(Compiled(["mse", "mae"]), model(1, 2)) == expected
    assert importer_losses(Compiled("mse"), model(1, 2)) == {"d0": "mean_squared_error", "d1": "mean_squared_error"}


@pytest.mark.parametrize(
    ("loss", "name", "settings"),
    [
        ("CategoricalCrossentropy", "categorical_crossentropy", {"from_logits": True}),
        ("CategoricalCrossentropy", "categorical_crossentropy", {"label_smoothing": 0.1}),
        ("Huber", "huber", {"delta": 0.5}),
        ("hinge", "hinge", {}),
        ("binary_crossentropy", "binary_crossentropy", {}),
    ],
)
def test_what_dl4j_computes_otherwise_becomes_a_layer_of_our_own(loss, name, settings):
    """With Keras's settings, behind the output."""
    compiled = Compiled({"class_name": loss, "config": {**settings, "name": name, "reduction": "auto"}})
    assert importer_losses(compiled, model(2)) is None
    graph, own, why = own_losses(compiled, model(2))
    assert (graph.outputs, why, own[0].shape, own[0].classes) == (("d0_loss",), "", (2,), False)
    function = graph["d0_loss"].config["layer"]["lossFn"]
    assert (function["loss"], function["settings"]) == (name, settings | {"weight": 1.0})


def test_losses_that_count_differently_are_our_own():
    """DL4J's loss layers have no weight."""
    compiled = Compiled("mse", [1.0, 0.5])
    assert importer_losses(compiled, model(1, 2)) is None
    graph, own, _ = own_losses(compiled, model(1, 2))
    assert [graph[name].config["layer"]["lossFn"]["settings"]["weight"] for name in graph.outputs] == [1.0, 0.5]
    assert len(own) == 2


@pytest.mark.parametrize(
    ("loss", "why"),
    [
        ({"class_name": "MeanSquaredError", "config": {"reduction": "sum"}}, "reduction='sum'"),
        ({"class_name": "MyLoss", "config": {}}, "MyLoss"),
        (3, "cannot be told apart"),
        (["mse", "mse"], "cannot be told apart"),
        ({"nobody": "mse"}, "cannot be told apart"),
    ],
)
def test_the_others_are_left_behind_by_name(loss, why):
    """The reason goes into the notes of the imported model."""
    graph, own, said = own_losses(Compiled(loss), model(2))
    assert (graph, own) == (model(2), ())
    assert importer_losses(Compiled(loss), model(2)) is None
    assert why in said
