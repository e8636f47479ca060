"""Models that were saved and loaded again: all of what they were is there."""

from __future__ import annotations

import json
import zipfile
from pathlib import Path

import numpy as np
import pytest

import pydl4j_bridge
from pydl4j_bridge import saved
from pydl4j_bridge.errors import InvalidConfig, NotAKerasFile, UnsafeFile

pytestmark = pytest.mark.usefixtures("jvm")

DATA = Path(__file__).parents[1] / "data"
SAVED = [
    "training/keras3/nadam.keras",
    "training/keras3/adam-cosine-restarts.keras",
    "training/keras3/bidirectional-adam.keras",
    "training/keras3/branched-adam.keras",
    "training/keras3/frozen-adam.keras",
    "training/keras3/conv2d-adam.keras",
    "training/tfkeras/rmsprop-momentum-centered.h5",
    "training/tfkeras-legacy/adam.h5",
    "zoo/keras3/depthwise-conv2d-multiplier.keras",
    "zoo/keras3/two-in-two-out.keras",
]


@pytest.mark.parametrize("name", SAVED)
def test_what_is_loaded_is_what_was_saved(name, tmp_path):
    """Weights, state, step, updater, findings, notes and layouts are the same, to the bit."""
    model = pydl4j_bridge.import_model(DATA / name, fidelity="exact")
    model.save(tmp_path / "m.zip")
    loaded = pydl4j_bridge.load(tmp_path / "m.zip")
    assert loaded.translated == model.translated
    assert (loaded.updater, loaded.findings, loaded.notes) == (model.updater, model.findings, model.notes)
    assert loaded.iterations == model.iterations
    assert loaded.updaters() == model.updaters()
    np.testing.assert_equal(loaded.weights(), model.weights())
    np.testing.assert_equal(loaded.optimizer_state(), model.optimizer_state())


def test_what_is_loaded_trains_on_and_goes_back_to_keras(tmp_path):
    """The next step is the same as without the zip between, and so is the Keras file that comes of it."""
    path = DATA / "training" / "keras3" / "nadam.keras"
    model = pydl4j_bridge.import_model(path, fidelity="exact")
    model.save(tmp_path / "m.zip")
    loaded = pydl4j_bridge.load(tmp_path / "m.zip")
    x, y = np.random.default_rng(1).normal(size=(8, 4)), np.eye(3)[np.arange(8) % 3]
    for number, one in enumerate((model, loaded)):
        one.train_on_batch(x, y)
        pydl4j_bridge.export_keras(one, tmp_path / f"{number}.keras", like=path)
    back = [pydl4j_bridge.import_model(tmp_path / f"{number}.keras", fidelity="exact") for number in (0, 1)]
    np.testing.assert_equal(back[0].weights(), back[1].weights())
    np.testing.assert_equal(back[0].optimizer_state(), back[1].optimizer_state())
    assert back[1].iterations == 21


def test_a_layer_recorded_for_a_lambda_is_loaded(tmp_path):
    """What stands for a Lambda is in the zip: nobody gives it again."""
    path = DATA / "zoo" / "keras3" / "lambda.keras"
    model = pydl4j_bridge.import_model(path, lambdas={"lambda": lambda sd, x: x.mul(2.0)})
    model.save(tmp_path / "m.zip")
    x = np.ones((2, *model.translated.inputs[0]))
    np.testing.assert_array_equal(pydl4j_bridge.load(tmp_path / "m.zip").predict(x), model.predict(x))


def test_a_zip_of_dl4js_own_is_a_network(tmp_path):
    """It says nothing of Keras: its arrays are as DL4J has them."""
    import jpype

    model = pydl4j_bridge.import_model(DATA / "keras3" / "adam.keras")
    path = str(tmp_path / "m.zip")
    jpype.JClass("org.deeplearning4j.util.ModelSerializer").writeModel(model.java, path, True)
    loaded = pydl4j_bridge.load(path)
    x = np.ones((2, *model.translated.inputs[0]))
    assert type(loaded) is pydl4j_bridge.Network
    np.testing.assert_array_equal(loaded.predict(x), model.predict(x))


def test_a_zip_without_a_network_is_refused(tmp_path):
    """The error says what is missing."""
    with zipfile.ZipFile(tmp_path / "m.zip", "w") as archive:
        archive.writestr("something", "else")
    with pytest.raises(NotAKerasFile, match=r"no configuration\.json"):
        pydl4j_bridge.load(tmp_path / "m.zip")


@pytest.mark.parametrize(
    ("entry", "error"),
    [
        ("{", InvalidConfig),
        ("[]", InvalidConfig),
        ('{"version": 1}', InvalidConfig),
        ('{"version": 2}', InvalidConfig),
        ('{"version": 1, "model": {}, "updater": null, "notes": []}', InvalidConfig),
        ("[" * 100_000, InvalidConfig),
        (" " * 2000, UnsafeFile),
    ],
)
def test_a_broken_entry_is_a_clear_error(entry, error, tmp_path, monkeypatch):
    """Before DL4J is asked for the network."""
    monkeypatch.setattr(saved, "_MAX_BYTES", 1999 if not entry.strip() else 2**20)
    with zipfile.ZipFile(tmp_path / "m.zip", "w") as archive:
        archive.writestr(saved.ENTRY, entry)
    with pytest.raises(error):
        pydl4j_bridge.load(tmp_path / "m.zip")


def test_no_zip_is_a_clear_error(tmp_path):
    """A file that is not there, and one that is something else."""
    (tmp_path / "m.zip").write_text("no")
    for name in ("m.zip", "absent.zip"):
        with pytest.raises(NotAKerasFile):
            pydl4j_bridge.load(tmp_path / name)


def test_the_entry_is_plain_json(tmp_path):
    """A person can read in the zip what became of the optimizer."""
    pydl4j_bridge.import_model(DATA / "keras3" / "adamw.keras").save(tmp_path / "m.zip")
    with zipfile.ZipFile(tmp_path / "m.zip") as archive:
        values = json.loads(archive.read(saved.ENTRY))
    assert values["updater"]["class"] == "org.nd4j.linalg.learning.config.Adam"
    assert {finding["key"] for finding in values["updater"]["findings"]} > {"weight_decay", "clipnorm"}
