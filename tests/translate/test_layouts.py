"""Where axes are moved so that every layer computes with its channels last."""

import pytest

from pydl4j_bridge.translate.graph import Call, Graph
from pydl4j_bridge.translate.layouts import channels_last

FIRST = {"data_format": "channels_first"}
WINDOW = {"kernel_size": [3, 3], "padding": "same", "strides": [1, 1]}
POOL = {"pool_size": [2, 2], "padding": "valid", "strides": [2, 2]}


def chain(*layers, shape=(2, 6, 4)):
    """A graph of layers, one after the other, behind an input."""
    calls = [Call("in", "InputLayer", {"batch_input_shape": [None, *shape]}, (), ("in",))]
    for at, (class_name, config) in enumerate(layers):
        calls.append(Call(f"l{at}", class_name, config, (calls[-1].name,), (f"l{at}",)))
    return Graph(tuple(calls), ("in",), (calls[-1].name,), sequential=True, keras_major=3)


def steps(graph):
    """The classes of a graph's calls, Permutes with what they do."""
    return [call.config["dims"] if call.class_name == "Permute" else call.class_name for call in graph.calls[1:]]


def test_a_model_in_one_layout_moves_its_axes_once():
    """Behind the input; what works number by number, or on each channel, goes on in the moved layout."""
    found = channels_last(
        chain(
            ("Conv2D", {**FIRST, **WINDOW, "filters": 3}),
            ("BatchNormalization", {"axis": [1]}),
            ("Activation", {"activation": "relu"}),
            ("Dropout", {"rate": 0.1}),
            ("MaxPooling2D", {**FIRST, **POOL}),
            ("GlobalAveragePooling2D", FIRST),
            ("Dense", {"units": 2}),
        )
    )
    assert steps(found) == [
        [2, 3, 1], "Conv2D", "BatchNormalization", "Activation", "Dropout", "MaxPooling2D", "GlobalAveragePooling2D",
        "Dense",
    ]  # fmt: skip
    by_class = {call.class_name: call.config for call in found.calls}
    assert by_class["Conv2D"]["data_format"] == by_class["MaxPooling2D"]["data_format"] == "channels_last"
    assert by_class["BatchNormalization"]["axis"] == -1


@pytest.mark.parametrize(
    ("flatten", "moved"), [({}, [[2, 3, 1], "Conv2D", [3, 1, 2], "Flatten"]), (FIRST, [[2, 3, 1], "Conv2D", "Flatten"])]
)
def test_what_mixes_the_axes_gets_them_as_keras_has_them(flatten, moved):
    """Flatten takes the numbers in their order, and with channels_first Keras itself moves them to the end before."""
    assert steps(channels_last(chain(("Conv2D", {**FIRST, **WINDOW, "filters": 3}), ("Flatten", flatten)))) == moved


def test_an_output_is_in_keras_layout():
    """The last call of the graph is the one that moves the axes back."""
    found = channels_last(chain(("MaxPooling2D", {**FIRST, **POOL})))
    assert steps(found) == [[2, 3, 1], "MaxPooling2D", [3, 1, 2]]
    assert found.outputs == (found.calls[-1].name,)


def test_channels_last_stays_as_it_is():
    """No call is changed where nothing is to be moved."""
    graph = chain(("Conv2D", {**WINDOW, "filters": 3}), ("BatchNormalization", {"axis": -1}), ("Flatten", {}))
    assert channels_last(graph) == graph


def test_branches_that_are_moved_alike_are_added_as_they_are():
    """A residual block in channels first has one Permute at its beginning."""
    graph = chain(("Conv2D", {**FIRST, **WINDOW, "filters": 3}), ("Conv2D", {**FIRST, **WINDOW, "filters": 3}))
    add = Call("add", "Add", {}, ("l0", "l1"), ("add",))
    concatenate = Call("concatenate", "Concatenate", {"axis": 1}, ("add", "l1"), ("concatenate",))
    pool = Call("pool", "GlobalMaxPooling2D", FIRST, ("concatenate",), ("pool",))
    found = channels_last(Graph((*graph.calls, add, concatenate, pool), ("in",), ("pool",), False, 3))
    assert steps(found) == [[2, 3, 1], "Conv2D", "Conv2D", "Add", "Concatenate", "GlobalMaxPooling2D"]


def test_an_axis_in_the_middle_is_moved_to_the_end_and_back():
    """Softmax over the second of three axes."""
    found = channels_last(chain(("Softmax", {"axis": 2})))
    assert steps(found) == [[1, 3, 2], "Softmax", [1, 3, 2]]


def test_an_input_of_an_open_size_stays_as_it_is():
    """Its axes cannot be moved; what the importer cannot compute is then refused by name."""
    graph = chain(("Conv2D", {**FIRST, **WINDOW, "filters": 3}), shape=(2, None, 4))
    assert channels_last(graph) == graph


@pytest.mark.parametrize(("sequences", "back"), [(True, [1, 4, 2, 3]), (False, [3, 1, 2])])
def test_images_in_steps_have_their_steps_in_front(sequences, back):
    """A ConvLSTM2D gives images in steps, or the image of the last one."""
    config = {**FIRST, **WINDOW, "filters": 3, "return_sequences": sequences}
    found = channels_last(chain(("ConvLSTM2D", config), shape=(5, 2, 6, 4)))
    assert steps(found) == [[1, 3, 4, 2], "ConvLSTM2D", back]
