"""``.h5`` files: whole models and weights of Keras 1, 2, 3 and tf.keras. The only module that imports h5py.

Untrusted input: only hard links are followed, no attribute is read that claims to be larger than its file, and the
heaps that hold text of variable length are checked first, because HDF5 never ends on one that is damaged.
"""

from __future__ import annotations

import mmap
import os
from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache
from itertools import count, takewhile
from typing import Any, BinaryIO

import h5py

from pydl4j_bridge.errors import InvalidConfig, NotAKerasFile, Truncated, UnsafeFile
from pydl4j_bridge.kerasfile import jsontext
from pydl4j_bridge.kerasfile.config import parse_optimizer
from pydl4j_bridge.kerasfile.dialects import of_version
from pydl4j_bridge.kerasfile.model import KerasModelFile, NoOptimizer

_HEAP = b"GCOL\x01"
_HEADER = 16
_MAX_INDEX = 2**16
#: Names in one list. A whole model inside of another one is one layer; NASNetLarge has 1546 weights.
_MAX_NAMES = 20_000
_SIGNATURE = b"\x89HDF\r\n\x1a\n"


def read_h5(path: str) -> KerasModelFile:
    """What the HDF5 file at ``path`` says.

    Raises:
        KerasFileError: it is damaged, unsafe or no Keras file.
    """
    with opened(path, path) as file, guarded(path):
        return _describe(Group(file, path, os.path.getsize(path)))


def has_optimizer_variables(stream: BinaryIO, size: int, *, file: str, where: str) -> bool:
    """Whether a ``model.weights.h5`` inside a ``.keras`` archive holds variables of an optimizer.

    Args:
        stream: the seekable bytes of the HDF5 file.
        size: how many there are.
        file: the archive, for errors.
        where: the member's name, for errors.
    """
    with opened(stream, file, where) as root, guarded(file, where):
        return _has_variables(Group(root, file, size, where))


@contextmanager
def opened(source: str | BinaryIO, file: str, where: str = "") -> Iterator[h5py.File]:
    """An open HDF5 file.

    Args:
        source: a path, or seekable bytes.
        file: the file, for errors.
        where: the place in it, for errors.

    Raises:
        KerasFileError: it is damaged or no HDF5 file.
    """
    try:
        file_ = h5py.File(source, "r")
    except (OSError, RuntimeError) as error:
        text = str(error)
        if isinstance(error, PermissionError):
            raise
        if "signature not found" in text:
            raise NotAKerasFile("not an HDF5 file", because=text, file=file, where=where) from None
        raise Truncated(
            "the HDF5 file cannot be opened",
            because=text,
            file=file,
            where=where,
            fix="The end of the file is missing or its bytes were changed: copy or save it again",
        ) from None
    with file_:
        yield file_


@contextmanager
def guarded(file: str, where: str = "") -> Iterator[None]:
    """What h5py raises where bytes are not what their header says, as an error of ours.

    Raises:
        Truncated: the file is damaged.
    """
    try:
        yield
    except (OSError, RuntimeError, KeyError, TypeError, ValueError) as error:
        raise Truncated(
            "the HDF5 file is damaged", because=str(error), file=file, where=where, fix="Copy or save it again"
        ) from None


class Group:
    """One HDF5 group, read with suspicion."""

    def __init__(self, group: h5py.Group, file: str, size: int, where: str = "") -> None:
        self.group = group
        self.file = file
        self.size = size
        self.where = where

    def child(self, name: str) -> Group | None:
        """The group ``name`` below this one, None where there is none."""
        place = f"{self.where}/{name}"
        if not self._holds(name, place):
            return None
        found = h5py.h5o.open(self.group.id, name.encode())
        if not isinstance(found, h5py.h5g.GroupID):
            raise NotAKerasFile("expected a group and found a dataset", file=self.file, where=place)
        return Group(h5py.Group(found), self.file, self.size, place)

    def holds(self, name: str) -> bool:
        """Whether this group has something of that name.

        Raises:
            UnsafeFile: it is a link that leads elsewhere.
        """
        return self._holds(name, f"{self.where}/{name}")

    # h5py's low level from here on: a large model has hundreds of groups, and the high level takes five times as long.
    def _holds(self, name: str, place: str) -> bool:
        # HDF5 takes the dot for the group itself, and ends a name at a NUL.
        if name in ("", ".") or "\0" in name:
            return False
        try:
            encoded = name.encode()
        except UnicodeEncodeError:  # half of a pair of surrogates
            return False
        links = self.group.id.links
        if not links.exists(encoded):
            return False
        if links.get_info(encoded).type != h5py.h5l.TYPE_HARD:
            link = self.group.get(name, getlink=True)
            raise UnsafeFile(
                "a link in the file points elsewhere and is not followed",
                because=f"{type(link).__name__} to {link.path!r}",
                file=self.file,
                where=place,
            )
        return True

    def nested(self, path: str) -> Group | None:
        """The group at ``path``, whose parts are separated by slashes: a layer's name may have some."""
        group: Group | None = self
        for part in path.split("/"):
            group = group.child(part) if group and part else group
        return group

    def dataset(self, path: str) -> tuple[h5py.h5d.DatasetID, h5py.h5p.PropDCID]:
        """The dataset at ``path`` below this group, and how it was made: h5py's low level.

        Raises:
            UnsafeFile: a link on the way leaves the file, or the dataset does.
            Truncated: there is none.
        """
        *groups, name = path.split("/")
        holder = self.nested("/".join(groups))
        place = f"{self.where}/{path}"
        if holder is None or not holder._holds(name, place):
            raise Truncated("a weight that the file names is not in it", file=self.file, where=place)
        found = h5py.h5o.open(holder.group.id, name.encode())
        if not isinstance(found, h5py.h5d.DatasetID):
            raise NotAKerasFile("expected a dataset and found a group", file=self.file, where=place)
        # Before it is asked for its shape: a virtual one may open other files to find that out.
        made = found.get_create_plist()
        if made.get_layout() == h5py.h5d.VIRTUAL or made.get_external_count():
            raise UnsafeFile("a weight that lies in another file is not read", file=self.file, where=place)
        return found, made

    def names(self, attribute: str) -> list[str]:
        """The texts in an attribute that is a list of them; Keras cuts a long one into ``name0``, ``name1`` ..."""
        numbered = takewhile(self.group.attrs.__contains__, (f"{attribute}{at}" for at in count()))
        parts = [attribute] if attribute in self.group.attrs else numbered
        found: list[str] = []
        for part in parts:
            where = f"{self.where}/attribute {part}"
            opened_ = h5py.h5a.open(self.group.id, part.encode())
            kind = opened_.get_type()
            if opened_.get_space().get_simple_extent_npoints() == 0:
                continue  # Keras writes an empty list of numbers for a layer without weights
            if opened_.get_storage_size() > self.size:
                raise UnsafeFile("an attribute claims more bytes than the file has", file=self.file, where=where)
            if len(found) + opened_.get_space().get_simple_extent_npoints() > _MAX_NAMES:
                raise UnsafeFile(f"a layer has more than {_MAX_NAMES} names", file=self.file, where=where)
            if not isinstance(kind, h5py.h5t.TypeStringID):
                raise InvalidConfig("expected a list of names", file=self.file, where=where)
            if kind.is_variable_str():
                status = os.stat(self.file)
                _check_heaps(self.file, status.st_size, status.st_mtime_ns)
            if not opened_.shape:
                raise InvalidConfig("expected a list of names", file=self.file, where=where)
            for value in self.group.attrs[part].ravel():
                found.append(value.decode(errors="replace") if isinstance(value, bytes) else str(value))
        return found

    def text(self, name: str) -> str | None:
        """The text of the attribute ``name``, None where there is none."""
        if name not in self.group.attrs:
            return None
        where = f"{self.where}attribute {name}"
        attribute = h5py.h5a.open(self.group.id, name.encode())
        # Before anything is read: reading a damaged type that is no string crashes h5py.
        kind = attribute.get_type()
        if not isinstance(kind, h5py.h5t.TypeStringID):
            found = type(kind).__name__.removeprefix("Type").removesuffix("ID").lower()
            raise InvalidConfig(f"expected a string and found HDF5's type {found}", file=self.file, where=where)
        if attribute.get_space().get_simple_extent_npoints() != 1:
            raise InvalidConfig("expected a single string and found an array", file=self.file, where=where)
        claimed = attribute.get_storage_size()
        if claimed > self.size:
            raise UnsafeFile(
                f"an attribute claims {claimed} bytes", because=f"the file has {self.size}", file=self.file, where=where
            )
        jsontext.check_size(claimed, file=self.file, where=where)
        if kind.is_variable_str():
            status = os.stat(self.file)
            _check_heaps(self.file, status.st_size, status.st_mtime_ns)
        value: Any = self.group.attrs[name]
        if hasattr(value, "item"):
            value = value.item()
        if isinstance(value, str):  # h5py puts surrogates where the bytes are no UTF-8
            value = value.encode(errors="surrogateescape")
        if isinstance(value, bytes):
            try:
                return value.decode()
            except UnicodeDecodeError as error:
                raise InvalidConfig("the text is not UTF-8", because=str(error), file=self.file, where=where) from None
        return str(jsontext.expect(value, str, file=self.file, where=where))

    def json(self, name: str) -> dict[str, Any] | None:
        """The JSON object in the attribute ``name``, None where there is none."""
        text = self.text(name)
        return None if text is None else jsontext.parse(text, file=self.file, where=f"{self.where}attribute {name}")


@lru_cache(maxsize=16)  # the bytes of a large file are searched once, not for each attribute
def _check_heaps(path: str, _size: int, _changed: int) -> None:
    """Refuse a global heap whose objects do not fill it exactly, and text in it that claims more than the file has.

    A heap is ``GCOL``, version, 3 reserved bytes and its size; then objects: index, references (2 bytes each), 4
    reserved bytes, size, data in steps of 8 bytes. Index 0 is the free rest, whose size counts its own header. HDF5
    walks them without asking whether it moves on. Text is told by its length (4 bytes), the address of its heap (8) and
    its index in it (4); HDF5 clears that many bytes of memory before it looks into the heap.
    """
    with open(path, "rb") as stream, mmap.mmap(stream.fileno(), 0, access=mmap.ACCESS_READ) as data:
        base = data.find(_SIGNATURE)  # addresses count from here
        start = data.find(_HEAP)
        while start >= 0:
            at, end = start + _HEADER, start + int.from_bytes(data[start + 8 : start + _HEADER], "little")
            while at + _HEADER <= end <= len(data):
                index, size = (int.from_bytes(data[at + a : at + b], "little") for a, b in ((0, 2), (8, _HEADER)))
                step = size if index == 0 else _HEADER + (size + 7) // 8 * 8
                if step < _HEADER or at + step > end:
                    raise Truncated(
                        "the HDF5 file is damaged",
                        because=f"the objects of its global heap at byte {start} do not fill it",
                        file=path,
                        fix="Copy or save it again",
                    )
                at += step
            address = (start - base).to_bytes(8, "little")
            at = data.find(address, 4)
            while at >= 0:
                claimed, index = (int.from_bytes(data[at + a : at + b], "little") for a, b in ((-4, 0), (8, 12)))
                aligned = (at - 4 - base) % 8 == 0  # where h5py and Keras put it; other bytes may look alike
                if aligned and claimed > len(data) and index < _MAX_INDEX:
                    because = f"the file has {len(data)}"
                    raise UnsafeFile(f"a text in the file claims {claimed} bytes", because=because, file=path)
                at = data.find(address, at + 1)
            start = data.find(_HEAP, start + len(_HEAP))


def _describe(root: Group) -> KerasModelFile:
    model = root.json("model_config")
    if model is None:
        return _weights_only(root)
    version = root.text("keras_version")
    by_version = of_version(version, file=root.file, where="attribute keras_version")
    training = root.json("training_config")
    optimizer = None
    if training is not None:
        # Keras >= 2.11 writes training_config without an optimizer where it could not serialise it.
        described = training.get("optimizer_config")
        if described is not None:
            optimizer = parse_optimizer(
                described,
                by_version or "keras-1",
                file=root.file,
                where="attribute training_config, optimizer_config",
            )
    state = root.child("optimizer_weights") is not None
    lost = training is not None or state
    return KerasModelFile(
        path=root.file,
        container="h5",
        saved="whole model",
        dialect=optimizer.dialect if optimizer else by_version or "keras-1",
        keras_version=version,
        backend=root.text("backend"),
        model_class=jsontext.optional_text(model, "class_name", file=root.file, where="attribute model_config, "),
        loss=None if training is None else training.get("loss"),
        loss_weights=None if training is None else training.get("loss_weights"),
        optimizer=optimizer,
        reason=None if optimizer else NoOptimizer.CLASS_LOST if lost else NoOptimizer.NOT_COMPILED,
        has_optimizer_state=state,
        model_config=model,
    )


def _weights_only(root: Group) -> KerasModelFile:
    # save_weights() of Keras 1 and 2 names the layers in an attribute, that of Keras 3 and tf_keras >= 2.13 has a
    # group of variables per layer. model.load_weights() takes the group model_weights of a whole model as well.
    named = root.group.attrs.keys() & {"layer_names", "layer_names0"}
    if not named and root.child("layers") is None and root.child("_layer_checkpoint_dependencies") is None:
        raise NotAKerasFile(
            "an HDF5 file, but not one that Keras saved",
            because="it has neither model_config nor the weights of layers",
            file=root.file,
        )
    version = root.text("keras_version")
    return KerasModelFile(
        path=root.file,
        container="h5",
        saved="weights",
        dialect=of_version(version, file=root.file) or ("keras-1" if named else "keras-3"),
        keras_version=version,
        backend=root.text("backend"),
        reason=NoOptimizer.WEIGHTS_ONLY,
        has_optimizer_state=_has_variables(root),
    )


def _has_variables(root: Group) -> bool:
    optimizer = root.child("optimizer")
    variables = optimizer.child("vars") if optimizer else None
    return variables is not None and len(variables.group) > 0
