"""Bad and hostile input: each a named error that says where, never another exception, never a hang."""

import io
import json
import math
import os
import socket
import struct
import subprocess
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest

from pydl4j_bridge.errors import (
    BridgeError,
    InvalidConfig,
    KerasFileError,
    MappingError,
    NotAKerasFile,
    Truncated,
    UnknownDialect,
    UnsafeFile,
    UnsupportedOptimizer,
    UnsupportedOption,
)
from pydl4j_bridge.kerasfile import Optimizer, read
from pydl4j_bridge.kerasfile.dialects import DIALECTS, LEGACY
from pydl4j_bridge.kerasfile.jsontext import MAX_CONFIG_BYTES, MAX_DEPTH
from pydl4j_bridge.mapping import map_optimizer
from pydl4j_bridge.mapping.engine import BACKEND_EPSILON
from pydl4j_bridge.mapping.rules import REFUSED, RULES
from pydl4j_bridge.mapping.schedules import LAST_ITERATION, MAX_KEYS

DATA = Path(__file__).parents[1] / "data"
H5, KERAS, JSON = (DATA / "keras3" / name for name in ("adam.h5", "adam.keras", "adam-config-only.json"))
ADAM = {"class_name": "Adam", "config": {"learning_rate": 0.001}}
MODEL = {"class_name": "Sequential", "config": {"layers": []}}


def refused(source: Any, kind: type[BridgeError]) -> BridgeError:
    """The error that reading ``source`` raises: of this very class, and naming the file where there is one."""
    with pytest.raises(BridgeError) as caught:
        read(source)
    assert kind is type(caught.value), str(caught.value)
    if isinstance(source, Path):
        assert str(source) == caught.value.file
        assert str(source) in str(caught.value)
    assert caught.value.what
    assert caught.value.exit_code == 2
    return caught.value


def h5(path: Path, **attributes: Any) -> Path:
    """An HDF5 file with these attributes; bytes and text as they are, the rest as JSON text."""
    with h5py.File(path, "w") as file:
        for name, value in attributes.items():
            file.attrs[name] = value if isinstance(value, (str, bytes)) else json.dumps(value)
    return path


def keras(path: Path, **members: Any) -> Path:
    """A .keras archive with these members (``config`` is config.json); bytes as they are, the rest as JSON text."""
    with zipfile.ZipFile(path, "w") as archive:
        for name, value in members.items():
            archive.writestr(f"{name}.json", value if isinstance(value, bytes) else json.dumps(value))
    return path


def written(path: Path, content: bytes) -> Path:
    """A file with this content."""
    path.write_bytes(content)
    return path


# --- no Keras file at all -------------------------------------------------------------------------------------------


def test_missing_file(tmp_path: Path) -> None:
    """A file that is not there is no Keras file."""
    assert refused(tmp_path / "absent.h5", NotAKerasFile).what == "no such file"


def test_empty_file(tmp_path: Path) -> None:
    """An empty file says that it is empty."""
    assert refused(written(tmp_path / "empty.h5", b""), NotAKerasFile).what == "the file is empty"


def test_directory(tmp_path: Path) -> None:
    """A folder is pointed to the command that takes one."""
    assert "check FOLDER" in refused(tmp_path, NotAKerasFile).fix


def test_saved_model(tmp_path: Path) -> None:
    """A TensorFlow SavedModel is called by its name."""
    (tmp_path / "saved_model.pb").touch()
    error = refused(tmp_path, NotAKerasFile)
    assert "SavedModel" in error.because
    assert "model.save(" in error.fix


@pytest.mark.parametrize(
    "content",
    [
        b"hello\n",
        b" \n\t\n",
        b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR",
        b"\xff\xfe{\x00}\x00",
        b"\x00" * 10_000,
        b"\x1f\x8b\x08\x00gzip",
        b"\x80\x04\x95pickle",
        b'"text"',
        b"12",
        b"null",
    ],
    ids=["text", "blank", "png", "utf-16", "zeros", "gzip", "pickle", "json-text", "json-number", "json-null"],
)
def test_other_files(content: bytes, tmp_path: Path) -> None:
    """A file that is none of the three containers says which they are, and how to save one."""
    error = refused(written(tmp_path / "model.h5", content), NotAKerasFile)
    assert "HDF5" in error.because
    assert "model.save(" in error.fix


@pytest.mark.parametrize("content", [b"[1, 2]", b"[]", b"[" * 10])
def test_json_file_without_object(content: bytes, tmp_path: Path) -> None:
    """JSON that is no object is refused."""
    refused(written(tmp_path / "model.json", content), InvalidConfig)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this system has no named pipes")
def test_pipe(tmp_path: Path) -> None:
    """A pipe that nobody writes to is refused at once: opening it would wait for ever."""
    path = tmp_path / "pipe.h5"
    os.mkfifo(path)
    assert "pipe" in refused(path, NotAKerasFile).what


@pytest.mark.parametrize("device", ["/dev/null", "/dev/zero", "/dev/tty"])
def test_device(device: str) -> None:
    """A device is no file."""
    if not os.path.exists(device):
        pytest.skip(f"this system has no {device}")
    refused(Path(device), NotAKerasFile)


@pytest.mark.skipif(not hasattr(socket, "AF_UNIX"), reason="this system has no such sockets")
def test_socket(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A socket is no file."""
    monkeypatch.chdir(tmp_path)  # the path of a socket must be short
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind("model.h5")
        refused(Path("model.h5"), NotAKerasFile)


def test_symlink_loop(tmp_path: Path) -> None:
    """A link to itself is a file that is not there."""
    path = tmp_path / "loop.h5"
    path.symlink_to(path)
    refused(path, NotAKerasFile)


def test_symlink_to_a_model(tmp_path: Path) -> None:
    """A link to a model is the model."""
    path = tmp_path / "link.h5"
    path.symlink_to(H5)
    assert read(H5).optimizer.config == read(path).optimizer.config


def test_unreadable_file(tmp_path: Path) -> None:
    """A file that may not be read says so."""
    path = written(tmp_path / "secret.h5", H5.read_bytes())
    path.chmod(0)
    if os.access(path, os.R_OK):
        pytest.skip("this user may read every file")
    assert "ermission" in refused(path, NotAKerasFile).because


@pytest.mark.parametrize("name", ["new\nline.h5", "naïve-模型.h5", "a b'\"$;.h5", "[red]x[.h5", "x" * 240 + ".h5"])
def test_strange_file_names(name: str, tmp_path: Path) -> None:
    """A file is read, and named in its error, whatever its name is."""
    assert read(written(tmp_path / name, H5.read_bytes())).optimizer.class_name == "Adam"
    refused(written(tmp_path / name, b"text"), NotAKerasFile)


@pytest.mark.parametrize("path", [Path("x" * 5000), Path("nul\0l"), Path("a/" * 3000)])
def test_impossible_paths(path: Path) -> None:
    """A path that no system has is a file that cannot be read."""
    refused(path, NotAKerasFile)


@pytest.mark.parametrize("source", ["", " ", "\n\t\ufeff"])
def test_blank_text(source: str) -> None:
    """Text of white space alone is neither a path nor JSON."""
    assert "expected a path or JSON text" in refused(source, NotAKerasFile).what


@pytest.mark.parametrize(
    "source", [None, 1, True, 1.5, b"x", [], (), object(), dict, len], ids=lambda source: type(source).__name__
)
def test_other_objects(source: Any) -> None:
    """What is neither a path, nor text, nor a config, nor a Keras object is refused by the name of its type."""
    with pytest.raises(KerasFileError) as caught:
        read(source)
    assert type(source).__name__ in caught.value.what


# --- live objects ---------------------------------------------------------------------------------------------------


class Raises:
    """Its get_config() raises."""

    def get_config(self) -> Any:
        """Fail."""
        raise RuntimeError("not built yet")


class GivesNothing:
    """Its get_config() gives None."""

    def get_config(self) -> Any:
        """Nothing."""


class NotCallable:
    """Its get_config is a number."""

    get_config = 3


class GivesArray:
    """Its learning rate is an array."""

    def get_config(self) -> Any:
        """An array where a number belongs."""
        return {"learning_rate": np.array([1.0, 2.0])}


class GivesItself:
    """Its config holds itself."""

    def get_config(self) -> Any:
        """Itself."""
        return {"learning_rate": self}


class Model:
    """A model with this optimizer."""

    layers = ()

    def __init__(self, optimizer: Any) -> None:
        self.optimizer = optimizer


@pytest.mark.parametrize("kind", [Raises, GivesNothing, NotCallable, GivesArray, GivesItself])
def test_live_object_without_config(kind: type) -> None:
    """A live object whose get_config() gives no config is refused by name, alone and in a model."""
    for source in (kind(), Model(kind())):
        assert kind.__name__ in refused(source, InvalidConfig).what
    assert refused(kind(), InvalidConfig).because


def test_live_model_with_something_else_as_optimizer() -> None:
    """A model whose optimizer is no optimizer is refused."""
    refused(Model("adam"), NotAKerasFile)


# --- JSON -----------------------------------------------------------------------------------------------------------

TEXTS: dict[str, bytes] = {
    "cut off": b'{"class_name": "Seq',
    "trailing": b'{"a": 1} x',
    "single quotes": b"{'a': 1}",
    "not utf-8": b'{"a": "\xff\xfe"}',
    "deep lists": b'{"a": ' + b"[" * 100_000 + b"]" * 100_000 + b"}",
    "deep objects": b'{"a": ' * 100_000 + b"1" + b"}" * 100_000,
    "deeper than allowed": b'{"a": ' + b"[" * MAX_DEPTH + b"]" * MAX_DEPTH + b"}",
    "only brackets": b"{" + b"[" * 100_000,
    "long number": b'{"a": ' + b"1" * 5000 + b"}",
    "control character": b'{"a": "\x01"}',
    "nul": b'{"a": \x00}',
}
texts = pytest.mark.parametrize("text", TEXTS.values(), ids=TEXTS)


@texts
def test_bad_json_file(text: bytes, tmp_path: Path) -> None:
    """Text that is no JSON, or none that anybody means, is refused."""
    refused(written(tmp_path / "model.json", text), InvalidConfig)


@texts
def test_bad_json_member(text: bytes, tmp_path: Path) -> None:
    """The same in an archive, naming the member."""
    assert refused(keras(tmp_path / "a.keras", config=text), InvalidConfig).where == "config.json"
    assert refused(keras(tmp_path / "b.keras", config=MODEL, metadata=text), InvalidConfig).where == "metadata.json"


@pytest.mark.parametrize("text", [text for text in TEXTS.values() if b"\x00" not in text and len(text) < 60_000])
@pytest.mark.parametrize("attribute", ["model_config", "training_config"])
def test_bad_json_attribute(attribute: str, text: bytes, tmp_path: Path) -> None:
    """The same in an HDF5 attribute, naming the attribute."""
    path = h5(tmp_path / "model.h5", **{"model_config": MODEL, attribute: text})
    assert f"attribute {attribute}" == refused(path, InvalidConfig).where


@pytest.mark.parametrize("text", [text.decode() for text in TEXTS.values() if b"\xff" not in text])
def test_bad_json_text(text: str) -> None:
    """The same given as text."""
    assert refused(text, InvalidConfig).where == "JSON text"


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-32"])
def test_other_encodings_in_an_archive(encoding: str, tmp_path: Path) -> None:
    """JSON in another Unicode encoding, or with a byte-order mark, is JSON."""
    path = keras(tmp_path / "model.keras", config=json.dumps(MODEL).encode(encoding))
    assert read(path).model_class == "Sequential"


def test_byte_order_mark(tmp_path: Path) -> None:
    """A JSON file may begin with a byte-order mark."""
    path = written(tmp_path / "model.json", b"\xef\xbb\xbf" + json.dumps(ADAM).encode())
    assert read(path).optimizer.class_name == "Adam"


@pytest.mark.parametrize("value", [[], [1], "x", 3, 1.5, True, None], ids=repr)
def test_config_that_is_no_object(value: Any, tmp_path: Path) -> None:
    """A config of another JSON type is refused in every container."""
    refused(keras(tmp_path / "a.keras", config=value), InvalidConfig)
    refused(h5(tmp_path / "a.h5", model_config=value), InvalidConfig)
    refused(h5(tmp_path / "b.h5", model_config=MODEL, training_config=value), InvalidConfig)


def test_huge_json_file(tmp_path: Path) -> None:
    """A JSON file beyond the limit is refused before it is read."""
    path = tmp_path / "model.json"
    with path.open("wb") as stream:
        stream.write(b"{")
        stream.truncate(MAX_CONFIG_BYTES + 1)  # sparse: takes no room
    assert "limit" in refused(path, UnsafeFile).because


@pytest.mark.parametrize(
    "config",
    [
        {},
        {"class_name": "Dense", "config": {"units": 3}},
        {"class_name": "Dense", "config": None},
        {"class_name": None, "config": {}},
        {"class_name": ["Adam"], "config": {}},
        {"nodes": []},
        {"config": 3},
    ],
    ids=repr,
)
def test_json_that_is_no_keras(config: dict[str, Any], tmp_path: Path) -> None:
    """JSON that is neither a model nor an optimizer is no Keras file."""
    assert refused(config, NotAKerasFile).because
    assert refused(written(tmp_path / "x.json", json.dumps(config).encode()), NotAKerasFile).because


@pytest.mark.parametrize("name", [None, 3, "my_adam", "Adan", ""], ids=repr)
def test_bare_config_of_nobody(name: Any) -> None:
    """A bare config that does not name its class says how to write it."""
    assert '"class_name"' in refused({"learning_rate": 0.1, "name": name}, InvalidConfig).fix
    assert '"class_name"' in refused({"learning_rate": 0.1}, InvalidConfig).fix


def test_bare_config_near_names() -> None:
    """A misspelt name is answered with the ones that look like it."""
    assert "Adam" in refused({"learning_rate": 0.1, "name": "adamm"}, InvalidConfig).near


# --- damage ---------------------------------------------------------------------------------------------------------

DAMAGE = """
import random, sys
from pathlib import Path
from pydl4j_bridge.errors import KerasFileError, MappingError
from pydl4j_bridge.kerasfile import read
from pydl4j_bridge.mapping import map_optimizer

source, target, seeds = Path(sys.argv[1]), Path(sys.argv[2]), range(int(sys.argv[3]))
good = source.read_bytes()


def attempt(content):
    target.write_bytes(content)
    try:
        found = read(target)
        if found.optimizer:
            map_optimizer(found.optimizer, on_loss="ignore")
    except (KerasFileError, MappingError) as error:
        assert str(target) in str(error), error


for length in (*range(64), *range(64, len(good), max(1, len(good) // 150)), *range(len(good) - 64, len(good))):
    attempt(good[:length])
for seed in seeds:
    chance = random.Random(f"{source.name} {seed}")
    content = bytearray(good)
    for _ in range(chance.choice((1, 1, 2, 4, 16, 64))):
        place = chance.choice((len(good), min(4096, len(good)))) - 1
        content[chance.randint(0, place)] = chance.choice((0, 255, chance.randrange(256)))
    attempt(bytes(content))
"""


@pytest.mark.parametrize(
    "name",
    [
        "keras3/adam.h5",
        "keras3/adam.keras",
        "keras3/adam-weights-only.weights.h5",
        "keras3/adam-config-only.json",
        "tfkeras/adam-weights-only.h5",
        "tfkeras-legacy/nadam.h5",
    ],
)
def test_damage(name: str, tmp_path: Path) -> None:
    """A file cut off anywhere or with any bytes changed is read or refused by name; it neither hangs nor crashes."""
    # In a process of its own: HDF5 is C, and a test run should outlive it.
    command = [sys.executable, "-c", DAMAGE, str(DATA / name), str(tmp_path / "damaged"), "250"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


@pytest.mark.parametrize("share", [0.2, 0.5, 0.9, 0.999])
@pytest.mark.parametrize("path", [H5, KERAS], ids=lambda path: path.suffix)
def test_cut_off(path: Path, share: float, tmp_path: Path) -> None:
    """A model whose end is missing is called truncated, with what to do about it."""
    content = path.read_bytes()
    error = refused(written(tmp_path / path.name, content[: int(len(content) * share)]), Truncated)
    assert "again" in error.fix


def test_endless_heap(tmp_path: Path) -> None:
    """A heap of text whose objects do not fill it, on which HDF5 never ends, is found before HDF5 reads it."""
    content = bytearray(H5.read_bytes())
    first = content.index(b"GCOL") + 16
    content[first : first + 16] = bytes(16)
    assert "heap" in refused(written(tmp_path / "model.h5", bytes(content)), Truncated).because


def test_text_that_claims_gigabytes(tmp_path: Path) -> None:
    """Text of variable length that claims more than the file has is refused before HDF5 makes room for it."""
    content = bytearray(H5.read_bytes())
    heap = struct.pack("<Q", content.index(b"GCOL"))
    length = struct.pack("<I", len(h5py.File(H5).attrs["model_config"]))
    at = content.index(length + heap)
    content[at : at + 4] = b"\xff" * 4
    assert "claims 4294967295" in refused(written(tmp_path / "model.h5", bytes(content)), UnsafeFile).what


# --- zip ------------------------------------------------------------------------------------------------------------


def patched(path: Path, change: Callable[[bytearray, int, int], None], name: str = "config.json") -> Path:
    """An archive whose headers of one member (local, central) were changed."""
    content = bytearray(path.read_bytes())
    local = content.index(b"PK\x03\x04")
    while content[local + 30 :].find(name.encode()) != 0:
        local = content.index(b"PK\x03\x04", local + 4)
    central = content.index(b"PK\x01\x02")
    while content[central + 46 :].find(name.encode()) != 0:
        central = content.index(b"PK\x01\x02", central + 4)
    change(content, local, central)
    path.write_bytes(content)
    return path


def test_zip_without_config(tmp_path: Path) -> None:
    """A zip of something else is no Keras archive, and says what it may be."""
    assert "config.json" in refused(keras(tmp_path / "x.zip", readme=b"hello"), NotAKerasFile).what
    error = refused(written(tmp_path / "empty.zip", b"PK\x05\x06" + bytes(18)), NotAKerasFile)
    assert "DL4J" in error.fix


def test_config_in_a_folder_of_the_archive(tmp_path: Path) -> None:
    """Only config.json at the top counts, whatever path leads to another."""
    path = tmp_path / "x.keras"
    with zipfile.ZipFile(path, "w") as archive:
        for name in ("a/config.json", "../config.json", "/config.json", "./config.json", "CONFIG.JSON"):
            archive.writestr(name, json.dumps(MODEL))
    refused(path, NotAKerasFile)


def test_path_traversal(tmp_path: Path) -> None:
    """Names that lead out of the archive do nothing: no member is ever unpacked under its name."""
    (tmp_path / "in").mkdir()
    path = keras(tmp_path / "in" / "x.keras", config=MODEL)
    with zipfile.ZipFile(path, "a") as archive:
        for name in ("../evil", "../../evil", "/tmp/evil", "C:\\evil"):
            archive.writestr(name, "evil")
    assert read(path).model_class == "Sequential"
    assert os.listdir(tmp_path) == ["in"]
    assert os.listdir(tmp_path / "in") == ["x.keras"]


@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_duplicate_member(tmp_path: Path) -> None:
    """Of two members of one name the last counts, as for Python's zipfile and so for Keras."""
    path = tmp_path / "x.keras"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("config.json", "no json")
        archive.writestr("config.json", json.dumps(MODEL))
    assert read(path).model_class == "Sequential"


@pytest.mark.parametrize("name", ["config.json", "metadata.json"])
def test_bomb(name: str, tmp_path: Path) -> None:
    """A member that unpacks to more than the limit is refused before it is unpacked."""
    path = tmp_path / "x.keras"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        if name != "config.json":
            archive.writestr("config.json", json.dumps(MODEL))
        with archive.open(name, "w") as stream:
            for _ in range(MAX_CONFIG_BYTES // 2**20 + 1):
                stream.write(bytes(2**20))
    error = refused(path, UnsafeFile)
    assert name == error.where
    assert "limit" in error.because


@pytest.mark.parametrize("method", [zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_other_compressions(method: int, tmp_path: Path) -> None:
    """A member that claims more than any honest packing reaches is refused."""
    path = tmp_path / "x.keras"
    with zipfile.ZipFile(path, "w", method) as archive:
        archive.writestr("config.json", b" " * 2**22 + json.dumps(MODEL).encode())
    assert refused(path, UnsafeFile).where == "config.json"


def test_member_that_claims_too_much(tmp_path: Path) -> None:
    """A size in the header that the packed bytes cannot have is not believed."""

    def lie(content: bytearray, local: int, central: int) -> None:
        content[central + 24 : central + 28] = struct.pack("<I", 2**31)

    assert "claims" in refused(patched(keras(tmp_path / "x.keras", config=MODEL), lie), UnsafeFile).what


@pytest.mark.parametrize("size", [0, 1, 5])
def test_member_with_a_wrong_size(size: int, tmp_path: Path) -> None:
    """A size in the header that is too small is damage."""

    def lie(content: bytearray, local: int, central: int) -> None:
        content[central + 24 : central + 28] = struct.pack("<I", size)

    with pytest.raises(KerasFileError) as caught:
        read(patched(keras(tmp_path / "x.keras", config=MODEL), lie))
    assert isinstance(caught.value, (Truncated, InvalidConfig))


def test_encrypted_member(tmp_path: Path) -> None:
    """A member with the flag of encryption is refused."""

    def encrypt(content: bytearray, local: int, central: int) -> None:
        content[local + 6] |= 1
        content[central + 8] |= 1

    assert "password" in refused(patched(keras(tmp_path / "x.keras", config=MODEL), encrypt), UnsafeFile).because


def test_unknown_compression(tmp_path: Path) -> None:
    """A member packed in a way that Python does not know is refused."""

    def pack(content: bytearray, local: int, central: int) -> None:
        content[local + 8] = content[central + 10] = 97

    assert refused(patched(keras(tmp_path / "x.keras", config=MODEL), pack), UnsafeFile).because


def test_wrong_checksum(tmp_path: Path) -> None:
    """A member whose bytes were changed is damaged."""

    def change(content: bytearray, local: int, central: int) -> None:
        content[local + 30 + len("config.json") + 3] ^= 1

    assert "CRC" in refused(patched(keras(tmp_path / "x.keras", config=MODEL), change), Truncated).because


@pytest.mark.parametrize("content", [b"", b"text", b"\x89HDF\r\n\x1a\n", H5.read_bytes()[:3000]])
@pytest.mark.parametrize("method", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED])
def test_weights_that_are_no_hdf5(content: bytes, method: int, tmp_path: Path) -> None:
    """Weights that HDF5 cannot open are named as the member they are."""
    path = tmp_path / "x.keras"
    with zipfile.ZipFile(path, "w", method) as archive:
        archive.writestr("config.json", json.dumps(MODEL))
        archive.writestr("model.weights.h5", content)
    with pytest.raises((NotAKerasFile, Truncated)) as caught:
        read(path)
    assert caught.value.where == "model.weights.h5"
    assert str(path) == caught.value.file


def test_packed_weights(tmp_path: Path) -> None:
    """Weights that somebody packed anew are read all the same."""
    path = tmp_path / "x.keras"
    with zipfile.ZipFile(KERAS) as good, zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name in good.namelist():
            archive.writestr(name, good.read(name))
    assert read(path).has_optimizer_state


# --- HDF5 -----------------------------------------------------------------------------------------------------------


def test_hdf5_of_somebody_else(tmp_path: Path) -> None:
    """HDF5 without a model or weights of Keras is no Keras file."""
    path = tmp_path / "data.h5"
    with h5py.File(path, "w") as file:
        file["measurements"] = np.zeros(3)
    assert "model_config" in refused(path, NotAKerasFile).because


def linked(path: Path, name: str, link: Any) -> Path:
    """A whole model in which ``name`` is this link."""
    h5(path, model_config=MODEL)
    with h5py.File(path, "a") as file:
        file[name] = link
    return path


LINKS = [
    h5py.SoftLink("/"),
    h5py.SoftLink("/nowhere"),
    h5py.ExternalLink("/etc/passwd", "/"),
    h5py.ExternalLink("x.h5", "/"),
]


@pytest.mark.parametrize("link", LINKS, ids=lambda link: f"{type(link).__name__} {link.path}")
def test_link_of_the_optimizer(link: Any, tmp_path: Path) -> None:
    """A link in the place of the optimizer's variables is refused and not followed."""
    error = refused(linked(tmp_path / "model.h5", "optimizer_weights", link), UnsafeFile)
    assert "optimizer_weights" in error.where
    assert "Link" in error.because


@pytest.mark.parametrize("link", LINKS, ids=lambda link: f"{type(link).__name__} {link.path}")
def test_link_of_the_weights(link: Any, tmp_path: Path) -> None:
    """A link in the place of the weights does no harm: they are not looked at."""
    assert read(linked(tmp_path / "model.h5", "model_weights", link)).model_class == "Sequential"


@pytest.mark.parametrize("name", ["layers", "optimizer", "optimizer/vars"])
@pytest.mark.parametrize("link", LINKS, ids=lambda link: f"{type(link).__name__} {link.path}")
def test_links_in_weights(name: str, link: Any, tmp_path: Path) -> None:
    """The same in a file of weights alone and in that of an archive."""
    inner = io.BytesIO()
    path, archive = tmp_path / "x.weights.h5", tmp_path / "x.keras"
    for target in (path, inner):
        with h5py.File(target, "w") as file:
            if name != "layers":
                file.create_group("layers")
            file[name] = link
    assert f"/{name}" == refused(path, UnsafeFile).where
    if name != "layers":
        with zipfile.ZipFile(archive, "w") as packed:
            packed.writestr("config.json", json.dumps(MODEL))
            packed.writestr("model.weights.h5", inner.getvalue())
        assert f"model.weights.h5/{name}" == refused(archive, UnsafeFile).where


def test_dataset_in_the_place_of_a_group(tmp_path: Path) -> None:
    """A dataset where Keras has a group is refused."""
    assert (
        "optimizer_weights" in refused(linked(tmp_path / "x.h5", "optimizer_weights", np.zeros(3)), NotAKerasFile).where
    )


def test_group_that_holds_itself(tmp_path: Path) -> None:
    """A group that is its own child is read without going round in it."""
    path = h5(tmp_path / "x.h5")
    with h5py.File(path, "a") as file:
        file["layers"] = file["optimizer"] = file["vars"] = file["/"]
    assert read(path).has_optimizer_state


VALUES: dict[str, Any] = {
    "int": 3,
    "float": 1.5,
    "bool": True,
    "bytes array": np.array([b"{}", b"{}"]),
    "number array": np.zeros(3),
    "no strings": np.array([], dtype="S3"),
    "empty": h5py.Empty("S3"),
    "empty number": h5py.Empty("f4"),
    "compound": np.array((1, 2.0), dtype=[("a", "i4"), ("b", "f8")]),
    "void": np.void(b"{}"),
    "complex": 1 + 2j,
    "subarray": np.zeros((2, 2), dtype="(3,)f4"),
}


@pytest.mark.parametrize("attribute", ["model_config", "training_config", "keras_version", "backend"])
@pytest.mark.parametrize("value", VALUES.values(), ids=VALUES)
def test_attribute_of_another_type(attribute: str, value: Any, tmp_path: Path) -> None:
    """An attribute that is no single string is refused by its name."""
    path = h5(tmp_path / "model.h5", **({} if attribute == "model_config" else {"model_config": MODEL}))
    with h5py.File(path, "a") as file:
        file.attrs[attribute] = value
    assert f"attribute {attribute}" == refused(path, InvalidConfig).where


@pytest.mark.parametrize("kind", ["vlen", "reference", "region", "enum", "strings"])
def test_attribute_of_a_special_type(kind: str, tmp_path: Path) -> None:
    """The same for the types that only HDF5 has."""
    path = tmp_path / "model.h5"
    with h5py.File(path, "w") as file:
        data = file.create_dataset("data", data=np.zeros(3))
        values: dict[str, tuple[Any, Any]] = {
            "vlen": (np.array([np.arange(3), np.arange(2)], dtype=object), h5py.vlen_dtype("i4")),
            "reference": (data.ref, h5py.ref_dtype),
            "region": (data.regionref[:2], h5py.regionref_dtype),
            "enum": (1, h5py.enum_dtype({"A": 1})),
            "strings": (["{}", "{}"], h5py.string_dtype()),
        }
        value, dtype = values[kind]
        file.attrs.create("model_config", value, dtype=dtype)
    assert refused(path, InvalidConfig).where == "attribute model_config"


@pytest.mark.parametrize(
    "value", [np.array([json.dumps(MODEL)], dtype="S"), np.bytes_(json.dumps(MODEL)), json.dumps(MODEL)]
)
def test_attribute_of_every_kind_of_string(value: Any, tmp_path: Path) -> None:
    """Text of fixed or variable length, alone or as an array of one, is text."""
    path = tmp_path / "model.h5"
    with h5py.File(path, "w") as file:
        file.attrs["model_config"] = value
    assert read(path).model_class == "Sequential"


# --- what a Keras file says -----------------------------------------------------------------------------------------


def models(tmp_path: Path, training: dict[str, Any]) -> list[Path]:
    """The same compiled model as .h5, .keras and .json; ``training`` has ``optimizer``."""
    old = {("optimizer_config" if key == "optimizer" else key): value for key, value in training.items()}
    return [
        h5(tmp_path / "model.h5", model_config=MODEL, training_config=old),
        keras(tmp_path / "model.keras", config={**MODEL, "compile_config": training}),
        written(tmp_path / "model.json", json.dumps({**MODEL, "compile_config": training}).encode()),
    ]


@pytest.mark.parametrize("value", [[], [1], 3, 1.5, True, False, ""], ids=repr)
def test_optimizer_of_another_type(value: Any, tmp_path: Path) -> None:
    """An optimizer that is neither an object nor a name is refused in every container, naming its place."""
    for path in models(tmp_path, {"optimizer": value}):
        assert "optimizer" in refused(path, InvalidConfig).where


@pytest.mark.parametrize("value", [None, [], 3, True, "x"], ids=repr)
def test_optimizer_config_of_another_type(value: Any, tmp_path: Path) -> None:
    """The same for its config."""
    for path in models(tmp_path, {"optimizer": {"class_name": "Adam", "config": value}}):
        assert refused(path, InvalidConfig).where.endswith(".config")
    refused({"class_name": "Adam", "config": value}, InvalidConfig)


@pytest.mark.parametrize("value", [None, [], 3, True, {}, "", "Custom>", ">"], ids=repr)
def test_class_name_of_another_type(value: Any, tmp_path: Path) -> None:
    """The same for its class name, which may not be empty either."""
    for path in models(tmp_path, {"optimizer": {"class_name": value, "config": {}}}):
        assert refused(path, InvalidConfig).where.endswith(".class_name")


def test_optimizer_without_config(tmp_path: Path) -> None:
    """An optimizer whose config is missing is refused."""
    for path in models(tmp_path, {"optimizer": {"class_name": "Adam"}}):
        assert "without its config" in refused(path, InvalidConfig).what


@pytest.mark.parametrize("value", [[], [1], 3, True, "x"], ids=repr)
def test_compile_config_of_another_type(value: Any, tmp_path: Path) -> None:
    """A compile_config that is no object is refused."""
    config = {**MODEL, "compile_config": value}
    assert refused(keras(tmp_path / "x.keras", config=config), InvalidConfig).where.endswith("compile_config")
    assert refused(config, InvalidConfig).where == "compile_config"


@pytest.mark.parametrize("key", ["class_name", "backend"])
@pytest.mark.parametrize("value", [[], {}, 3, True], ids=repr)
def test_model_key_of_another_type(key: str, value: Any) -> None:
    """The class and the backend of a model are text."""
    assert refused({**MODEL, key: value}, InvalidConfig).where == key


@pytest.mark.parametrize("value", [[], {}, 3, True], ids=repr)
def test_model_class_of_another_type(value: Any, tmp_path: Path) -> None:
    """The same in .h5 and .keras."""
    config = {**MODEL, "class_name": value}
    assert "class_name" in refused(h5(tmp_path / "x.h5", model_config=config), InvalidConfig).where
    assert "class_name" in refused(keras(tmp_path / "x.keras", config=config), InvalidConfig).where


@pytest.mark.parametrize("version", ["4.0", "0.3", "banana", "", "3", "-1.0", "9" * 5000 + ".1", "\u0663.1", "99999.1"])
def test_unknown_version(version: str, tmp_path: Path) -> None:
    """A Keras version that is not known is named, with where it stands and what to do."""
    for path in (
        h5(tmp_path / "x.h5", model_config=MODEL, keras_version=version or " "),
        keras(tmp_path / "x.keras", config=MODEL, metadata={"keras_version": version}),
        written(tmp_path / "x.json", json.dumps({**MODEL, "keras_version": version}).encode()),
    ):
        error = refused(path, UnknownDialect)
        assert "keras_version" in error.where
        assert error.fix


@pytest.mark.parametrize("version", [3, 2.1, [], {}, True], ids=repr)
def test_version_of_another_type(version: Any, tmp_path: Path) -> None:
    """A version that is no text is not known either."""
    refused(keras(tmp_path / "x.keras", config=MODEL, metadata={"keras_version": version}), UnknownDialect)
    refused({**MODEL, "keras_version": version}, UnknownDialect)


def test_no_version(tmp_path: Path) -> None:
    """A version that is null or missing is no error: the file is told by other signs."""
    assert read(keras(tmp_path / "x.keras", config=MODEL, metadata={"keras_version": None})).dialect == "keras-3"
    assert read({**MODEL, "keras_version": None}).dialect == "keras-1"


# --- what an optimizer says -----------------------------------------------------------------------------------------

COMMON = ("name", "clipnorm", "clipvalue")
NEW = (
    "weight_decay", "global_clipnorm", "use_ema", "ema_momentum", "ema_overwrite_frequency", "loss_scale_factor",
    "gradient_accumulation_steps",
)  # fmt: skip
OWN = {
    "SGD": ("momentum", "nesterov"),
    "RMSprop": ("rho", "epsilon", "momentum", "centered"),
    "Adagrad": ("epsilon", "initial_accumulator_value"),
    "Adadelta": ("rho", "epsilon"),
    "Adam": ("beta_1", "beta_2", "epsilon", "amsgrad"),
    "AdamW": ("beta_1", "beta_2", "epsilon", "amsgrad"),
    "Adamax": ("beta_1", "beta_2", "epsilon"),
    "Nadam": ("beta_1", "beta_2", "epsilon"),
}
LEGACY_KEYS = {
    "keras-1": ("lr", "decay"),
    "keras-2": ("lr", "decay"),
    "tf-keras-legacy": ("learning_rate", "decay"),
}
KEYS = [
    (dialect, name, key)
    for dialect in DIALECTS
    for name, own in OWN.items()
    for key in (*own, *COMMON, *LEGACY_KEYS.get(dialect, ("learning_rate", *NEW)))
    if not (name == "AdamW" and dialect in LEGACY)
    if (name, key) != ("Nadam", "decay") or dialect == "tf-keras-legacy"
] + [(dialect, "Nadam", "schedule_decay") for dialect in ("keras-1", "keras-2")]
FLAGS = {"nesterov", "centered", "amsgrad", "use_ema"}
MAY_BE_NULL = {
    "epsilon", "clipnorm", "clipvalue", "weight_decay", "global_clipnorm", "use_ema", "ema_overwrite_frequency",
    "loss_scale_factor", "gradient_accumulation_steps", "name",
}  # fmt: skip
WRONG = {
    "null": None, "true": True, "text": "x", "empty text": "", "list": [], "object": {}, "nan": math.nan,
    "infinity": math.inf, "minus infinity": -math.inf, "negative": -1, "too big for a double": 10**400,
    "too long": 10**5000, "number as text": "0.1",
}  # fmt: skip


def accepted(key: str, value: Any) -> bool:
    """What Keras accepts: null where a setting may be off, true for a flag, text for the name."""
    if value is None:
        return key in MAY_BE_NULL
    return (key in FLAGS and value is True) or (key == "name" and isinstance(value, str))


def optimizer(name: str, dialect: str = "keras-3", /, **config: Any) -> Optimizer:
    """An optimizer as a file describes it."""
    return Optimizer(name, config, dialect, name, where="optimizer_config.config", file="some/model.h5")


@pytest.mark.parametrize("value", WRONG.values(), ids=WRONG)
@pytest.mark.parametrize(("dialect", "name", "key"), KEYS)
def test_wrong_value_of_every_key(dialect: str, name: str, key: str, value: Any) -> None:
    """A value that Keras could not have meant is refused, and the error names the file and the key."""
    wrong = optimizer(name, dialect, **{key: value})
    if accepted(key, value):
        spec = map_optimizer(wrong, on_loss="ignore")
        assert [value] == [finding.value for finding in spec.findings if finding.key == key]
        return
    with pytest.raises(InvalidConfig) as caught:
        map_optimizer(wrong, on_loss="ignore")
    assert f"optimizer_config.config.{key}" == caught.value.where
    assert f"[some/model.h5, optimizer_config.config.{key}]" in str(caught.value)


def test_every_rule_is_tried() -> None:
    """The table above has every optimizer of the mapping table."""
    assert set(RULES) == set(OWN)


@pytest.mark.parametrize("key", ["momentum", "rho", "beta_1", "beta_2"])
def test_more_than_one(key: str) -> None:
    """A rate of decay above 1 is refused."""
    name = next(name for name in OWN if key in OWN[name])
    with pytest.raises(InvalidConfig, match="more than 1") as caught:
        map_optimizer(optimizer(name, **{key: 1.5}))
    assert caught.value.where.endswith(key)


@pytest.mark.parametrize("text", ["NaN", "Infinity", "-Infinity", "1e400", "-1", "-1e-9", "1" * 400])
def test_numbers_in_a_file(text: str, tmp_path: Path) -> None:
    """Numbers that JSON, or Python's reading of it, lets through are refused when the optimizer is mapped."""
    path = written(tmp_path / "x.json", f'{{"class_name": "SGD", "config": {{"learning_rate": {text}}}}}'.encode())
    with pytest.raises(InvalidConfig) as caught:
        map_optimizer(read(path).optimizer)
    assert f"[{path}, optimizer.config.learning_rate]" in str(caught.value)


def test_null_epsilon() -> None:
    """A null epsilon is the backend's."""
    assert map_optimizer(optimizer("Adam", epsilon=None)).fields["epsilon"] == BACKEND_EPSILON


@pytest.mark.parametrize(
    "name", ["Adm", "adam", "Nadamm", "", "A>B>Adam", "Custom", "__class__", "Adam\n", "x" * 10_000]
)
def test_class_that_does_not_exist(name: str) -> None:
    """A class that is not Keras's own is refused by name."""
    with pytest.raises(UnsupportedOptimizer) as caught:
        map_optimizer(optimizer(name))
    assert name in caught.value.what
    assert caught.value.because
    assert "some/model.h5" in str(caught.value)


def test_misspelt_class() -> None:
    """A misspelt class is answered with the ones that look like it."""
    with pytest.raises(UnsupportedOptimizer) as caught:
        map_optimizer(optimizer("adamm"))
    assert caught.value.near[0] == "Adam"


@pytest.mark.parametrize("spelled", ["my_package>Adam", "Other>Adam", "a>b>Adam"])
def test_class_of_another_package(spelled: str) -> None:
    """A class of somebody's package is not Keras's, even of the same name."""
    with pytest.raises(UnsupportedOptimizer, match=spelled):
        map_optimizer(read({"class_name": spelled, "config": {"learning_rate": 0.1}}).optimizer)


@pytest.mark.parametrize("name", REFUSED)
@pytest.mark.parametrize("inner", [None, 3, [], {}, {"class_name": 3}, {"class_name": "Adam"}], ids=repr)
def test_refused_whatever_it_holds(name: str, inner: Any) -> None:
    """A class without counterpart is refused by name, with the nearest choice, whatever is in its config."""
    with pytest.raises(UnsupportedOptimizer) as caught:
        map_optimizer(optimizer(name, inner_optimizer=inner))
    assert name in caught.value.what
    assert caught.value.near


@pytest.mark.parametrize("value", [1, "x", None, [], {}, True], ids=repr)
def test_unknown_key(value: Any) -> None:
    """A key that nobody knows is never dropped in silence."""
    with pytest.raises(UnsupportedOption, match="wibble"):
        map_optimizer(optimizer("Adam", wibble=value))
    findings = map_optimizer(optimizer("Adam", wibble=value), on_loss="ignore").findings
    assert [(value, "not carried")] == [(f.value, f.outcome.value) for f in findings if f.key == "wibble"]


# --- schedules ------------------------------------------------------------------------------------------------------

SCHEDULES: dict[str, dict[str, Any]] = {
    "ExponentialDecay": {"initial_learning_rate": 0.1, "decay_steps": 10, "decay_rate": 0.5, "staircase": False},
    "InverseTimeDecay": {"initial_learning_rate": 0.1, "decay_steps": 10, "decay_rate": 0.5, "staircase": True},
    "PiecewiseConstantDecay": {"boundaries": [10, 20], "values": [0.3, 0.2, 0.1]},
    "PolynomialDecay": {
        "initial_learning_rate": 0.1, "decay_steps": 10, "end_learning_rate": 0.01, "power": 1.0, "cycle": False,
    },
    "CosineDecay": {
        "initial_learning_rate": 0.1, "decay_steps": 10, "alpha": 0.1, "warmup_target": 0.2, "warmup_steps": 5,
    },
    "CosineDecayRestarts": {
        "initial_learning_rate": 0.1, "first_decay_steps": 10, "t_mul": 2.0, "m_mul": 0.9, "alpha": 0.1,
    },
}  # fmt: skip
STEPS = {"decay_steps", "first_decay_steps"}
REQUIRED = {"initial_learning_rate", "decay_rate", "boundaries", "values", *STEPS}
BOOLS = {"staircase", "cycle"}


def scheduled(name: str, /, **config: Any) -> Optimizer:
    """SGD with this schedule."""
    return optimizer("SGD", learning_rate={"class_name": name, "config": config})


def refused_schedule(name: str, config: dict[str, Any]) -> InvalidConfig:
    """The error that mapping it raises."""
    with pytest.raises(InvalidConfig) as caught:
        map_optimizer(scheduled(name, **config), on_loss="ignore")
    assert "optimizer_config.config.learning_rate" in str(caught.value)
    return caught.value


@pytest.mark.parametrize("value", WRONG.values(), ids=WRONG)
@pytest.mark.parametrize(("name", "key"), [(name, key) for name, config in SCHEDULES.items() for key in config])
def test_wrong_value_of_every_key_of_a_schedule(name: str, key: str, value: Any) -> None:
    """A value that Keras could not have meant is refused, and the error names the key or the schedule."""
    config = {**SCHEDULES[name], key: value}
    if (key in BOOLS and value is True) or (key == "warmup_target" and value is None):
        assert map_optimizer(scheduled(name, **config)).fields["learningRateSchedule"]
        return
    where = refused_schedule(name, config).where
    assert where.endswith(key) or name == "PiecewiseConstantDecay"


@pytest.mark.parametrize(
    ("name", "key"), [(name, key) for name, config in SCHEDULES.items() for key in config if key in REQUIRED]
)
def test_missing_key_of_a_schedule(name: str, key: str) -> None:
    """A schedule without a key that Keras demands is refused."""
    config = {k: v for k, v in SCHEDULES[name].items() if k != key}
    refused_schedule(name, config)


@pytest.mark.parametrize("steps", [0, 0.0, -0.0, -1])
@pytest.mark.parametrize("name", [name for name, config in SCHEDULES.items() if STEPS & config.keys()])
def test_no_steps(name: str, steps: float) -> None:
    """A schedule over no steps is refused."""
    key = next(iter(STEPS & SCHEDULES[name].keys()))
    assert refused_schedule(name, {**SCHEDULES[name], key: steps}).where.endswith(key)


@pytest.mark.parametrize("flag", [False, True])
@pytest.mark.parametrize("steps", [5e-324, 1e-9, 0.3, 1e6, 1e9, 1e12, 1e18, 1e300, 1.7e308, 10**18])
@pytest.mark.parametrize("name", [name for name, config in SCHEDULES.items() if STEPS & config.keys()])
def test_extreme_steps(name: str, steps: float, flag: bool) -> None:
    """However many steps, mapping ends, and a map has few enough keys, finite values and iterations that Java has."""
    key = next(iter(STEPS & SCHEDULES[name].keys()))
    bools = dict.fromkeys(BOOLS & SCHEDULES[name].keys(), flag)
    try:
        spec = map_optimizer(scheduled(name, **{**SCHEDULES[name], **bools, key: steps}), on_loss="ignore")
    except InvalidConfig as error:
        assert error.where.startswith("optimizer_config.config.learning_rate")  # noqa: PT017
        return
    fields = spec.fields["learningRateSchedule"].fields
    values = fields.get("values", {})
    assert len(values) <= MAX_KEYS + 1
    assert all(0 <= at <= LAST_ITERATION for at in values)
    assert all(math.isfinite(v) for v in (*values.values(), *fields.values()) if isinstance(v, float))


@pytest.mark.parametrize("t_mul", [0, 0.5, 0.999, -1])
def test_periods_that_shrink(t_mul: float) -> None:
    """Restarts whose periods shrink would pile up, and are refused."""
    assert refused_schedule("CosineDecayRestarts", {**SCHEDULES["CosineDecayRestarts"], "t_mul": t_mul}).where.endswith(
        "t_mul"
    )


@pytest.mark.parametrize("t_mul", [1, 1.0, 1 + 1e-15, 1.0001, 1e300])
def test_periods_of_all_lengths(t_mul: float) -> None:
    """Restarts at one distance, and at ever larger ones, are mapped."""
    config = {**SCHEDULES["CosineDecayRestarts"], "t_mul": t_mul}
    assert map_optimizer(scheduled("CosineDecayRestarts", **config)).fields["learningRateSchedule"]


@pytest.mark.parametrize(
    ("name", "changes"),
    [
        ("CosineDecayRestarts", {"t_mul": 1.0, "m_mul": 2.0}),
        ("ExponentialDecay", {"decay_steps": 0.001, "decay_rate": 10.0}),
        ("CosineDecay", {"initial_learning_rate": 1e300, "alpha": 1e300, "warmup_target": None}),
        ("PolynomialDecay", {"initial_learning_rate": 1e308, "power": 1e308, "decay_steps": 5e-324, "cycle": True}),
    ],
)
def test_rates_without_bound(name: str, changes: dict[str, Any]) -> None:
    """A learning rate that grows beyond a double is refused."""
    assert "range of a double" in refused_schedule(name, {**SCHEDULES[name], **changes}).what


@pytest.mark.parametrize(
    "config",
    [
        {"boundaries": [20, 10], "values": [1, 2, 3]},
        {"boundaries": [10, 10], "values": [1, 2, 3]},
        {"boundaries": [-1], "values": [1, 2]},
        {"boundaries": [1], "values": [1, -2]},
        {"boundaries": ["1"], "values": [1, 2]},
        {"boundaries": [1], "values": [1, math.nan]},
        {"boundaries": [1], "values": [1]},
        {"boundaries": [1], "values": [1, 2, 3]},
        {"boundaries": [[1]], "values": [[1], [2]]},
        {"boundaries": [], "values": []},
        {"boundaries": {"0": 1}, "values": [1, 2]},
        {"boundaries": "ab", "values": "abc"},
    ],
    ids=repr,
)
def test_piecewise_constant(config: dict[str, Any]) -> None:
    """Boundaries that do not increase, or do not fit their values, are refused."""
    refused_schedule("PiecewiseConstantDecay", config)


def test_boundary_beyond_the_last_iteration() -> None:
    """A boundary that no training reaches is left out: Java's map could not hold it."""
    spec = map_optimizer(scheduled("PiecewiseConstantDecay", boundaries=[10, 1e18], values=[3, 2, 1]))
    assert spec.fields["learningRateSchedule"].fields["values"] == {0: 3.0, 11: 2.0}


@pytest.mark.parametrize(
    "rate",
    [
        {},
        {"class_name": "ExponentialDecay"},
        {"config": {}},
        {"class_name": 3, "config": {}},
        {"class_name": "CosineDecay", "config": []},
    ],
    ids=repr,
)
def test_learning_rate_that_is_no_schedule(rate: dict[str, Any]) -> None:
    """An object that is no schedule is refused where the learning rate stands."""
    with pytest.raises(InvalidConfig, match="neither a number nor a schedule") as caught:
        map_optimizer(optimizer("SGD", learning_rate=rate))
    assert caught.value.where.endswith("learning_rate")


@pytest.mark.parametrize("name", ["", "MySchedule", "my_package>MySchedule", "CosineDecays", ">"])
def test_schedule_of_the_user(name: str) -> None:
    """A schedule that is not Keras's own is refused by name, whatever may be lost."""
    with pytest.raises(UnsupportedOption) as caught:
        map_optimizer(scheduled(name), on_loss="ignore")
    assert caught.value.where.endswith("learning_rate")
    assert caught.value.fix


# --- errors ---------------------------------------------------------------------------------------------------------


def test_errors_as_json(tmp_path: Path) -> None:
    """An error as JSON has all that its text says."""
    error = refused(written(tmp_path / "x.h5", b"text"), NotAKerasFile)
    described = json.loads(json.dumps(error.to_dict()))
    assert {"type", "what", "because", "file", "where", "near", "fix"} == set(described)
    assert all(
        part in str(error) for part in (described["what"], described["because"], described["file"], described["fix"])
    )


def test_one_error_class_for_all() -> None:
    """Errors of files and of mapping have one base, and exit code 2."""
    for kind in (KerasFileError, MappingError):
        assert issubclass(kind, BridgeError)
        assert kind.exit_code == 2
