"""Model configs of every dialect as one kind of graph."""

import pytest

from pydl4j_bridge.errors import InvalidConfig, UnsupportedLayer
from pydl4j_bridge.translate.inputs import with_inputs
from pydl4j_bridge.translate.parse import parse_graph


def dense(name: str, *inputs: str, **config: object) -> dict[str, object]:
    """A Dense layer as Keras 2 writes it in a functional model."""
    nodes = [[[source, 0, 0, {}] for source in inputs]] if inputs else []
    return {"class_name": "Dense", "name": name, "config": {"name": name, **config}, "inbound_nodes": nodes}


def entrance(name: str) -> dict[str, object]:
    """An input layer as Keras 2 writes it."""
    config = {"name": name, "batch_input_shape": [None, 3]}
    return {"class_name": "InputLayer", "name": name, "config": config, "inbound_nodes": []}


def functional(
    layers: list[dict[str, object]], inputs: list[str], outputs: list[str], **more: object
) -> dict[str, object]:
    """A functional model as Keras 2 writes it."""
    config = {
        "name": "model",
        "layers": layers,
        "input_layers": [[name, 0, 0] for name in inputs],
        "output_layers": [[name, 0, 0] for name in outputs],
    }
    return {"class_name": "Functional", "config": config, **more}


def calls(config: dict[str, object], major: int = 2) -> list[tuple[str, tuple[str, ...]]]:
    """Name and inputs of each call."""
    return [(call.name, call.inputs) for call in parse_graph(config, major).calls]


def test_a_list_of_layers_is_a_sequential_of_keras_1():
    """The first layer says the shape, and an input is made for it."""
    config = {
        "class_name": "Sequential",
        "config": [{"class_name": "Dense", "config": {"name": "a", "batch_input_shape": [None, 3]}},
                   {"class_name": "Dense", "config": {"name": "b"}}],
    }  # fmt: skip
    assert calls(config, 1) == [("a_input", ()), ("a", ("a_input",)), ("b", ("a",))]


def test_a_sequential_of_keras_3_has_the_shape_in_its_build_config():
    """Where no layer says it."""
    config = {
        "class_name": "Sequential",
        "config": {"layers": [{"class_name": "Dense", "config": {"name": "a"}}]},
        "build_config": {"input_shape": [None, 3]},
    }
    graph = parse_graph(config, 3)
    assert graph["a_input"].config["batch_input_shape"] == [None, 3]


def test_a_sequential_without_a_shape_wants_one():
    """There is nothing to build a network for, unless the caller says the shape."""
    config = {"class_name": "Sequential", "config": {"layers": [{"class_name": "Dense", "config": {"name": "a"}}]}}
    with pytest.raises(InvalidConfig, match="shape of its input"):
        with_inputs(parse_graph(config, 2), None)
    assert with_inputs(parse_graph(config, 2), (3,))["a_input"].config["batch_input_shape"] == [None, 3]


def test_calls_follow_their_inputs_whatever_the_order_of_the_config():
    """A layer may stand before the layers that it takes."""
    config = functional([dense("c", "b"), dense("b", "a"), entrance("a")], ["a"], ["c"])
    assert calls(config) == [("a", ()), ("b", ("a",)), ("c", ("b",))]


def test_keras_3_writes_tensors_as_objects():
    """With the layer, the call and the output that they come from."""
    tensor = {"class_name": "__keras_tensor__", "config": {"keras_history": ["a", 0, 0], "shape": [None, 3]}}
    layer = dense("b")
    layer["inbound_nodes"] = [{"args": [tensor], "kwargs": {"training": None}}]
    assert calls(functional([entrance("a"), layer], ["a"], ["b"]), 3) == [("a", ()), ("b", ("a",))]


def test_a_constant_in_a_call_is_kept():
    """x * 2 is a layer with a number among its arguments: dropping it would compute something else."""
    tensor = {"class_name": "__keras_tensor__", "config": {"keras_history": ["a", 0, 0]}}
    layer = dense("b")
    layer["inbound_nodes"] = [{"args": [tensor, 2.0], "kwargs": {}}]
    assert parse_graph(functional([entrance("a"), layer], ["a"], ["b"]), 3)["b"].kwargs == {"a constant": [2.0]}


def test_a_shared_layer_has_a_call_for_each_use():
    """Under names of their own, with the same weights."""
    shared = dense("b")
    shared["inbound_nodes"] = [[["a", 0, 0, {}]], [["c", 0, 0, {}]]]
    add = dense("d")
    add["inbound_nodes"] = [[["b", 0, 0, {}], ["b", 1, 0, {}]]]
    graph = parse_graph(functional([entrance("a"), entrance("c"), shared, add], ["a", "c"], ["d"]), 2)
    assert graph["d"].inputs == ("b", "b_2")
    assert graph["b"].layer == graph["b_2"].layer == ("b",)


@pytest.mark.parametrize("at", [0, 1])
def test_nested_models_are_flattened(at):
    """Their layers keep the path to their weights; tf.keras counts the making of the model as its first call."""
    inner = functional([entrance("x"), dense("a", "x")], ["x"], ["a"], name="inner", inbound_nodes=[[["a", 0, 0, {}]]])
    after = dense("b")
    after["inbound_nodes"] = [[["inner", at, 0, {}]]]
    graph = parse_graph(functional([entrance("a"), inner, after], ["a"], ["b"]), 2)
    assert [(c.name, c.inputs, c.layer) for c in graph.calls] == [
        ("a", (), ("a",)),
        ("inner_a_2", ("a",), ("inner", "a")),
        ("b", ("inner_a_2",), ("b",)),
    ]


def test_a_second_output_of_a_layer_is_refused_by_name():
    """DL4J's layers have one."""
    after = dense("b")
    after["inbound_nodes"] = [[["a", 0, 1, {}]]]
    with pytest.raises(UnsupportedLayer, match="a has more than one output"):
        parse_graph(functional([entrance("a"), after], ["a"], ["b"]), 2)


@pytest.mark.parametrize(
    "config",
    [
        {"class_name": "Functional", "config": {"layers": 3}},
        {"class_name": "Functional", "config": {"layers": [{"class_name": "Dense"}]}},
        {"class_name": "MyModel", "config": {}},
        {},
        functional([dense("b", "nobody")], [], ["b"]),
        functional([dense("b", "c"), dense("c", "b")], [], ["b"]),
    ],
)
def test_what_keras_does_not_write_is_refused(config):
    """With a named error, never a KeyError."""
    with pytest.raises(InvalidConfig):
        parse_graph(config, 2)
