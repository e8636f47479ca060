"""Networks built in Python: real Java objects, Keras's names, errors before Java sees an argument."""

from __future__ import annotations

import inspect

import numpy as np
import pytest

import pydl4j_bridge
from pydl4j_bridge import nn
from pydl4j_bridge.errors import InvalidArgument, InvalidConfig, JavaError
from pydl4j_bridge.mapping.construction import ROWS

pytestmark = pytest.mark.usefixtures("jvm")

LAYERS = "org.deeplearning4j.nn.conf.layers"
#: What a row needs beside its name.
NEEDED = {
    "Activation": ("relu",),
    "Conv1D": (3, 2),
    "Conv2D": (3, 2),
    "Conv2DTranspose": (3, 2),
    "Conv3D": (3, 2),
    "Dense": (3,),
    "DepthwiseConv2D": (2,),
    "Dropout": (0.5,),
    "Embedding": (10, 4),
    "LSTM": (3,),
    "Output": (3,),
    "RnnOutput": (3,),
    "SeparableConv2D": (3, 2),
    "SimpleRNN": (3,),
}


def java_class(value) -> str:
    """The full name of the class of a Java object."""
    return str(value.getClass().getName())


@pytest.mark.parametrize("name", sorted(ROWS))
def test_every_name_makes_the_java_object_of_its_row(name):
    """With help that says what it takes, and with Java's class and Builder behind it."""
    maker = getattr(nn, name)
    arguments = (nn.LSTM(3),) if name == "Bidirectional" else NEEDED.get(name, ())
    assert java_class(maker(*arguments)) == ROWS[name].java_class == str(maker.java.class_.getName())
    parameters = inspect.signature(maker).parameters
    assert set(ROWS[name].positional) - set(ROWS[name].constructor) <= parameters.keys()
    assert ROWS[name].java_class in maker.__doc__


def test_settings_are_those_of_java():
    """Under Keras's names and under DL4J's own."""
    dense = nn.Dense(64, activation="relu", use_bias=False, kernel_initializer="glorot_uniform", l2=0.1, name="d")
    assert (dense.getNOut(), dense.hasBias(), str(dense.getLayerName())) == (64, False, "d")
    assert java_class(dense.getActivationFn()).endswith(".ActivationReLU")
    assert java_class(dense.getWeightInitFn()).endswith(".WeightInitXavierUniform")
    assert dense == nn.DenseLayer(
        n_out=64, activation="RELU", has_bias=False, weight_init="XAVIER_UNIFORM", l2=0.1, name="d"
    )
    assert nn.Dense(2).getActivationFn() == nn.ActivationIdentity()
    convolution = nn.Conv2D(8, 3, strides=(1, 2), padding="same")
    assert list(convolution.getKernelSize()) == [3, 3]
    assert list(convolution.getStride()) == [1, 2]
    assert str(convolution.getConvolutionMode()) == "Same"
    assert list(nn.MaxPooling2D(3).getStride()) == [3, 3]
    assert nn.Dropout(0.2).getIDropout().getP() == 0.8


def test_updaters_take_rates_and_schedules():
    """learning_rate is a number, or one of ND4J's schedules."""
    adam = nn.Adam(1e-3, beta_1=0.8)
    assert (adam.getLearningRate(), adam.getBeta1()) == (1e-3, 0.8)
    schedule = nn.StepSchedule("iteration", 0.1, 0.5, 100)
    assert nn.Sgd(schedule).getLearningRateSchedule() == schedule
    assert nn.AdaMax(0.25).getLearningRate() == 0.25
    assert pydl4j_bridge.read_updater(nn.Nesterovs(0.1, 0.9)).fields == {"learningRate": 0.1, "momentum": 0.9}


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: nn.Dense(64, activaton="relu"), "Dense has no setting activaton; near: activation"),
        (lambda: nn.Dense(64, activation="relo"), "near: relu"),
        (lambda: nn.Dense(6.5), "Dense: units cannot be 6.5: it takes a whole number"),
        (lambda: nn.Dense(True), "units cannot be True"),
        (lambda: nn.Dense(2**40, n_in=2**70), "n_in cannot be 1180591620717411303424"),
        (lambda: nn.Dense(3, 4), "Dense takes 1 arguments without a name, and 2 were given: they are units"),
        (lambda: nn.Dense(3, units=4), "Dense was given units twice"),
        (lambda: nn.Dense(units=3, n_out=4), "Dense was given units and n_out, which are the same"),
        (lambda: nn.Dense(3, updater="adamm"), "updater cannot be 'adamm'.*near: adam"),
        (lambda: nn.Dense(3, updater=nn.Dense(3)), "updater cannot be"),
        (lambda: nn.Dropout(1.5), "rate cannot be 1.5: it is a share"),
        (lambda: nn.Conv2D(3, 2, padding="sam"), "near: same"),
        (lambda: nn.Output(1, loss="binary_crossentropy"), "say 'xent': it sums over the outputs"),
        (lambda: nn.SubsetVertex("a", 3), r"SubsetVertex cannot be made of \('a', 3\): it takes \(int, int\)"),
        (lambda: nn.Sequential([]), "there are no layers"),
        (lambda: nn.Sequential([nn.Adam()]), "layer 0 is .*: it is no layer"),
        (lambda: nn.Sequential([nn.Dense(3)], updatr=nn.Adam()), "has no setting updatr; near: updater"),
        (lambda: nn.Sequential([nn.Dense(3)], input_type=(1, 2, 3, 4, 5)), "the input cannot have the shape"),
        (lambda: nn.Sequential([nn.Dense(3)], input_type=(None, 3, 1)), "the input cannot have the shape"),
        (lambda: nn.Sequential([nn.Dense(3, n_in=4)], input_type=5), "layer 0 has n_in=4, and 5 numbers come into it"),
        (lambda: nn.Graph({"left": 3}, {"d": (nn.Dense(3), "lefd")}, "d"), "d takes 'lefd'.*near: left"),
        (lambda: nn.Graph({"left": 3}, {"d": (nn.Dense(3), "left")}, "e"), "the outputs are 'e'"),
        (lambda: nn.Graph({"left": 3}, {"d": (nn.Dense(3),)}, "d"), "d takes nothing"),
        (lambda: nn.Graph({"left": 3}, {"d": (nn.Adam(), "left")}, "d"), "d is .*no layer and no vertex"),
    ],
)
def test_wrong_arguments_fail_in_python(make, message):
    """By name, with what would fit."""
    with pytest.raises(InvalidArgument, match=message):
        make()


def test_names_that_dl4j_does_not_have_are_attribute_errors():
    """With near names; a class of DL4J's own is there under its own name."""
    with pytest.raises(AttributeError, match="DL4J has no Dens; near: Dense"):
        _ = nn.Dens
    with pytest.raises(AttributeError, match="no attribute 'dense'"):
        _ = nn.dense
    assert java_class(nn.LocalResponseNormalization()) == f"{LAYERS}.LocalResponseNormalization"
    assert "Dense" in dir(nn)


def test_layers_can_be_used_again():
    """A network copies them: building it twice, as a cell that is run again does, gives the same."""
    layers = [nn.Dense(4, activation="tanh"), nn.Output(2, loss="mse")]
    first = nn.Sequential(layers, input_type=3, seed=1)
    other = nn.Sequential(layers, input_type=5, seed=1)
    again = nn.Sequential(layers, input_type=3, seed=1)
    assert first.to_json() == again.to_json() != other.to_json()
    np.testing.assert_array_equal(first.predict(np.ones((1, 3))), again.predict(np.ones((1, 3))))


@pytest.mark.parametrize("form", ["json", "yaml"])
def test_configurations_go_round(form):
    """Built, written, read, written: the same text, of both kinds of network."""
    networks = [
        nn.Sequential([nn.LSTM(4), nn.RnnOutput(2, loss="mse")], input_type=(None, 3), updater=nn.Adam(1e-2), l2=0.1),
        nn.Graph(
            {"a": 3, "b": 2},
            {"both": (nn.Concatenate(), "a", "b"), "out": (nn.Output(1, loss="mse"), "both")},
            "out",
            updater=nn.Sgd(nn.ExponentialSchedule("epoch", 0.1, 0.9)),
        ),
    ]
    for network in networks:
        text = getattr(network, f"to_{form}")()
        back = getattr(nn, f"from_{form}")(text)
        assert getattr(back, f"to_{form}")() == text


@pytest.mark.parametrize(
    ("layers", "shape", "output"),
    [
        (lambda: [nn.Dense(4), nn.Output(2, loss="mse")], (3,), (2,)),
        (lambda: [nn.LSTM(4), nn.RnnOutput(2, loss="mse")], (5, 3), (5, 2)),
        (lambda: [nn.Conv1D(4, 2, padding="same"), nn.RnnOutput(2, loss="mse")], (6, 3), (6, 2)),
        (lambda: [nn.Bidirectional(nn.LSTM(4)), nn.GlobalMaxPooling1D(), nn.Output(2, loss="mse")], (5, 3), (2,)),
        (lambda: [nn.Conv2D(4, 3, padding="same"), nn.CnnLossLayer(loss="mse")], (6, 5, 2), (6, 5, 4)),
        (lambda: [nn.Conv2D(4, 3), nn.MaxPooling2D(2), nn.Output(2, loss="mse")], (8, 6, 2), (2,)),
        (lambda: [nn.Conv3D(4, 2), nn.Output(2, loss="mse")], (4, 5, 6, 2), (2,)),
        (lambda: [nn.Embedding(9, 4), nn.LSTM(3), nn.RnnOutput(2, loss="mse")], (5,), (5, 2)),
    ],
)
def test_arrays_have_channels_and_features_last(layers, shape, output):
    """Inputs, outputs and labels, as in Keras; and a training lowers the loss."""
    network = nn.Sequential(layers(), input_type=shape, updater=nn.Adam(1e-2), seed=3)
    random = np.random.default_rng(1)
    embedded = len(shape) == 1 and len(output) == 2
    x = random.integers(0, 9, (4, *shape)) if embedded else random.normal(size=(4, *shape))
    y = random.normal(size=(4, *output))
    assert network.predict(x).shape == y.shape
    history = network.fit(x, y, epochs=8)
    assert history.history["loss"][-1] < history.history["loss"][0]
    assert network.history is history
    with pytest.raises(InvalidConfig, match="the model takes"):
        network.predict(x[:, :-1])


def test_a_graph_has_names():
    """Several inputs and outputs, vertices by name, the last step of a sequence."""
    network = nn.Graph(
        {"sequence": (None, 3), "facts": 4},
        {
            "lstm": (nn.LSTM(5), "sequence"),
            "last": (nn.LastTimeStepVertex("sequence"), "lstm"),
            "dense": (nn.Dense(5, activation="tanh"), "facts"),
            "sum": (nn.Add(), "last", "dense"),
            "class": (nn.Output(2, activation="softmax", loss="categorical_crossentropy"), "sum"),
            "number": (nn.Output(1, loss="mse"), "sum"),
        },
        ["class", "number"],
        updater=nn.Adam(1e-2),
    )
    x = [np.random.default_rng(1).normal(size=size) for size in ((6, 7, 3), (6, 4))]
    y = [np.eye(2)[[0, 1, 0, 1, 0, 1]], np.arange(6.0)]
    assert [one.shape for one in network.predict(x)] == [(6, 2), (6, 1)]
    losses = [network.train_on_batch(x, y) for _ in range(20)]
    assert losses[-1] < losses[0]
    shown = network._repr_html_()
    assert all(f">{name}<" in shown for name in ("lstm", "LastTimeStepVertex", "last, dense", "(None, None, 5)"))


def test_losses_of_classes_take_numbers():
    """A sparse loss takes classes; another one says what to do."""
    layers = [nn.Output(3, activation="softmax", loss="sparse_categorical_crossentropy")]
    x, y = np.random.default_rng(1).normal(size=(6, 4)), np.array([0, 1, 2, 0, 1, 2])
    sparse = nn.Sequential(layers, input_type=4, seed=1)
    dense = nn.Sequential([nn.Output(3, activation="softmax", loss="mcxent")], input_type=4, seed=1)
    assert sparse.score(x, y) == pytest.approx(dense.score(x, np.eye(3)[y]), rel=1e-6)
    with pytest.raises(InvalidConfig, match=r"np\.eye\(3\)\[y\]"):
        dense.fit(x, y)


def test_a_network_without_a_loss_says_so():
    """Before Java fails in its own words."""
    network = nn.Sequential([nn.Dense(3)], input_type=4)
    with pytest.raises(InvalidConfig, match="no loss"):
        network.fit(np.ones((2, 4)), np.ones((2, 3)))


def test_what_dl4j_refuses_is_a_java_error():
    """With its own reason."""
    with pytest.raises(JavaError, match="nIn and nOut must be > 0"):
        nn.Sequential([nn.Dense(3)])


def test_double_networks_are_double():
    """In, out and in between."""
    network = nn.Sequential([nn.Output(2, loss="mse")], input_type=3, data_type="float64")
    assert (network.dtype, network.predict(np.ones((1, 3))).dtype) == (np.float64, np.float64)
    assert isinstance(network.train_on_batch(np.ones((1, 3)), np.ones((1, 2))), float)


def test_saved_networks_are_loaded_as_they_were(tmp_path):
    """Layouts, state and steps among it."""
    network = nn.Sequential(
        [nn.Conv2D(2, 2), nn.Output(2, loss="mse")], input_type=(4, 5, 3), updater=nn.Adam(1e-2), seed=2
    )
    x, y = np.random.default_rng(1).normal(size=(3, 4, 5, 3)), np.ones((3, 2))
    network.fit(x, y, epochs=3)
    network.save(tmp_path / "m.zip")
    loaded = pydl4j_bridge.load(tmp_path / "m.zip")
    assert (loaded.input_shapes, loaded.output_shapes, loaded.iterations) == (((4, 5, 3),), ((2,),), 3)
    assert loaded.train_on_batch(x, y) == network.train_on_batch(x, y)
    np.testing.assert_array_equal(loaded.predict(x), network.predict(x))
    assert loaded._repr_html_() == network._repr_html_()
