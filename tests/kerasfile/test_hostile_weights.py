"""Models whose config and weights a hostile person made: a named error or read right, with little memory and time."""

from __future__ import annotations

import copy
import io
import json
import math
import os
import random
import subprocess
import sys
import time
import zipfile
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest

from pydl4j_bridge.errors import BridgeError, InvalidConfig, NotAKerasFile, Truncated, UnsafeFile, UnsupportedLayer
from pydl4j_bridge.kerasfile import read
from pydl4j_bridge.kerasfile.contents import ModelContents, open_model
from pydl4j_bridge.translate import bind_weights, translate
from pydl4j_bridge.translate.parse import MAX_CALLS, parse_graph

ZOO = Path(__file__).parents[1] / "data" / "zoo"
KERNEL = np.arange(6, dtype=np.float32).reshape(3, 2)
BIAS = np.array([7, 8], np.float32)
#: Groups on the way to the kernel, and its own name.
WAYS = {
    ".h5": ("model_weights", "model_weights/dense", "model_weights/dense/dense", "model_weights/dense/dense/kernel:0"),
    ".keras": ("layers", "layers/dense", "layers/dense/vars", "layers/dense/vars/0"),
}
containers = pytest.mark.parametrize("suffix", WAYS)

Change = Callable[[h5py.File], None]


def dense(name: str = "dense", units: Any = 2, **config: Any) -> dict[str, Any]:
    """A Dense layer with an input of three numbers."""
    settings = {"name": name, "units": units, "batch_input_shape": [None, 3], "activation": "linear", **config}
    return {"class_name": "Dense", "config": settings}


def sequential(*layers: dict[str, Any]) -> dict[str, Any]:
    """A Sequential of these layers."""
    return {"class_name": "Sequential", "config": {"name": "m", "layers": list(layers)}}


def model(path: Path, change: Change = lambda _: None, config: dict[str, Any] | None = None) -> Path:
    """A model of one Dense layer whose weights were changed."""
    text = json.dumps(config or sequential(dense()))
    stream = io.BytesIO()
    kernel, bias = (
        f"{WAYS[path.suffix][2]}/{name}" for name in (("0", "1"), ("kernel:0", "bias:0"))[path.suffix == ".h5"]
    )
    with h5py.File(path if path.suffix == ".h5" else stream, "w") as file:
        file[kernel], file[bias] = KERNEL, BIAS
        if path.suffix == ".h5":
            file.attrs.update(model_config=text, keras_version="3.0.0", backend="tensorflow")
            file["model_weights/dense"].attrs["weight_names"] = ["dense/kernel:0", "dense/bias:0"]
        change(file)
    if path.suffix == ".keras":
        archive(path, {"config.json": text, "model.weights.h5": stream.getvalue()})
    return path


def archive(path: Path, members: dict[str, str | bytes], packed: int = zipfile.ZIP_STORED) -> Path:
    """A .keras archive of these members; only the weights are packed."""
    with zipfile.ZipFile(path, "w") as file:
        for name, content in {"metadata.json": '{"keras_version": "3.0.0"}', **members}.items():
            file.writestr(name, content, packed if name.endswith(".h5") else None)
    return path


def load(path: Path) -> dict[str, np.ndarray]:
    """All weights of a model, read; its config is translated."""
    with open_model(path, path.suffix[1:]) as contents:
        weights = bind_weights(contents)
        arrays = {name: array.read() for layer in weights.values() for name, array in layer.items()}
        translate(contents, weights, 3)
    return arrays


def refused(path: Path, *kinds: type[BridgeError]) -> BridgeError:
    """The error that a model ends with: of one of these classes, and naming the file."""
    with pytest.raises(BridgeError) as caught:
        load(path)
    assert type(caught.value) in kinds, repr(caught.value)
    assert caught.value.file == str(path)
    assert len(str(caught.value)) < 100_000
    return caught.value


def replaced(suffix: str, *arguments: Any, **settings: Any) -> Change:
    """The kernel made anew with these arguments of create_dataset."""

    def change(file: h5py.File) -> None:
        del file[WAYS[suffix][3]]
        file.create_dataset(WAYS[suffix][3], *arguments, **settings)

    return change


@containers
def test_the_model_itself_is_good(suffix: str, tmp_path: Path) -> None:
    """What the tests below change is a model that is read right."""
    arrays = load(model(tmp_path / f"m{suffix}"))
    np.testing.assert_array_equal(arrays["kernel"], KERNEL)
    np.testing.assert_array_equal(arrays["bias"], BIAS)


# --- other files ----------------------------------------------------------------------------------------------------


@containers
@pytest.mark.parametrize("step", range(4))
@pytest.mark.parametrize("kind", ["soft", "dangling", "external", "external-missing", "external-pipe"])
def test_links(kind: str, step: int, suffix: str, tmp_path: Path) -> None:
    """A soft or external link anywhere on the way to a weight is refused and nothing behind it is opened."""
    place = WAYS[suffix][step]
    os.mkfifo(tmp_path / "pipe.h5")  # whoever opens it waits for ever
    with h5py.File(tmp_path / "other.h5", "w") as other:
        other[WAYS[suffix][3]] = KERNEL
    links = {
        "soft": h5py.SoftLink("/elsewhere"),
        "dangling": h5py.SoftLink("/nowhere"),
        "external": h5py.ExternalLink(str(tmp_path / "other.h5"), place),
        "external-missing": h5py.ExternalLink("missing.h5", place),
        "external-pipe": h5py.ExternalLink(str(tmp_path / "pipe.h5"), place),
    }

    def change(file: h5py.File) -> None:
        file.move(place, "elsewhere")
        file[place] = links[kind]

    assert "not followed" in refused(model(tmp_path / f"m{suffix}", change), UnsafeFile).what


@containers
def test_external_storage(suffix: str, tmp_path: Path) -> None:
    """A weight whose bytes are said to lie in another file is refused."""
    secret = tmp_path / "secret"
    secret.write_bytes(bytes(24))
    change = replaced(suffix, shape=(3, 2), dtype="f4", external=[(str(secret), 0, 24)])
    assert "another file" in refused(model(tmp_path / f"m{suffix}", change), UnsafeFile).what


@containers
@pytest.mark.parametrize("endless", [False, True], ids=["fixed", "unlimited"])
def test_virtual_dataset(endless: bool, suffix: str, tmp_path: Path) -> None:
    """A virtual weight is refused before HDF5 opens a file to find out how large it is."""
    os.mkfifo(tmp_path / "pipe.h5")

    def change(file: h5py.File) -> None:
        del file[WAYS[suffix][3]]
        space = h5py.h5s.create_simple((3, 2), (h5py.h5s.UNLIMITED if endless else 3, 2))
        if endless:
            space.select_hyperslab((0, 0), (h5py.h5s.UNLIMITED, 1), (1, 1), (1, 2))
        made = h5py.h5p.create(h5py.h5p.DATASET_CREATE)
        made.set_virtual(space, os.fsencode(tmp_path / "pipe.h5"), b"x", space)
        holder, _, name = WAYS[suffix][3].rpartition("/")
        h5py.h5d.create(file[holder].id, name.encode(), h5py.h5t.IEEE_F32LE, space, made)

    model(tmp_path / f"m{suffix}", change)
    # In a process of its own: who opens the pipe never comes back.
    assert in_child([tmp_path / f"m{suffix}"]) == ["UnsafeFile"]


# --- bombs ----------------------------------------------------------------------------------------------------------

CHILD = """
import resource, sys
resource.setrlimit(resource.RLIMIT_AS, (4 * 2**30, 4 * 2**30))
from pathlib import Path
from pydl4j_bridge.errors import BridgeError
from pydl4j_bridge.kerasfile.contents import open_model
from pydl4j_bridge.translate import bind_weights, translate

for path in map(Path, sys.argv[1:]):
    try:
        with open_model(path, path.suffix[1:]) as contents:
            weights = bind_weights(contents)
            for arrays in weights.values():
                for array in arrays.values():
                    array.read()
            translate(contents, weights, 3)
    except BridgeError as error:
        assert error.file == str(path), error
        print(type(error).__name__)
    else:
        print("read")
"""


def in_child(paths: list[Path], code: str = CHILD, limit: float = 40) -> list[str]:
    """What becomes of each model in a process that may have 4 GB: the class of its error, or ``read``."""
    done = subprocess.run(
        [sys.executable, "-c", code, *map(str, paths)],
        capture_output=True,
        text=True,
        timeout=limit,
        env=os.environ | {"OPENBLAS_NUM_THREADS": "1"},
    )
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout.split()


def zeros(size: int) -> bytes:
    """Deflated zeros."""
    packer = zlib.compressobj(9)
    block = bytes(2**20)
    return b"".join([packer.compress(block) for _ in range(size // len(block))]) + packer.flush()


def low_level(suffix: str, shape: tuple[int, ...], chunk: tuple[int, ...], filters: int, chunks: list[bytes]) -> Change:
    """A kernel of chunks that are written as they are, behind so many deflate filters."""

    def change(file: h5py.File) -> None:
        del file[WAYS[suffix][3]]
        made = h5py.h5p.create(h5py.h5p.DATASET_CREATE)
        made.set_chunk(chunk)
        for _ in range(filters):
            made.set_filter(h5py.h5z.FILTER_DEFLATE, 0, (9,))
        space = h5py.h5s.create_simple(shape, tuple(max(a, b) for a, b in zip(shape, chunk, strict=True)))
        holder, _, name = WAYS[suffix][3].rpartition("/")
        dataset = h5py.h5d.create(file[holder].id, name.encode(), h5py.h5t.IEEE_F32LE, space, made)
        for at, content in enumerate(chunks):
            dataset.write_direct_chunk((at * chunk[0], *[0] * (len(chunk) - 1)), content)

    return change


BOMBS: dict[str, Callable[[str], Change]] = {
    "never allocated": lambda s: replaced(s, shape=(2**20, 2**20), dtype="f4"),
    "fill value": lambda s: replaced(s, shape=(2**20, 2**20), dtype="f4", chunks=(2**10, 2**10), fillvalue=1.0),
    "more than memory counts": lambda s: replaced(s, shape=(2**31, 2**28), dtype="f4", chunks=(2**10, 2**10)),
    "one chunk of many": lambda s: low_level(s, (2**20, 2**10), (2**10, 2**10), 1, [zeros(2**22)]),
    "all of 4 GB": lambda s: low_level(s, (2**20, 2**10), (2**10, 2**10), 1, [zeros(2**22)] * 2**10),
    "packed twice": lambda s: low_level(s, (2**17, 2**10), (2**17, 2**10), 2, [zlib.compress(zeros(2**29), 9)]),
    "small array of a large chunk": lambda s: low_level(s, (3, 2), (2**15, 2**13), 2, [zlib.compress(zeros(2**30), 9)]),
    "scale and offset": lambda s: replaced(s, data=np.zeros((2**22, 8), "i4"), chunks=(2**22, 8), scaleoffset=0),
}


@containers
def test_bombs(suffix: str, tmp_path: Path) -> None:
    """A weight that is far larger than what is stored of it is refused in a process with 4 GB of memory."""
    paths = [model(tmp_path / f"{name}{suffix}", make(suffix)) for name, make in BOMBS.items()]
    assert max(path.stat().st_size for path in paths) < 8 * 2**20
    assert dict(zip(BOMBS, in_child(paths), strict=True)) == dict.fromkeys(BOMBS, "UnsafeFile")


@containers
@pytest.mark.parametrize(
    "settings", [{"compression": "gzip"}, {"compression": "lzf"}, {"shuffle": True}, {"fletcher32": True}]
)
def test_honest_packing(settings: dict[str, Any], suffix: str, tmp_path: Path) -> None:
    """Weights that somebody repacked with one of HDF5's own filters are read."""
    change = replaced(suffix, data=KERNEL, chunks=(3, 2), **settings)
    np.testing.assert_array_equal(load(model(tmp_path / f"m{suffix}", change))["kernel"], KERNEL)


# --- types ----------------------------------------------------------------------------------------------------------

TYPES: dict[str, Any] = {
    "text": np.full((3, 2), b"x" * 8),
    "text of variable length": np.full((3, 2), "x", dtype=h5py.string_dtype()),
    "lists": np.zeros((3, 2), dtype=h5py.vlen_dtype(np.float32)),
    "compound": np.zeros((3, 2), [("a", "f4"), ("b", "f4")]),
    "references": np.full((3, 2), None, dtype=h5py.ref_dtype),
    "regions": np.full((3, 2), None, dtype=h5py.regionref_dtype),
    "complex": KERNEL.astype(complex),
    "opaque": np.zeros((3, 2), "V4"),
    "nothing": h5py.Empty("f4"),
}


@containers
@pytest.mark.parametrize("name", TYPES)
def test_types_that_are_no_numbers(name: str, suffix: str, tmp_path: Path) -> None:
    """A weight of anything else than numbers is refused."""
    value = TYPES[name]
    settings = {"shape": value.shape} if name == "lists" else {"data": value}
    change = replaced(suffix, dtype=value.dtype, **settings)
    refused(model(tmp_path / f"m{suffix}", change), InvalidConfig, UnsafeFile)


@containers
@pytest.mark.parametrize("kind", ["f2", "f8", ">f4", "i1", "u8", "?", "g"])
def test_other_numbers(kind: str, suffix: str, tmp_path: Path) -> None:
    """Numbers of another type are read as they are."""
    kernel = KERNEL.astype(kind)
    found = load(model(tmp_path / f"m{suffix}", replaced(suffix, data=kernel)))["kernel"]
    np.testing.assert_array_equal(found, kernel)


@containers
def test_numbers_that_are_none(suffix: str, tmp_path: Path) -> None:
    """NaN, infinities and a negative zero are read bit for bit."""
    kernel = np.array([[math.nan, math.inf], [-math.inf, -0.0], [1e-45, 3e38]], np.float32)
    found = load(model(tmp_path / f"m{suffix}", replaced(suffix, data=kernel)))["kernel"]
    assert found.tobytes() == kernel.tobytes()


@containers
@pytest.mark.parametrize("shape", [(), (0,), (3, 0), (2, 3), (3, 2, 1), (6,), (3, 3), (4, 3, 2)], ids=repr)
def test_shapes_that_do_not_fit(shape: tuple[int, ...], suffix: str, tmp_path: Path) -> None:
    """A kernel of another shape than the config says is refused before Java sees it."""
    path = model(tmp_path / f"m{suffix}", replaced(suffix, data=np.ones(shape, np.float32)))
    assert "kernel" in refused(path, InvalidConfig).what


# --- names ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("names", "kind"),
    [
        (["../dense/dense/kernel:0", "dense/bias:0"], Truncated),
        (["dense/../dense/kernel:0", "dense/bias:0"], Truncated),
        (["./kernel:0", "dense/bias:0"], Truncated),
        (["/model_weights/dense/dense/kernel:0", "dense/bias:0"], Truncated),
        (["", "dense/bias:0"], Truncated),
        (["/", "dense/bias:0"], Truncated),
        ([".", "dense/bias:0"], Truncated),
        (["dense/", "dense/bias:0"], Truncated),
        (["dense", "dense/bias:0"], NotAKerasFile),
        (["dense/kernel:0/x", "dense/bias:0"], NotAKerasFile),
        (["x" * 10_000, "dense/bias:0"], Truncated),
        (["dense/bias:0", "dense/kernel:0"], InvalidConfig),
        (["dense/kernel:0", "dense/kernel:0"], InvalidConfig),
        (["dense/kernel:0"], InvalidConfig),
        (["dense/kernel:0"] * 3, InvalidConfig),
        (["a"] * 30_000, UnsafeFile),
        ("dense/kernel:0", InvalidConfig),
        (np.bytes_(b"dense/kernel:0"), InvalidConfig),
        ([1, 2], InvalidConfig),
        (np.zeros(2, [("a", "f4")]), InvalidConfig),
        ([], InvalidConfig),
    ],
    ids=lambda value: repr(value)[:40],
)
def test_names_of_weights(names: Any, kind: type[BridgeError], tmp_path: Path) -> None:
    """A list of names that does not name this layer's weights is refused, whatever it points at."""

    def change(file: h5py.File) -> None:
        attributes = file["model_weights/dense"].attrs
        del attributes["weight_names"]
        long = isinstance(names, list) and len(str(names)) > 60_000
        attributes["weight_names"] = np.array(names, "S1") if long else names

    refused(model(tmp_path / "m.h5", change), kind)


def test_a_leading_slash_stays_in_the_group(tmp_path: Path) -> None:
    """A name that begins with a slash is looked for below the layer, not at the root of the file."""

    def change(file: h5py.File) -> None:
        file["dense/kernel:0"] = KERNEL + 100
        file["model_weights/dense"].attrs["weight_names"] = ["/dense/kernel:0", "dense/bias:0"]

    np.testing.assert_array_equal(load(model(tmp_path / "m.h5", change))["kernel"], KERNEL)


@pytest.mark.parametrize(
    "names", [["²", "³"], ["00", "01"], ["1", "2"], ["0"], ["0", "2"], ["0", "1", "2"], ["9" * 5000]]
)
def test_numbers_of_weights(names: list[str], tmp_path: Path) -> None:
    """Variables whose names are not the numbers that Keras counts are refused."""

    def change(file: h5py.File) -> None:
        del file["layers/dense/vars"]
        for name in names:
            file[f"layers/dense/vars/{name}"] = BIAS

    refused(model(tmp_path / "m.keras", change), InvalidConfig)


STRANGE = [
    "a/b",
    "..",
    "../..",
    "new\nline",
    "\x1b[31mred\x07",
    "x" * 10_000,
    "naïve 模型",
    "[red]x[",
    "a b",
    "layers",
    "0",
]


@containers
@pytest.mark.parametrize("name", STRANGE, ids=lambda name: repr(name)[:20])
def test_strange_names_of_layers(name: str, suffix: str, tmp_path: Path) -> None:
    """A layer with a name that HDF5 can hold is read, whatever that name would mean elsewhere."""

    def change(file: h5py.File) -> None:
        if suffix == ".h5":
            file.move("model_weights/dense", "kept")
            file.move("kept", f"model_weights/{name}")

    found = load(model(tmp_path / f"m{suffix}", change, sequential(dense(name))))
    np.testing.assert_array_equal(found["kernel"], KERNEL)


@containers
@pytest.mark.parametrize(
    "name", ["", "/", "//", ".", "a\0b", "\ud800", "dense/dense", 3, True, ["dense"], {"a": 1}], ids=repr
)
def test_impossible_names_of_layers(name: Any, suffix: str, tmp_path: Path) -> None:
    """A layer with a name that no file can hold is refused or found by its place, never another layer's."""
    path = model(tmp_path / f"m{suffix}", config=sequential(dense(name)))
    if suffix == ".h5" or name == "\ud800":
        refused(path, InvalidConfig, Truncated)
    else:
        np.testing.assert_array_equal(load(path)["kernel"], KERNEL)


# --- archives -------------------------------------------------------------------------------------------------------


def members(tmp_path: Path) -> dict[str, bytes]:
    """The members of a good archive."""
    with zipfile.ZipFile(model(tmp_path / "good.keras")) as file:
        return {name: file.read(name) for name in file.namelist()}


def test_members_that_lead_out_of_the_archive(tmp_path: Path) -> None:
    """Their names do nothing, and the weights are still the right ones."""
    (tmp_path / "in").mkdir()
    evil = {f"{way}model.weights.h5": b"evil" for way in ("../", "/", "a/", "./", "..\\")}
    path = archive(tmp_path / "in" / "m.keras", members(tmp_path) | evil)
    np.testing.assert_array_equal(load(path)["kernel"], KERNEL)
    assert sorted(os.listdir(tmp_path)) == ["good.keras", "in"]
    assert os.listdir(tmp_path / "in") == ["m.keras"]


@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_the_last_of_two_members_counts(tmp_path: Path) -> None:
    """For the config, the weights and what ``read`` says alike."""
    path = model(tmp_path / "m.keras")
    good = members(tmp_path)
    archive(path, {"config.json": '{"class_name": "Functional", "config": {}}', "model.weights.h5": b"no"})
    with zipfile.ZipFile(path, "a") as file:
        for name in ("config.json", "model.weights.h5"):
            file.writestr(name, good[name])
    assert read(path).model_class == "Sequential"
    np.testing.assert_array_equal(load(path)["kernel"], KERNEL)


@pytest.mark.parametrize("packed", [zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_packed_weights(packed: int, tmp_path: Path) -> None:
    """They are read, though Keras does not pack them."""
    np.testing.assert_array_equal(load(archive(tmp_path / "m.keras", members(tmp_path), packed))["kernel"], KERNEL)


@pytest.mark.parametrize("packed", [zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_packed_bomb(packed: int, tmp_path: Path) -> None:
    """Weights that would fill the disk are refused before they are unpacked."""
    path = archive(tmp_path / "m.keras", members(tmp_path) | {"model.weights.h5": bytes(2**26)}, packed)
    refused(path, UnsafeFile, NotAKerasFile)


@pytest.mark.parametrize(
    ("missing", "kind"), [("model.weights.h5", Truncated), ("config.json", Truncated), ("metadata.json", None)]
)
def test_missing_members(missing: str, kind: type[BridgeError] | None, tmp_path: Path) -> None:
    """An archive without its weights or its config is truncated; without metadata it can be opened."""
    path = tmp_path / "m.keras"
    with zipfile.ZipFile(path, "w") as file:
        for name, content in members(tmp_path).items():
            if name != missing:
                file.writestr(name, content)
    if kind:
        refused(path, kind)
    else:
        load(path)


@pytest.mark.parametrize("share", [0, 0.001, 0.1, 0.5, 0.9, 0.99])
@pytest.mark.parametrize("packed", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED])
def test_cut_off_weights(packed: int, share: float, tmp_path: Path) -> None:
    """Weights whose end is missing in a whole archive are refused."""
    good = members(tmp_path)
    cut = good["model.weights.h5"][: int(len(good["model.weights.h5"]) * share)]
    refused(archive(tmp_path / "m.keras", good | {"model.weights.h5": cut}, packed), Truncated, NotAKerasFile)


def test_encrypted_weights(tmp_path: Path) -> None:
    """A member that says that it is encrypted is refused."""
    path = model(tmp_path / "m.keras")
    content = bytearray(path.read_bytes())
    for signature, flags, name in ((b"PK\x03\x04", 6, 30), (b"PK\x01\x02", 8, 46)):
        at = content.index(signature)
        while not content[at + name :].startswith(b"model.weights.h5"):
            at = content.index(signature, at + 4)
        content[at + flags] |= 1
    path.write_bytes(content)
    refused(path, UnsafeFile)


@containers
def test_no_container_at_all(suffix: str, tmp_path: Path) -> None:
    """Text in the place of a model is an error of ours for who opens it directly, too."""
    path = tmp_path / f"m{suffix}"
    path.write_bytes(b"text" * 100)
    refused(path, NotAKerasFile, Truncated)


DAMAGE = CHILD.replace("for path in map(Path, sys.argv[1:]):", """
import random
def damaged():
    for path in map(Path, sys.argv[1:]):
        good = path.read_bytes()
        target = path.with_name("damaged" + path.suffix)
        for seed in range(150):
            chance = random.Random(f"{path.suffix} {seed}")
            content = bytearray(good)
            for _ in range(chance.choice((1, 2, 4, 16, 64))):
                content[chance.randrange(len(good))] = chance.choice((0, 255, chance.randrange(256)))
            target.write_bytes(content)
            yield target

for path in damaged():""")  # fmt: skip


def test_damaged_weights(tmp_path: Path) -> None:
    """A model with any bytes changed is read or refused by name, within 4 GB; it neither hangs nor crashes."""
    said = in_child([model(tmp_path / f"m{suffix}") for suffix in WAYS], DAMAGE)
    assert len(said) == 300
    assert len(set(said)) > 2


# --- configs that lie -----------------------------------------------------------------------------------------------


def node(*sources: Any) -> list[Any]:
    """One call of a layer, as Keras 2 writes it."""
    return [[[*source, {}] for source in sources]]


def functional(*layers: dict[str, Any], outputs: Any = (("b", 0, 0),), inputs: Any = (("a", 0, 0),)) -> dict[str, Any]:
    """A functional model with the input ``a``."""
    first = {"class_name": "InputLayer", "name": "a", "config": {"name": "a", "batch_input_shape": [None, 3]}}
    config = {"layers": [first, *layers], "input_layers": inputs, "output_layers": outputs}
    return {"class_name": "Functional", "config": {"name": "f", **config}}


def called(name: str, *sources: Any, class_name: str = "Activation", **config: Any) -> dict[str, Any]:
    """A layer that is called once."""
    inner = {"name": name, "activation": "relu", **config}
    return {"class_name": class_name, "name": name, "config": inner, "inbound_nodes": node(*sources)}


def doubling(levels: int, leaf: list[dict[str, Any]], output: str) -> dict[str, Any]:
    """A model that calls a model twice that calls a model twice ..."""
    found = functional(*leaf, outputs=[[output, 0, 0]])
    for level in range(levels):
        nodes = [*node(("a", 0, 0)), *node((f"n{level}", 0, 0))]
        inner = found | {"name": f"n{level}", "inbound_nodes": nodes}
        found = functional(inner, outputs=[[f"n{level}", 1, 0]])
    return found


def bidirectional(levels: int) -> dict[str, Any]:
    """A Bidirectional around a Bidirectional around ..."""
    found: dict[str, Any] = {"class_name": "LSTM", "config": {"units": 2}}
    for _ in range(levels):
        found = {"class_name": "Bidirectional", "config": {"name": "b", "layer": found}}
    found["config"]["batch_input_shape"] = [None, 4, 3]
    return sequential(found)


A = ("a", 0, 0)
LIES: dict[str, Callable[[], dict[str, Any]]] = {
    "100000 layers": lambda: sequential(*[dense()] * 100_000),
    "100000 layers in reverse": lambda: functional(
        *[called(f"l{at}", (f"l{at - 1}", 0, 0) if at else A) for at in reversed(range(100_000))],
        outputs=[["l99999", 0, 0]],
    ),
    "100000 calls": lambda: functional(called("b", A) | {"inbound_nodes": node(A) * 100_000}),
    "doubling": lambda: doubling(30, [called("b", A)], "b"),
    "doubling nothing": lambda: doubling(30, [], "a"),
    "doubling Bidirectional": lambda: bidirectional(80),
    "itself": lambda: functional(called("b", ("b", 0, 0))),
    "its second call": lambda: functional(
        called("b", ("b", 1, 0)) | {"inbound_nodes": [*node(("b", 1, 0)), *node(A)]}, called("c", ("c", 0, 0))
    ),
    "cycle": lambda: functional(called("b", ("c", 0, 0)), called("c", ("b", 0, 0))),
    "nobody": lambda: functional(called("b", ("x", 0, 0))),
    "negative node": lambda: functional(called("b", ("a", -1, 0))),
    "negative tensor": lambda: functional(called("b", ("a", 0, -1))),
    "negative output": lambda: functional(called("b", A), outputs=[["b", 0, -1]]),
    "negative output node": lambda: functional(called("b", A), outputs=[["b", -1, 0]]),
    "negative input": lambda: functional(called("b", A), inputs=[["a", 0, -1]]),
    "infinite node": lambda: functional(called("b", ("a", math.inf, 0))),
    "node that is no number": lambda: functional(called("b", ("a", math.nan, 0))),
    "node as text": lambda: functional(called("b", ("a", "x", 0))),
    "outputs as text": lambda: functional(called("b", A), outputs="b"),
    "outputs as a number": lambda: functional(called("b", A), outputs=3),
    "no input": lambda: functional(called("b", A) | {"inbound_nodes": []}),
    "two layers of one name": lambda: functional(called("b", ("c", 0, 0)), called("b", ("c", 0, 0))),
    "no layers": sequential,
    "layers that are none": lambda: sequential(3, None, "x"),  # type: ignore[arg-type]
    "model in the place of a setting": lambda: sequential(dense(units=sequential(dense()))),
    "input of billions": lambda: sequential(dense(batch_input_shape=[None, 10**9])),
    "input of nothing": lambda: sequential(dense(batch_input_shape=[None, 0])),
    "input of text": lambda: sequential(dense(batch_input_shape=[None, "3"])),
    "reshape to billions": lambda: sequential(
        dense(), {"class_name": "Reshape", "config": {"target_shape": [10**5, 10**5]}}
    ),
    **{
        f"units {units!r}": lambda units=units: sequential(dense(units=units))
        for units in (-1, 0, 10**9, 10**30, 1.5, "2", None, True, [2], {"a": 2}, math.inf)
    },
}


@pytest.mark.parametrize("name", LIES)
@containers
def test_configs_that_lie(suffix: str, name: str, tmp_path: Path) -> None:
    """A config that no Keras writes is refused within seconds, however large a model it pretends to be."""
    began = time.monotonic()
    config = LIES[name]()
    with open_model(model(tmp_path / f"m{suffix}"), suffix[1:]) as good:
        contents = ModelContents(good.path, config, good.weights)
        unbound = [] if name == "units 1000000000" else [lambda: translate(contents, {}, 3)]
        for attempt in (*unbound, lambda: translate(contents, bind_weights(contents), 3)):
            with pytest.raises((InvalidConfig, Truncated, UnsupportedLayer)):
                attempt()
    assert time.monotonic() - began < 60


def test_large_models_take_no_longer(tmp_path: Path) -> None:
    """As many layers as are read, in the worst order and all identities, are put in order within seconds."""
    size = MAX_CALLS - 1
    layers = [called(f"l{at}", (f"l{at - 1}", 0, 0) if at else A) for at in reversed(range(size))]
    began = time.monotonic()
    graph = parse_graph(functional(*layers, outputs=[[f"l{size - 1}", 0, 0]]), 3)
    assert [call.name for call in graph.calls] == ["a", *(f"l{at}" for at in range(size))]
    same = sequential(*[{"class_name": "Identity", "config": {"name": "i", "batch_input_shape": [None, 3]}}] * size)
    with open_model(model(tmp_path / "m.h5"), "h5") as good:
        contents = ModelContents(good.path, same, good.weights)
        assert len(translate(contents, {}, 3).layers) <= 2
    assert time.monotonic() - began < 60


@pytest.mark.parametrize("key", ["dl4j_activation", "dl4j_constants", "dl4j_depthwise", "dl4j_frozen", "dl4j_renamed"])
@pytest.mark.parametrize("value", [0, 3, ["ActivationCube", {}], {"kernel": [1.0]}], ids=repr)
def test_settings_of_ours_are_not_taken_from_a_file(key: str, value: Any, tmp_path: Path) -> None:
    """What the passes tell the JVM side cannot be said by a config."""
    with open_model(model(tmp_path / "m.h5", config=sequential(dense(**{key: value}))), "h5") as contents:
        assert translate(contents, bind_weights(contents), 3).plans == {}


def test_an_activation_that_is_a_layer_is_refused_by_name(tmp_path: Path) -> None:
    """With the layer that has it: PReLU has weights of its own."""
    activation = {"class_name": "PReLU", "config": {}}
    path = model(tmp_path / "m.h5", config=sequential(dense(activation=activation)))
    assert "PReLU" in str(refused(path, UnsupportedLayer))


# --- mutations ------------------------------------------------------------------------------------------------------

VALUES: list[Any] = [
    None, True, False, 0, -1, 1, 10**9, 10**30, 1.5, math.inf, math.nan, "", "x", "relu", "\ud800", "a\0b", "../..",
    [], [1], [None], ["x", 0, 0], [["x", 0, 0]], [[[]]], {}, {"class_name": "x", "config": {}},
    {"class_name": "__tuple__"}, {"class_name": "__keras_tensor__", "config": {}}, {"class_name": "function"},
    {"class_name": "DTypePolicy", "config": []}, {"class_name": ["Dense"], "config": {}},
]  # fmt: skip


def slots(value: Any) -> Iterator[tuple[Any, Any]]:
    """Every place in a config."""
    for key in value if isinstance(value, dict) else range(len(value) if isinstance(value, list) else 0):
        yield value, key
        yield from slots(value[key])


def mutated(config: Any, chance: random.Random) -> Any:
    """A config with one to eight places lost, exchanged or overwritten."""
    config = copy.deepcopy(config)
    for _ in range(chance.choice((1, 1, 1, 2, 4, 8))):
        places = list(slots(config))
        if not places:
            break
        holder, key = chance.choice(places)
        kind = chance.random()
        if kind < 0.2:
            del holder[key]
        elif kind < 0.4:
            other, name = chance.choice(places)
            holder[key] = copy.deepcopy(other[name])
        else:
            holder[key] = copy.deepcopy(chance.choice(VALUES))
    return config


MODELS = [path for kind in ("h5", "keras") for path in sorted(ZOO.glob(f"*/*.{kind}"))][::3]


@pytest.mark.parametrize("path", MODELS, ids=lambda path: f"{path.parent.name}/{path.name}")
def test_mutations(path: Path) -> None:
    """A good config with anything in it changed is translated or refused by an error of ours, at once."""
    major = int(str(read(path).keras_version)[0])
    with open_model(path, path.suffix[1:]) as good:
        for seed in range(40):
            contents = ModelContents(
                good.path, mutated(good.config, random.Random(f"{path.name} {seed}")), good.weights
            )
            began = time.monotonic()
            try:
                translated = translate(contents, bind_weights(contents), major)
                json.dumps(translated.config)
            except BridgeError:
                pass
            except Exception as error:
                # Not let out as it is: the open file would make an error of ours of it.
                pytest.fail(f"seed {seed}: {error!r}")
            assert time.monotonic() - began < 30
