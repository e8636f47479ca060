"""Reading what real Keras wrote: every fixture against what Keras said of itself when it was saved."""

import json
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from pydl4j_bridge.errors import NotAKerasFile, NoTrainingConfig
from pydl4j_bridge.kerasfile import KerasModelFile, NoOptimizer, find_models, read, read_optimizer

DATA = Path(__file__).parents[1] / "data"
MANIFESTS = {path.parent.name: json.loads(path.read_text()) for path in sorted(DATA.glob("*/manifest.json"))}
FILES = {
    f"{folder}/{name}": entry for folder, manifest in MANIFESTS.items() for name, entry in manifest["files"].items()
}
SAVED = {"whole": "whole model", "weights": "weights", "config": "config", "optimizer": "optimizer"}
DIALECT = {"keras3": "keras-3", "tfkeras": "tf-keras", "tfkeras-legacy": "tf-keras-legacy"}
#: Saved as .keras after the same object was saved as .h5: Keras 3 lost the class of its optimizer.
CLASS_LOST = {"keras3/adam-keras-after-h5.keras"}
#: compile("adam") of tf_keras leaves the name in a .keras file and no settings.
BY_NAME = {"tfkeras/adam-string.keras", "tfkeras/adagrad-string.keras"}


@cache
def fixture(name: str) -> KerasModelFile:
    """A fixture, read once."""
    return read(DATA / name)


every_file = pytest.mark.parametrize("name", FILES)


def holds_optimizer(name: str) -> bool:
    """Whether Keras wrote an optimizer into the file: weights never have one, to_json() only in Keras 3."""
    entry = FILES[name]
    if entry["optimizer"] is None or entry["saved"] == "weights" or name in CLASS_LOST:
        return False
    return entry["saved"] != "config" or name.startswith("keras3/")


WITH_OPTIMIZER = [name for name in FILES if holds_optimizer(name)]


def plain(value: Any) -> Any:
    """``value`` with nested objects as their class and config, as the manifest has them."""
    if isinstance(value, dict):
        if {"class_name", "config"} <= value.keys():
            return {"class_name": value["class_name"].rpartition(">")[2], "config": plain(value["config"])}
        return {key: plain(inner) for key, inner in value.items()}
    return [plain(inner) for inner in value] if isinstance(value, list) else value


def reason(name: str) -> NoOptimizer | None:
    """Why the file has no optimizer, told from how it was made."""
    if holds_optimizer(name):
        return None
    if name in CLASS_LOST:
        return NoOptimizer.CLASS_LOST
    by_saved = {"weights": NoOptimizer.WEIGHTS_ONLY, "config": NoOptimizer.CONFIG_ONLY}
    return by_saved.get(FILES[name]["saved"], NoOptimizer.NOT_COMPILED)


@every_file
def test_what_was_saved(name: str) -> None:
    """The container and what was saved in it are those that the manifest recorded."""
    entry, found = FILES[name], fixture(name)
    assert (entry["container"], SAVED[entry["saved"]]) == (found.container, found.saved)
    assert str(DATA / name) == found.path


@every_file
def test_version_and_backend(name: str) -> None:
    """The version is that of the Keras that wrote the file, where the file says it; so is the backend."""
    found = fixture(name)
    writer = MANIFESTS[name.partition("/")[0]]["writer"]
    silent = (
        found.saved == "optimizer"
        or name.endswith(".weights.h5")
        or (name.startswith("keras3/") and found.saved == "config")
    )
    assert (None if silent else writer.get("keras", writer.get("tf_keras"))) == found.keras_version
    assert (None if silent or found.container == "keras" else FILES[name]["backend"]) == found.backend


@pytest.mark.parametrize("name", [name for name in FILES if FILES[name]["saved"] != "weights"])
def test_model_class(name: str) -> None:
    """The class of the model is the one that the manifest recorded."""
    assert FILES[name]["model_class"] == fixture(name).model_class


@pytest.mark.parametrize("name", [name for name in FILES if FILES[name]["saved"] == "whole"])
def test_loss(name: str) -> None:
    """The loss is the one that the model was compiled with; None where it was not compiled."""
    loss = fixture(name).loss
    assert FILES[name]["loss"] == (loss["class_name"] if isinstance(loss, dict) else loss)


@every_file
def test_reason(name: str) -> None:
    """There is an optimizer, or the reason why there is none; never both."""
    found = fixture(name)
    assert reason(name) == found.reason
    assert holds_optimizer(name) == (found.optimizer is not None)


@pytest.mark.parametrize("name", WITH_OPTIMIZER)
def test_dialect(name: str) -> None:
    """The dialect is that of the Keras that wrote the optimizer, even of a legacy one in a newer Keras."""
    found = fixture(name)
    assert found.optimizer is not None
    assert DIALECT[name.partition("/")[0]] == found.dialect == found.optimizer.dialect


@pytest.mark.parametrize("name", WITH_OPTIMIZER)
def test_optimizer(name: str) -> None:
    """The class and every setting of the optimizer are what its own get_config() said."""
    recorded, optimizer = FILES[name]["optimizer"], fixture(name).optimizer
    assert optimizer is not None
    assert recorded["class_name"] == optimizer.class_name
    assert (name in BY_NAME) == optimizer.by_name_only
    assert ({} if name in BY_NAME else recorded["config"]) == plain(dict(optimizer.config))


@pytest.mark.parametrize("name", WITH_OPTIMIZER)
def test_optimizer_says_where_it_is(name: str) -> None:
    """The optimizer knows its file and the place in it, for errors."""
    optimizer = fixture(name).optimizer
    assert optimizer is not None
    assert str(DATA / name) == optimizer.file
    assert "optimizer" in optimizer.where


@pytest.mark.parametrize("name", [n for n, e in FILES.items() if e["saved"] == "whole" and e["trained_steps"]])
def test_state(name: str) -> None:
    """A trained model saved as a whole holds its optimizer's variables; tf_keras leaves legacy ones out of .keras."""
    assert (not name.startswith("tfkeras-legacy/") or name.endswith(".h5")) == fixture(name).has_optimizer_state


def test_same_from_every_source() -> None:
    """A path as text, a Path, JSON text and a dict give the same optimizer."""
    path = DATA / "keras3" / "adam-optimizer.json"
    configs = [
        dict(read_optimizer(source).config)
        for source in (path, str(path), path.read_text(), json.loads(path.read_text()))
    ]
    assert [configs[0]] * 4 == configs


@pytest.mark.parametrize("lead", ["", "\n\t ", "\ufeff"])
def test_json_text_after_blanks(lead: str) -> None:
    """JSON text is told from a path whatever white space or byte-order mark comes first."""
    found = read(lead + '{"class_name": "Adam", "config": {"learning_rate": 0.5}}')
    assert (found.path, found.container, found.optimizer.config) == (None, "json", {"learning_rate": 0.5})


@pytest.mark.parametrize("name", ["[1].h5", '{"a": 1}', "[x]"])
def test_a_file_whose_name_looks_like_json(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file that is there is a file, whatever its name looks like."""
    monkeypatch.chdir(tmp_path)
    Path(name).write_bytes((DATA / "keras3" / "sgd.h5").read_bytes())
    assert read_optimizer(name).class_name == "SGD"


def test_the_name_of_a_file_does_not_matter(tmp_path: Path) -> None:
    """The bytes tell what a file is, not its ending."""
    for name, ending in (("sgd.h5", "keras"), ("sgd.keras", "json"), ("adam-optimizer.json", "h5")):
        path = tmp_path / f"model.{ending}"
        path.write_bytes((DATA / "keras3" / name).read_bytes())
        assert read(DATA / "keras3" / name).optimizer.config == read(path).optimizer.config


@pytest.mark.parametrize("size", [512, 1024, 2048, 4096])
def test_user_block(size: int, tmp_path: Path) -> None:
    """An HDF5 file may begin after a block of the user's."""
    h5py = pytest.importorskip("h5py")
    path = tmp_path / "model.h5"
    with h5py.File(path, "w", userblock_size=size) as file, h5py.File(DATA / "keras3" / "sgd.h5") as good:
        file.attrs.update(good.attrs)
    assert read_optimizer(path).class_name == "SGD"


def test_not_enforced() -> None:
    """With enforce_training_config=False the optimizer is left out, and the reason says so."""
    found = read(DATA / "keras3" / "adam.keras", enforce_training_config=False)
    assert (found.optimizer, found.reason) == (None, NoOptimizer.NOT_ENFORCED)
    assert (
        read(DATA / "keras3" / "adam-uncompiled.h5", enforce_training_config=False).reason == NoOptimizer.NOT_COMPILED
    )


@pytest.mark.parametrize("name", [name for name in FILES if not holds_optimizer(name)])
def test_asking_for_an_optimizer_that_is_not_there(name: str) -> None:
    """read_optimizer says why there is none, in which file, and what to do."""
    with pytest.raises(NoTrainingConfig) as caught:
        read_optimizer(DATA / name)
    assert reason(name).why == caught.value.because
    assert reason(name).fix == caught.value.fix
    assert str(DATA / name) in str(caught.value)


def test_find_models(tmp_path: Path) -> None:
    """A folder stands for the model files below it, by name; a file for itself, whatever it is."""
    for name in ("b/z.h5", "b/a.keras", "a/m.json", "a/n.txt", "c.hdf5"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()
    found = [(Path(path).relative_to(tmp_path).as_posix(), named) for path, named in find_models([str(tmp_path)])]
    assert found == [("c.hdf5", False), ("a/m.json", False), ("b/a.keras", False), ("b/z.h5", False)]
    assert list(find_models(["x.txt"])) == [("x.txt", True)]


class Adam:
    """As far as a live Keras optimizer is looked at."""

    variables = (1,)

    def __init__(self, **config: Any) -> None:
        self.config = config

    def get_config(self) -> dict[str, Any]:
        """The settings."""
        return self.config


class Number:
    """A number of NumPy's."""

    def __init__(self, value: float) -> None:
        self.value = value

    def item(self) -> float:
        """The same as Python's."""
        return self.value


class ExponentialDecay(Adam):
    """A schedule that get_config() gives as an object."""


class Sequential:
    """As far as a live Keras model is looked at."""

    layers = ()
    loss = "mse"

    def __init__(self, optimizer: Any) -> None:
        self.optimizer = optimizer


Adam.__module__ = Sequential.__module__ = ExponentialDecay.__module__ = "keras.src.somewhere"


def test_live_optimizer() -> None:
    """A live optimizer gives its class and its config, with NumPy's numbers as Python's."""
    found = read(Adam(learning_rate=Number(0.5), use_ema=False))
    assert (found.container, found.saved, found.dialect, found.path) == ("live", "optimizer", "tf-keras", None)
    assert (found.optimizer.class_name, found.optimizer.config) == ("Adam", {"learning_rate": 0.5, "use_ema": False})
    assert not found.optimizer.custom


def test_live_schedule() -> None:
    """A schedule inside of a live config becomes its class and config, numbers inside of it as well."""
    schedule = ExponentialDecay(initial_learning_rate=Number(0.1), values=[Number(2.0)])
    rate = read_optimizer(Adam(learning_rate=schedule)).config["learning_rate"]
    assert rate == {"class_name": "ExponentialDecay", "config": {"initial_learning_rate": 0.1, "values": [2.0]}}


def test_live_model() -> None:
    """A live compiled model gives its class, its loss and its optimizer."""
    found = read(Sequential(Adam(learning_rate=0.5)))
    assert (found.container, found.saved, found.model_class, found.loss) == ("live", "whole model", "Sequential", "mse")
    assert found.optimizer.class_name == "Adam"
    assert found.has_optimizer_state


def test_live_uncompiled_model() -> None:
    """A live model that was not compiled has no optimizer, for this reason."""
    assert read(Sequential(None)).reason == NoOptimizer.NOT_COMPILED


def test_live_class_of_the_user() -> None:
    """A class from elsewhere is a custom one, even under the name of one of Keras's."""

    class Adam:
        def get_config(self) -> dict[str, Any]:
            return {"learning_rate": 0.5}

    assert read_optimizer(Adam()).custom


def test_the_name_of_an_optimizer_is_not_a_file() -> None:
    """Given "adam", the error says how to write an optimizer with its defaults."""
    with pytest.raises(NotAKerasFile, match="name of an optimizer") as caught:
        read("adam")
    assert '{"class_name": "Adam"' in caught.value.fix
