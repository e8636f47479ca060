"""Evaluations, histories and curves: DL4J's own measures, as values and as HTML."""

from __future__ import annotations

import json

import numpy as np
import pytest

import pydl4j_bridge
from pydl4j_bridge import LiveCurve, nn
from pydl4j_bridge.errors import InvalidArgument

pytestmark = pytest.mark.usefixtures("jvm")


def fixed(weights: np.ndarray, **settings):
    """A network whose output is the product of its input and the weights."""
    network = nn.Sequential([nn.Output(weights.shape[1], has_bias=False, **settings)], input_type=weights.shape[0])
    network.java.getLayer(0).setParam("W", pydl4j_bridge.jvm.arrays.to_indarray(weights.astype("f4")))
    return network


@pytest.mark.parametrize("kind", ["numbers", "one-hot"])
def test_classes_are_counted(kind):
    """Accuracy, and which was taken for which."""
    network = fixed(np.eye(3), activation="softmax", loss="mcxent" if kind == "one-hot" else "sparse_mcxent")
    x = np.eye(3)[[0, 1, 2, 0, 1, 1]]
    classes = np.array([0, 1, 2, 1, 1, 0])
    y = classes if kind == "numbers" else np.eye(3)[classes]
    found = network.evaluate(x, y, labels=["a", "b", "c"], batch_size=4)
    assert found.confusion.tolist() == [[1, 1, 0], [1, 2, 0], [0, 0, 1]]
    assert (found.samples, found.accuracy) == (6, pytest.approx(4 / 6))
    assert found.loss == pytest.approx(network.score(x, y), rel=1e-5)
    assert "<td style='text-align:left'>b</td>" in found._repr_html_()
    assert "accuracy   0.6667" in str(found)
    assert json.loads(json.dumps(found.to_dict()))["labels"] == ["a", "b", "c"]


def test_two_classes_in_one_column():
    """A sigmoid's output above one half is the second class."""
    network = fixed(np.ones((1, 1)), activation="sigmoid", loss="xent")
    found = network.evaluate(np.array([[-1.0], [1.0], [2.0], [3.0]]), np.array([0, 1, 0, 1]))
    assert found.confusion.tolist() == [[1, 1], [0, 2]]


def test_numbers_are_measured():
    """For each column: errors and correlation."""
    network = fixed(np.eye(2), activation="identity", loss="mse")
    x = np.random.default_rng(1).normal(size=(9, 2))
    found = network.evaluate(x, x + np.array([0.5, 0.0]))
    assert found.columns[0]["mae"] == pytest.approx(0.5, rel=1e-5)
    assert found.columns[1]["mse"] == pytest.approx(0, abs=1e-9)
    assert found.columns[0]["correlation"] == pytest.approx(1, rel=1e-5)
    assert "column 0: mse 0.25" in str(found)
    assert "rmse" in found._repr_html_()
    assert json.loads(json.dumps(found.to_dict()))["samples"] == 9


def test_steps_of_sequences_are_samples():
    """Each with its class."""
    network = nn.Sequential(
        [nn.LSTM(4), nn.RnnOutput(3, activation="softmax", loss="mcxent")], input_type=(5, 2), seed=1
    )
    found = network.evaluate(np.ones((4, 5, 2)), np.eye(3)[np.zeros((4, 5), int)])
    assert found.samples == 20


def test_what_cannot_be_evaluated_says_so():
    """Names for classes that are not there, and labels of another shape."""
    network = fixed(np.eye(3), activation="softmax", loss="mcxent")
    with pytest.raises(InvalidArgument, match="3 classes, and 2 names"):
        network.evaluate(np.eye(3), np.eye(3), labels=["a", "b"])
    with pytest.raises(InvalidArgument, match="there is nothing to evaluate"):
        network.evaluate(np.empty((0, 3)), np.empty((0, 3)))


def test_imported_models_are_evaluated_as_well():
    """They are networks like those built here."""
    model = pydl4j_bridge.import_model("tests/data/zoo/keras3/two-in-two-out.keras", optimizer=False)
    with pytest.raises(InvalidArgument, match="the model has 2 outputs"):
        model.evaluate([np.ones((2, *shape)) for shape in model.input_shapes], [np.ones((2, 1))] * 2)


def test_a_history_is_drawn_and_shown():
    """A curve for each of the losses, and a table."""
    matplotlib = pytest.importorskip("matplotlib", reason="matplotlib, of the extra 'report', is not installed")
    matplotlib.use("Agg")
    network = nn.Sequential([nn.Output(1, loss="mse")], input_type=2)
    with pytest.raises(InvalidArgument, match="no history yet"):
        network.plot_history()
    x, y = np.ones((4, 2)), np.ones((4, 1))
    history = network.fit(x, y, epochs=3, validation_data=(x, y))
    axes = network.plot_history()
    assert [line.get_label() for line in axes.lines] == ["loss", "val_loss"]
    assert list(axes.lines[0].get_ydata()) == history.history["loss"]
    assert "val_loss" in history._repr_html_()
    matplotlib.pyplot.close("all")


def test_an_interrupted_fit_leaves_its_history():
    """Epochs that were whole are in it, and the network can go on."""

    class Interrupts:
        def on_epoch_end(self, epoch, logs):
            if epoch == 1:
                raise KeyboardInterrupt

    network = nn.Sequential([nn.Output(1, loss="mse")], input_type=2)
    x, y = np.ones((4, 2)), np.ones((4, 1))
    with pytest.raises(KeyboardInterrupt):
        network.fit(x, y, epochs=9, callbacks=[Interrupts()])
    assert network.history.epoch == [0, 1]
    assert network.iterations == 2
    network.fit(x, y)


def test_a_live_curve_sees_every_step():
    """As a listener of DL4J's, until the end of the block; others stay."""
    network = nn.Sequential([nn.Output(1, loss="mse")], input_type=2)
    x, y = np.ones((6, 2)), np.ones((6, 1))
    before = list(network.java.getListeners())
    with LiveCurve(network) as curve:
        history = network.fit(x, y, epochs=2, batch_size=2)
        assert len(network.java.getListeners()) == len(before) + 1
    network.fit(x, y)
    assert list(network.java.getListeners()) == before
    assert curve.steps == list(range(len(curve.losses))) or len(curve.steps) == 6
    assert np.mean(curve.losses[:3]) == pytest.approx(history.history["loss"][0])


def test_imported_models_show_their_optimizer():
    """Layers with their shapes, the updater with its Keras origin, and every finding."""
    shown = pydl4j_bridge.import_model("tests/data/keras3/adamw.keras")._repr_html_()
    for text in ("(None, 2)", "DenseLayer", "org.nd4j.linalg.learning.config.Adam, from AdamW of Keras", "clipnorm"):
        assert text in shown
