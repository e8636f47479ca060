"""Shapes of inputs that the caller gives."""

import pytest

from pydl4j_bridge.errors import InvalidConfig
from pydl4j_bridge.translate.graph import Call, Graph
from pydl4j_bridge.translate.inputs import open_sizes, with_inputs


def inputs(**shapes: list[int | None] | None) -> Graph:
    """A graph of inputs alone."""
    calls = tuple(
        Call(name, "InputLayer", {} if shape is None else {"batch_shape": [None, *shape]}, (), (name,))
        for name, shape in shapes.items()
    )
    return Graph(calls, tuple(shapes), tuple(shapes), sequential=False, keras_major=3)


def shapes(graph: Graph) -> list[list[int | None]]:
    """The shapes after all, with the batch."""
    return [call.config["batch_input_shape"] for call in graph.calls]


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        (((5, 6, 3), (2,)), [[None, 5, 6, 3], [None, 2]]),
        ([[5, None, 3], [2]], [[None, 5, None, 3], [None, 2]]),
        ({"b": (2,), "a": (None, 6, None)}, [[None, None, 6, 3], [None, 2]]),
    ],
)
def test_shapes_fill_what_the_file_leaves_open(given, expected):
    """In order or by name; a size of None leaves the file's."""
    graph = with_inputs(inputs(a=[None, None, 3], b=[2]), given)
    assert shapes(graph) == expected
    assert open_sizes(graph) == (() if None not in expected[0][1:] else ("a",))


def test_one_input_needs_no_name_and_no_list():
    """Nor does a file that says nothing of its input."""
    assert shapes(with_inputs(inputs(a=[None, 3]), (7, 3))) == [[None, 7, 3]]
    assert shapes(with_inputs(inputs(a=None), (7, 3))) == [[None, 7, 3]]


@pytest.mark.parametrize(
    ("given", "why"),
    [
        ((5, 6, 3), "1 shapes were given, and the model has 2 inputs"),
        ({"lefd": (5, 6, 3)}, "no input lefd: it has left, right; near: left"),
        ({"left": (5, 6, 4)}, r"cannot have the shape \(5, 6, 4\): the file says \(None, None, 3\)"),
        ({"left": (1, 5, 6, 3)}, "cannot have the shape"),
        ({"left": (0, 6, 3)}, "no shape of the input left"),
        ({"left": ("5", 6, 3)}, "no shape of the input left"),
        ({"left": 5}, "no shape of the input left"),
    ],
)
def test_shapes_that_are_not_the_models_are_refused(given, why):
    """Each with what the file says."""
    with pytest.raises(InvalidConfig, match=why):
        with_inputs(inputs(left=[None, None, 3], right=[2]), given)


def test_an_input_without_any_shape_wants_one():
    """The error says how to give it."""
    with pytest.raises(InvalidConfig, match="does not say the shape") as caught:
        with_inputs(inputs(a=None), None)
    assert "inputs=" in caught.value.fix
