"""``verify``: models that are right are called right, and of spoilt ones the layer that was spoilt is named."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner

import pydl4j_bridge
from pydl4j_bridge.cli import cli
from pydl4j_bridge.compare.html import outcomes_html
from pydl4j_bridge.compare.layers import LayersReport
from pydl4j_bridge.errors import InvalidConfig, KerasProcessError, NotAKerasFile
from pydl4j_bridge.oracles import KERAS_PYTHON, read_oracle
from pydl4j_bridge.plain import finite
from pydl4j_bridge.verifying import compare_with

pytestmark = pytest.mark.usefixtures("jvm")

DATA = Path(__file__).parents[1] / "data" / "verify"
MODELS = ("vision.keras", "text.keras", "chain.keras", "old-vision.h5", "old-chain.h5")


def weight(name: str, change: Callable[[Any], Any]) -> Callable[[Any], None]:
    """Spoils one weight, in Keras's layout."""
    return lambda model: model.set_weights({name: change(model.weights()[name].copy())})


def swapped(one: str, other: str) -> Callable[[Any], None]:
    """Puts each of two weights in the place of the other."""

    def spoil(model: Any) -> None:
        weights = model.weights()
        model.set_weights({one: weights[other], other: weights[one]})

    return spoil


def setting(layer: str, change: Callable[[Any], Any]) -> Callable[[Any], None]:
    """Changes the Java configuration of a layer."""
    return lambda model: change(model.java.getLayer(layer).conf().getLayer())


def activation(name: str) -> Callable[[Any], None]:
    """Another activation function."""
    import jpype

    return lambda layer: layer.setActivationFn(jpype.JClass(f"org.nd4j.linalg.activations.impl.{name}")())


def pooling(name: str) -> Callable[[Any], None]:
    """Another kind of pooling."""
    import jpype

    return lambda layer: layer.setPoolingType(
        jpype.JClass("org.deeplearning4j.nn.conf.layers.PoolingType").valueOf(name)
    )


def gates(array: Any) -> Any:
    """The input and forget gates of an LSTM exchanged."""
    i, f, c, o = np.split(array, 4, axis=-1)
    return np.concatenate([f, i, c, o], axis=-1)


def one_row(array: Any) -> Any:
    """Two rows of an embedding that the inputs use, exchanged."""
    array[[3, 4]] = array[[4, 3]]
    return array


#: What is done to the network → model, layer that has to be named, and how it is done.
CORRUPTIONS: dict[str, tuple[str, str, Callable[[], Callable[[Any], None]]]] = {
    "a kernel transposed in space": (
        "vision.keras", "conv", lambda: weight("conv/kernel", lambda k: k.swapaxes(0, 1))),
    "input channels permuted": (
        "vision.keras", "pointwise", lambda: weight("pointwise/kernel", lambda k: k[:, :, ::-1])),
    "a bias dropped": ("vision.keras", "pointwise", lambda: weight("pointwise/bias", np.zeros_like)),
    "gamma and beta exchanged": ("vision.keras", "norm", lambda: swapped("norm/gamma", "norm/beta")),
    "a variance 1 % off": (
        "vision.keras", "block/inner_norm", lambda: weight("block/inner_norm/moving_variance", lambda v: v * 1.01)),
    "another epsilon": (
        "vision.keras", "block/inner_norm", lambda: setting("inner_norm", lambda one: one.setEps(1e-5))),
    "a kernel 0.1 % off in a model inside": (
        "vision.keras", "block/inner_conv", lambda: weight("block/inner_conv/kernel", lambda k: k * 1.001)),
    "multiplier before channels": (
        "vision.keras", "depthwise",
        lambda: weight("depthwise/depthwise_kernel", lambda k: k.reshape(3, 3, 2, 6).swapaxes(2, 3))),
    "depthwise part turned": (
        "vision.keras", "separable", lambda: weight("separable/depthwise_kernel", lambda k: k[::-1, ::-1])),
    "another slope": ("old-vision.h5", "leaky", lambda: setting("leaky", activation("ActivationReLU"))),
    "another activation": ("vision.keras", "separable", lambda: setting("separable", activation("ActivationTanH"))),
    "average for maximum": ("vision.keras", "pool", lambda: setting("pool", pooling("AVG"))),
    "kernel shifted along an axis": (
        "vision.keras", "transposed", lambda: weight("transposed/kernel", lambda k: np.roll(k, 1, axis=0))),
    "slopes permuted": ("vision.keras", "prelu", lambda: weight("prelu/alpha", lambda a: a[..., ::-1])),
    "flattened in another order": (
        "old-vision.h5", "hidden",
        lambda: weight("hidden/kernel", lambda k: k.reshape(4, 4, 5, 7).transpose(2, 0, 1, 3).reshape(80, 7))),
    "two words exchanged": ("text.keras", "embedding", lambda: weight("embedding/embeddings", one_row)),
    "directions exchanged": (
        "text.keras", "bidirectional",
        lambda: swapped("bidirectional/forward_recurrent_kernel", "bidirectional/backward_recurrent_kernel")),
    "heads exchanged": (
        "text.keras", "attention", lambda: weight("attention/query_kernel", lambda k: k[:, ::-1])),
    "the projection's bias dropped": (
        "text.keras", "attention", lambda: weight("attention/output_bias", np.zeros_like)),
    "gamma permuted": ("text.keras", "norm", lambda: weight("norm/gamma", lambda g: g[::-1])),
    "kernel turned in time": ("text.keras", "conv", lambda: weight("conv/kernel", lambda k: k[::-1])),
    "recurrent kernel transposed": (
        "text.keras", "gru",
        lambda: weight("gru/recurrent_kernel",
                       lambda k: np.concatenate([part.T for part in np.split(k, 3, axis=1)], axis=1))),
    "gates exchanged": ("text.keras", "lstm", lambda: weight("lstm/kernel", gates)),
    "forget bias without its 1": (
        "chain.keras", "lstm", lambda: weight("lstm/bias", lambda b: b - np.repeat([0, 1, 0, 0], 5))),
    "recurrent kernel of the simple layer transposed": (
        "chain.keras", "simple", lambda: weight("simple/recurrent_kernel", np.transpose)),
    "inside of TimeDistributed": ("chain.keras", "steps", lambda: weight("steps/dense/kernel", lambda k: k[::-1])),
    "mean dropped": ("old-chain.h5", "norm", lambda: weight("norm/moving_mean", np.zeros_like)),
    "last layer's outputs exchanged": (
        "old-chain.h5", "numbers", lambda: weight("numbers/kernel", lambda k: k[:, ::-1])),
}  # fmt: skip


def spoilt(name: str) -> LayersReport:
    """The report of a model with one of the corruptions."""
    file, _, corruption = CORRUPTIONS[name]
    model = pydl4j_bridge.import_model(DATA / file, optimizer=False)
    corruption()(model)
    return compare_with(model, file, read_oracle((DATA / file).with_suffix(".npz")))


@pytest.mark.parametrize("name", MODELS)
def test_a_model_that_is_right_is_called_right(name):
    """All layers are compared, in their order, and none is far from Keras's."""
    report = pydl4j_bridge.verify(DATA / name, expected=(DATA / name).with_suffix(".npz"))
    assert (report.verdict, report.first, report.equal) == ("same", None, True), str(report)
    assert all(not layer.not_compared and layer.class_name for layer in report.layers)
    assert report.worst < 1e-6
    assert max(layer.relative for layer in report.layers) < 1e-5


@pytest.mark.parametrize("name", CORRUPTIONS)
def test_the_layer_that_was_spoilt_is_the_first_to_differ(name):
    """By name, although all that come after it differ as well."""
    report = spoilt(name)
    assert not report.equal
    assert report.first.layer == CORRUPTIONS[name][1], str(report)
    assert f"first difference: layer {CORRUPTIONS[name][1]} (" in str(report)


def test_rounding_alarms_nobody(tmp_path):
    """A number that is 6e-8 off is the same."""
    model = pydl4j_bridge.import_model(DATA / "vision.keras", optimizer=False)
    model.set_weights({"conv/bias": model.weights()["conv/bias"] * np.float32(1 + 6e-8)})
    assert compare_with(model, "vision.keras", read_oracle(DATA / "vision.npz")).equal


@pytest.mark.parametrize("name", ["bidirectional-adam", "conv2d-adam"])
def test_gradients_are_keras_s(name):
    """Of every trained weight, for the labels that were recorded; and a gradient that is not is named."""
    path = DATA.parent / "training" / "keras3" / f"{name}.keras"
    oracle = read_oracle(DATA / f"{name}-gradients.npz")
    report = pydl4j_bridge.verify(path, expected=oracle, gradients=True)
    assert (report.verdict, len(report.gradients)) == ("same", len(oracle.gradients)), str(report)
    assert max(one.relative for one in report.gradients) < 1e-5
    first = next(iter(oracle.gradients))
    wrong = replace(oracle, gradients={**oracle.gradients, first: oracle.gradients[first] * np.float32(1.001)})
    report = pydl4j_bridge.verify(path, expected=wrong, gradients=True)
    assert (report.verdict, report.first) == ("gradients", None)
    assert f"gradients that differ: {first}" in str(report)


def test_a_model_without_a_loss_has_no_gradients():
    """A note says so, and where the record has none as well; the layers are compared all the same."""
    report = pydl4j_bridge.verify(DATA / "chain.keras", expected=DATA / "chain.npz", gradients=True)
    assert (report.verdict, report.gradients, len(report.notes)) == ("same", (), 2)
    assert "imported without one" in report.notes[0]
    assert "gradients were not compared: none were recorded" in report.notes[1]


@pytest.mark.parametrize("largest", [2**18, 16])
def test_what_dl4j_computes_is_compared_on_another_machine(largest, tmp_path, monkeypatch):
    """Also where only some numbers of a layer are in the record; another file, or another record, is an error."""
    monkeypatch.setattr("pydl4j_bridge.oracles._LARGEST", largest)
    monkeypatch.setattr("pydl4j_bridge.oracles._CHOSEN", 16)
    path, recorded = DATA / "old-chain.h5", tmp_path / "dl4j.npz"
    oracle = read_oracle(DATA / "old-chain.npz")
    pydl4j_bridge.record_dl4j(path, recorded, oracle.inputs)
    report = pydl4j_bridge.compare_recorded(path, recorded, oracle)
    assert (report.verdict, report.notes) == ("same", ())
    assert all(not layer.not_compared and layer.largest for layer in report.layers)
    lstm = oracle.layers["lstm"]
    wrong = replace(oracle, layers={**oracle.layers, "lstm": replace(lstm, values=lstm.values * np.float32(1.01))})
    assert pydl4j_bridge.compare_recorded(path, recorded, wrong).first.layer == "lstm"
    with pytest.raises(InvalidConfig, match="of another file"):
        pydl4j_bridge.compare_recorded(DATA / "chain.keras", recorded, oracle)
    with pytest.raises(InvalidConfig, match="not what DL4J computes"):
        pydl4j_bridge.compare_recorded(path, DATA / "old-chain.npz", oracle)


def test_verify_record_and_verify_compare(tmp_path):
    """The commands of two words, beside ``verify`` of a model; what is found is in the exit code."""
    model, recorded, page = DATA / "chain.keras", tmp_path / "dl4j.npz", tmp_path / "page.html"
    made = CliRunner().invoke(cli, ["verify", "record", str(model), str(recorded), "--json"], standalone_mode=False)
    assert "lstm" in json.loads(made.stdout)["layers"]
    with np.load(recorded) as arrays:
        kept = {name: array for name, array in arrays.items() if name.startswith(("input", "output"))}
    np.savez(tmp_path / "keras.npz", **{**kept, "output_0": kept["output_0"] * 1.5})
    compare = ["verify", "compare", str(model), str(recorded), "--expected", str(tmp_path / "keras.npz")]
    done = CliRunner().invoke(cli, [*compare, "--html", str(page)], standalone_mode=False)
    assert done.return_value == 1
    assert "DL4J and Keras differ" in done.stdout
    assert "DL4J and Keras differ" in page.read_text()
    done = CliRunner().invoke(cli, [*compare, "--tolerance", "0.6", "--json"], standalone_mode=False)
    assert (done.return_value, json.loads(done.stdout)["verdict"]) == (0, "same")


@pytest.mark.parametrize("name", [
    "joins/channels-first-softmax-transposed.h5", "joins/channels-first-volume-branches.h5",
    "zoo/keras3/batch-normalization-axis-1.keras", "zoo/keras3/own-merges.keras", "zoo/keras3/shared-model.keras",
    "zoo/keras3/shared-twice.keras", "zoo/keras3/softmax-axis-1.keras", "zoo/keras3/time-distributed-conv2d.keras",
])  # fmt: skip
def test_what_the_import_moves_splits_or_copies_is_found(name):
    """Axes in another order, an activation behind its layer, layers that Keras calls twice, steps in the batch."""
    path = DATA.parent / name
    report = pydl4j_bridge.verify(path, expected=DATA / "layers" / f"{path.stem}.npz")
    assert report.equal, str(report)
    assert not any(layer.not_compared for layer in report.layers), str(report)


def test_outputs_alone_are_compared_where_no_layers_were_recorded(tmp_path):
    """A note says so; a wrong output is a verdict of its own."""
    oracle = read_oracle(DATA / "chain.npz")
    np.savez(tmp_path / "y.npz", input_0=oracle.inputs[0], output_0=oracle.outputs[0] + 1)
    report = pydl4j_bridge.verify(DATA / "chain.keras", expected=tmp_path / "y.npz")
    assert (report.verdict, report.layers, report.first) == ("outputs", (), None)
    assert "no layers were recorded" in report.notes[0]


def test_some_numbers_of_a_large_layer_are_enough(tmp_path):
    """The place is that in the whole array."""
    with np.load(DATA / "chain.npz") as arrays:
        kept = dict(arrays)
    array = kept.pop("layer|lstm")
    at = np.array([0, 7, 90])
    changed = array.ravel()[at] + np.array([0, 0, 1])
    kept.update({"shape|lstm": np.array(array.shape), "positions|lstm": at, "some|lstm": changed})
    np.savez(tmp_path / "y.npz", **kept)
    report = pydl4j_bridge.verify(DATA / "chain.keras", expected=tmp_path / "y.npz")
    assert report.first.layer == "lstm"
    assert report.first.place == tuple(np.unravel_index(90, array.shape))


def test_the_report_is_plain_json():
    """With the first layer by name."""
    values = json.loads(json.dumps(spoilt("gates exchanged").to_dict()))
    assert (values["verdict"], values["first"], values["equal"]) == ("layers", "lstm", False)
    documented = (Path(__file__).parents[2] / "docs" / "json.md").read_text().partition("\n## `verify`\n")[2]
    named = set(re.findall(r"`([a-z_0-9]+)", documented.partition("\nOf many models")[0]))
    assert values.keys() <= named
    assert values["layers"][0].keys() <= named


def test_a_report_comes_back_from_json(tmp_path):
    """With infinities, which JSON does not have: it says the same, and so does the page of a run over many."""
    model = pydl4j_bridge.import_model(DATA / "chain.keras", optimizer=False)
    model.set_weights({"hidden/bias": np.full(6, np.inf)})
    report = compare_with(model, "chain.keras", read_oracle(DATA / "chain.npz"))
    text = json.dumps(finite(report.to_dict()), allow_nan=False)
    back = LayersReport.from_dict(json.loads(text))
    assert (str(back), finite(back.to_dict())) == (str(report), json.loads(text))
    outcomes = [
        {"path": "<a>", "status": "differs", "cause": "Dense differs", "report": json.loads(text)},
        {"path": "b", "status": "refused", "cause": "UnsupportedLayer: Odd", "report": None},
        {"path": "c", "status": "refused", "cause": "UnsupportedLayer: Odd", "report": None},
    ]
    page = outcomes_html(outcomes)
    assert "differs: 1, refused: 2" in page
    assert "&lt;a&gt;" in page
    assert "and 1 more" in page
    assert page.count("<svg") == 4  # two plots, for a desk and for a phone
    assert not re.search(r'(src|href)="(?!#)', page)


def test_what_is_no_record_is_a_clear_error(tmp_path):
    """Nothing there, no arrays, no outputs, or of another model."""
    with pytest.raises(NotAKerasFile):
        read_oracle(tmp_path / "absent.npz")
    (tmp_path / "x.npz").write_text("no")
    with pytest.raises(NotAKerasFile):
        read_oracle(tmp_path / "x.npz")
    np.savez(tmp_path / "x.npz", input_0=np.zeros(1))
    with pytest.raises(InvalidConfig, match="no outputs"):
        read_oracle(tmp_path / "x.npz")
    with pytest.raises(InvalidConfig, match="the model takes"):
        pydl4j_bridge.verify(DATA / "chain.keras", expected=DATA / "vision.npz")


def test_without_keras_the_error_says_what_to_do(monkeypatch):
    """Here, where neither this Python nor another one has it."""
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    monkeypatch.delenv(KERAS_PYTHON, raising=False)
    with pytest.raises(KerasProcessError, match=KERAS_PYTHON):
        pydl4j_bridge.verify(DATA / "chain.keras")


def test_keras_itself_is_asked(tmp_path, monkeypatch):
    """In a process of its own, where a Python that has it is named."""
    import os

    if not os.environ.get(KERAS_PYTHON):
        pytest.skip(f"{KERAS_PYTHON} names no Python that has Keras")
    report = pydl4j_bridge.verify(DATA / "vision.keras")
    assert report.equal
    assert report.oracle.startswith("recorded by keras 3")
