"""Passes, refusals, and the config that the importer gets."""

from dataclasses import replace

import pytest

from pydl4j_bridge.errors import TranslationError, UnsupportedLayer
from pydl4j_bridge.kerasfile import KerasModelFile
from pydl4j_bridge.translate.emit import emit
from pydl4j_bridge.translate.graph import Call, Graph
from pydl4j_bridge.translate.passes import PASSES
from pydl4j_bridge.translate.support import importable, refuse_unsupported


def chain(*layers: tuple[str, dict[str, object]], shape: tuple[int, ...] = (3,), major: int = 3) -> Graph:
    """A Sequential of layers ``(class, config)`` on an input of this shape."""
    sizes = {"Dense": {"units": 2}, "Conv2D": {"filters": 4, "kernel_size": [2, 2], "strides": [1, 1]}}
    calls = [Call("in", "InputLayer", {"name": "in", "batch_shape": [None, *shape]}, (), ("in",))]
    for at, (class_name, config) in enumerate(layers):
        calls.append(
            Call(
                f"l{at}",
                class_name,
                {"name": f"l{at}", **sizes.get(class_name, {}), **config},
                (calls[-1].name,),
                (f"l{at}",),
            )
        )
    return Graph(tuple(calls), ("in",), (calls[-1].name,), sequential=True, keras_major=major)


def rewritten(graph: Graph) -> Graph:
    """A graph after all passes."""
    for rewrite in PASSES:
        graph = rewrite(graph)
    return graph


def refused(graph: Graph) -> tuple[str, ...]:
    """What is refused of a graph after all passes."""
    with pytest.raises(UnsupportedLayer) as caught:
        refuse_unsupported(rewritten(graph), "m.keras")
    return caught.value.layers


def test_all_unsupported_layers_are_named_at_once():
    """One error for all of them, before anything is built."""
    assert refused(chain(("GRU", {}), ("Dense", {}), ("Lambda", {}))) == (
        "l0 (GRU): the importer does not know this layer",
        "l2 (Lambda): the importer does not know this layer",
    )


@pytest.mark.parametrize(
    ("layer", "shape", "why"),
    [
        (("Conv2D", {"groups": 2}), (5, 5, 2), "groups=2"),
        (("LSTM", {"go_backwards": True}), (4, 3), "go_backwards=True"),
        (("LSTM", {"use_bias": False}), (4, 3), "use_bias=False"),
        (("Dense", {"activation": "gelu"}), (3,), "activation gelu"),
        (("Dense", {"activation": "hard_sigmoid"}), (3,), "activation hard_sigmoid, which Keras 3 computes otherwise"),
        (("Embedding", {"mask_zero": True}), (4,), "mask_zero=True"),
        (("GlobalAveragePooling1D", {"keepdims": True}), (5, 2), "keepdims=True"),
    ],
)
def test_options_that_dl4j_computes_otherwise_are_refused(layer, shape, why):
    """By the name of the option."""
    (line,) = refused(chain(layer, shape=shape))
    assert why in line


def _convolution(filters: int) -> tuple[str, dict]:
    windows = {"kernel_size": [2, 2], "strides": [1, 1], "padding": "valid", "data_format": "channels_first"}
    return "Conv2D", {"filters": filters, **windows}


def test_a_constant_argument_is_refused():
    """x * 2 must not become x."""
    graph = rewritten(chain(("Multiply", {})))
    multiply = Call("l0", "Multiply", {"name": "l0"}, ("in",), ("l0",), {"a constant": [2.0]})
    graph = Graph((graph.calls[0], multiply), ("in",), ("l0",), sequential=False, keras_major=3)
    with pytest.raises(UnsupportedLayer, match="called with a constant"):
        refuse_unsupported(graph, None)


def test_initializers_become_zeros_wherever_they_are():
    """Also those of a layer inside of another one."""
    orthogonal = {"class_name": "Orthogonal", "config": {}}
    inner = {"class_name": "LSTM", "config": {"recurrent_initializer": orthogonal}}
    (_, call) = rewritten(chain(("Bidirectional", {"layer": inner}), shape=(4, 3))).calls
    assert call.config["layer"]["config"]["recurrent_initializer"] == {"class_name": "Zeros", "config": {}}


def test_keras_3_wrappers_are_taken_off():
    """Dtype policies, tuples, functions and modules."""
    config = {
        "dtype": {
            "module": "keras",
            "class_name": "DTypePolicy",
            "config": {"name": "float32"},
            "registered_name": None,
        },
        "kernel_size": {"class_name": "__tuple__", "items": [3, 2]},
        "activation": {"module": "builtins", "class_name": "function", "config": "relu", "registered_name": "function"},
    }
    (_, call) = rewritten(chain(("Conv2D", config), shape=(5, 5, 2))).calls
    assert (call.config["dtype"], call.config["kernel_size"], call.config["activation"]) == ("float32", [3, 2], "relu")


def test_regularizers_become_plans_with_keras_factors():
    """The importer would halve an L2 of the class L1L2 and drop one of the class L2."""
    model = emit(rewritten(chain(("Dense", {"kernel_regularizer": {"class_name": "L2", "config": {"l2": 0.01}}}))))
    assert model.plans["l0"].regularization == (0.0, 0.01)
    assert model.config["config"]["layers"][0]["config"]["kernel_regularizer"] is None


@pytest.mark.parametrize(
    ("layer", "note"),
    [
        (
            ("Dense", {"kernel_regularizer": {"class_name": "OrthogonalRegularizer", "config": {}}}),
            "kernel_regularizer",
        ),
        (("Dense", {"kernel_regularizer": "l2"}), "kernel_regularizer"),
        (("Dense", {"activity_regularizer": {"class_name": "L2", "config": {"l2": 0.1}}}), "activity_regularizer"),
        (
            ("Bidirectional", {"layer": {"class_name": "LSTM", "config": {"units": 2, "trainable": False}}}),
            "trainable=False of one",
        ),
        (("ActivityRegularization", {"l1": 0.1, "l2": 0.0}), "activity_regularizer"),
    ],
)
def test_what_of_the_training_is_left_behind_is_noted(layer, note):
    """By the name of the layer and of the setting; a plain layer has only the note of the missing loss."""
    (_, found) = emit(rewritten(chain(layer))).notes
    assert found.startswith("l0: ")
    assert note in found
    assert len(emit(rewritten(chain(("Dense", {})))).notes) == 1


def test_layers_that_are_frozen_say_whether_a_gradient_goes_through_them():
    """Where no layer before one is trained, none has to; a layer without weights has nothing to freeze."""
    weights = {"kernel": (3, 2), "bias": (2,)}
    graph = chain(("Dense", {"trainable": False}), ("Dropout", {"trainable": False, "rate": 0.5}), ("Dense", {}),
                  ("Dense", {"trainable": False}))  # fmt: skip
    graph = rewritten(graph).each(lambda call: replace(call, shapes=weights if call.class_name == "Dense" else {}))
    plans = emit(graph).plans
    assert {name: (plan.frozen, plan.between) for name, plan in plans.items()} == {
        "l0": (True, False),
        "l3": (True, True),
    }


def test_a_chain_becomes_a_sequential_whose_first_layer_says_the_shape():
    """As Keras 2 wrote it."""
    model = emit(rewritten(chain(("Dense", {}), ("Dense", {}))))
    layers = model.config["config"]["layers"]
    assert (model.sequential, [layer["name"] for layer in layers]) == (True, ["l0", "l1"])
    assert layers[0]["config"]["batch_input_shape"] == [None, 3]
    assert model.inputs == ((3,),)


def test_a_last_flatten_gets_a_layer_behind_it():
    """The importer drops what reshapes and has no layer after it."""
    model = emit(rewritten(chain(("Conv2D", {}), ("Flatten", {}), shape=(5, 5, 2))))
    assert [layer["class_name"] for layer in model.config["config"]["layers"]] == ["Conv2D", "Flatten", "Activation"]


@pytest.mark.parametrize(
    ("file", "why"),
    [
        (KerasModelFile("m.h5", "h5", "weights", "keras-2"), "weights"),
        (KerasModelFile("m.json", "json", "config", "keras-2"), "config"),
    ],
)
def test_files_that_are_no_models_of_ours_are_refused(file, why):
    """With the reason and what to do."""
    with pytest.raises(TranslationError, match=why) as caught:
        importable(file)
    assert caught.value.fix
