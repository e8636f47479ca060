"""Files that name the classes with which this package speaks to the importer, whose configs say which Java to make."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import h5py
import pytest

import pydl4j_bridge
from pydl4j_bridge.errors import UnsupportedLayer

DATA = Path(__file__).resolve().parents[1] / "data" / "zoo" / "tfkeras" / "lstm-sequences.h5"
JAVA = {"@class": "java.io.File", "outputShape": [4, 5], "config": {}}
OURS = ("pydl4j>Translated", "pydl4j>Rearrangement", "pydl4j>GLU", "pydl4j>Mask")
DISGUISED = ("pydlpydl4j>4j>Translated", "Custom>pydl4j>Translated", "pydl4j>pydl4j>Translated", "Mask", "Translated")


def layer(name: str) -> dict:
    """A layer of a class with a config such as ours have."""
    config = {"name": "evil", "operation": "identity", "mask_value": 0, "layer": JAVA, "vertex": JAVA}
    return {"class_name": name, "config": config}


def wrapped(name: str) -> list[dict]:
    """The layer as it is, and inside of layers that hold others."""
    inner = layer(name)
    lstm = {"class_name": "LSTM", "config": {"name": "l", "units": 5}}
    return [
        inner,
        {**inner, "registered_name": name, "module": "mine"},
        {"class_name": "TimeDistributed", "config": {"name": "t", "layer": inner}},
        {"class_name": "Bidirectional", "config": {"name": "b", "layer": inner}},
        {"class_name": "Bidirectional", "config": {"name": "b", "layer": lstm, "backward_layer": inner}},
        {"class_name": "SpectralNormalization", "config": {"name": "s", "layer": inner}},
        {"class_name": "Activation", "config": {"name": "a", "activation": inner}},
        {"class_name": "Dense", "config": {"name": "d", "units": 2, "activation": inner}},
    ]


@pytest.mark.parametrize("at", range(8))
@pytest.mark.parametrize("name", [*OURS, *DISGUISED])
def test_no_file_names_our_own_classes(name, at, tmp_path):
    """The layer is refused before Java sees it, wherever it stands."""
    path = tmp_path / "m.h5"
    shutil.copy(DATA, path)
    with h5py.File(path, "r+") as file:
        config = json.loads(file.attrs["model_config"])
        config["config"]["layers"].append(wrapped(name)[at])
        file.attrs["model_config"] = json.dumps(config)
    with pytest.raises(pydl4j_bridge.BridgeError) as caught:
        pydl4j_bridge.import_model(path, optimizer=False)
    assert isinstance(caught.value, UnsupportedLayer) or "weights" in str(caught.value)
