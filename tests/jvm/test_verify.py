"""Networks that were saved, read back by DL4J and held against what was imported."""

import json
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner

import pydl4j_bridge
from pydl4j_bridge.cli import cli
from pydl4j_bridge.errors import JavaError
from pydl4j_bridge.imported import ImportedModel, Verification
from pydl4j_bridge.jvm import networks
from pydl4j_bridge.mapping import UpdaterSpec

pytestmark = pytest.mark.usefixtures("jvm")

DATA = Path(__file__).parents[1] / "data"
SAVED = [
    "keras3/adamw.keras",
    "keras3/adam-cosine-decay.keras",
    "tfkeras-legacy/sgd-momentum-nesterov.h5",
    "frozen/keras-frozen-branch-sgd.keras",
    "frozen/keras-frozen-convolutions-adamw.keras",
    "zoo/keras3/depthwise-conv2d-multiplier.keras",
    "zoo/keras3/embedding-lstm.keras",
    "zoo/keras3/normalization-on-image.keras",
    "zoo/keras3/two-in-two-out.keras",
]


@pytest.mark.parametrize("name", SAVED)
def test_what_dl4j_reads_back_is_what_was_imported(name, tmp_path):
    """Parameters and the updater's state to the bit, the configuration, the updaters, and what it predicts."""
    model = pydl4j_bridge.import_model(DATA / name)
    model.save(tmp_path / "m.zip")
    assert model.verify(tmp_path / "m.zip") == Verification(True, True, True, 0.0)


def test_a_network_without_a_place_for_an_updater_is_saved_without_one(tmp_path):
    """A Bidirectional layer without return_sequences (N15) could not be saved at all."""
    model = pydl4j_bridge.import_model(DATA / "zoo" / "keras3" / "bidirectional-lstm-concat.keras", optimizer=False)
    model.save(tmp_path / "m.zip")
    assert model.verify(tmp_path / "m.zip").equal


@pytest.mark.parametrize(
    ("change", "differing"),
    [
        (lambda model: model.set_weights({"dense/bias": np.full(model.weights()["dense/bias"].shape, 0.5)}),
         ("parameters", "predictions")),
        (lambda model: model.set_learning_rate(0.5), ("configuration", "updaters")),
        (lambda model: model.set_updater(UpdaterSpec("Sgd", {"learningRate": 0.1})),
         ("parameters", "configuration", "updaters")),
    ],
)  # fmt: skip
def test_what_differs_is_named(change, differing, tmp_path):
    """A changed weight, a changed rate, and another updater, whose state is of another size."""
    model = pydl4j_bridge.import_model(DATA / "keras3" / "adam.keras")
    model.save(tmp_path / "m.zip")
    change(model)
    verification = model.verify(tmp_path / "m.zip")
    assert (verification.equal, verification.differing) == (False, differing)
    assert verification.to_dict()["equal"] is False


def test_a_file_that_is_no_network_cannot_be_read_back(tmp_path):
    """An error of ours with Java's reason."""
    (tmp_path / "m.zip").write_bytes(b"no zip")
    with pytest.raises(JavaError, match="read back"):
        pydl4j_bridge.import_model(DATA / "keras3" / "adam.keras").verify(tmp_path / "m.zip")


def test_convert_verify_ends_with_1_where_the_file_holds_another_network(tmp_path, monkeypatch):
    """And with 0 where it holds the one that was imported; both are in the JSON."""
    arguments = ["convert", "--verify", "--json", str(DATA / "keras3" / "adam.keras"), str(tmp_path / "m.zip")]
    done = CliRunner().invoke(cli, arguments, standalone_mode=False)
    assert (done.return_value, json.loads(done.stdout)["verified"]["equal"]) == (0, True)

    def save_another(self: ImportedModel, path: str) -> None:
        networks.save(networks.rebuild(self.java, UpdaterSpec("Sgd", {"learningRate": 0.1})), path)

    monkeypatch.setattr(ImportedModel, "save", save_another)
    done = CliRunner().invoke(cli, arguments, standalone_mode=False)
    assert (done.return_value, json.loads(done.stdout)["verified"]["updaters"]) == (1, False)
    done = CliRunner().invoke(cli, [a for a in arguments if a != "--json"], standalone_mode=False)
    assert "read back: not equal: parameters, configuration, updaters" in done.stdout
