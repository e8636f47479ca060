"""``read``: from whatever a person has to a :class:`KerasModelFile`. Looks at bytes, not at the name of a file."""

from __future__ import annotations

import glob
import os
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, BinaryIO

from pydl4j_bridge.errors import KerasFileError, NotAKerasFile, NoTrainingConfig
from pydl4j_bridge.kerasfile.archive import read_keras
from pydl4j_bridge.kerasfile.config import CLASS_NAMES
from pydl4j_bridge.kerasfile.hdf5 import read_h5
from pydl4j_bridge.kerasfile.jsontext import parse
from pydl4j_bridge.kerasfile.live import read_live
from pydl4j_bridge.kerasfile.model import KerasModelFile, NoOptimizer, Optimizer
from pydl4j_bridge.kerasfile.text import read_config, read_json_file

#: Endings that a folder is searched for.
MODEL_SUFFIXES = (".h5", ".hdf5", ".keras", ".json")
_Reader = Callable[[str], KerasModelFile]
_BLANK = "\ufeff \t\r\n"
_HDF5 = b"\x89HDF\r\n\x1a\n"


def read(source: Any, *, enforce_training_config: bool = True) -> KerasModelFile:
    """What a Keras model, its weights, its config or its optimizer says about itself.

    Args:
        source: the path of a file; JSON text; a config dict; a live Keras model or optimizer.
        enforce_training_config: as in ``KerasModelImport``; with False the training settings are not read, and the
            result has no optimizer for the reason ``training-config-not-enforced``.

    Raises:
        KerasFileError: the input is missing, damaged, unsafe or no Keras file.
    """
    found = _read(source)
    if found.optimizer is None or enforce_training_config:
        return found
    return replace(found, optimizer=None, reason=NoOptimizer.NOT_ENFORCED)


def read_optimizer(source: Any) -> Optimizer:
    """The optimizer of ``source`` (anything that :func:`read` takes).

    Raises:
        NoTrainingConfig: it has none; says why and what to do.
        KerasFileError: it cannot be read.
    """
    if isinstance(source, Optimizer):
        return source
    found = source if isinstance(source, KerasModelFile) else read(source)
    if found.optimizer is None:
        assert found.reason is not None
        raise NoTrainingConfig("there is no optimizer", because=found.reason.why, file=found.path, fix=found.reason.fix)
    return found.optimizer


def find_models(sources: Iterable[str]) -> Iterator[tuple[str, bool]]:
    """The files that ``sources`` name, each with whether it was named itself.

    A folder stands for every file below it that ends in one of ``MODEL_SUFFIXES``, in the order of their names; links
    to folders are not followed. A pattern (``*``, ``?``, ``[...]``, ``**`` for folders) stands for what it matches.
    """
    for source in sources:
        if not os.path.exists(source) and glob.has_magic(source):
            matched = sorted(glob.glob(source, recursive=True))
            yield from find_models(matched)
            if not matched:
                yield source, True  # reading it says that there is no such file
            continue
        if not os.path.isdir(source):
            yield source, True
            continue
        for folder, folders, names in os.walk(source):
            folders.sort()
            for name in sorted(names):
                if name.endswith(MODEL_SUFFIXES):
                    yield os.path.join(folder, name), False


def _read(source: Any) -> KerasModelFile:
    if isinstance(source, Mapping):
        return read_config(source)
    text = source.strip(_BLANK) if isinstance(source, str) else None
    if text and (text[0] == "{" or text[0] + text[-1] == "[]") and not _exists(source):
        return read_config(parse(text, file=None, where="JSON text"))
    if text == "":
        raise NotAKerasFile("expected a path or JSON text and got a string without either")
    if isinstance(source, str) and source.lower() in CLASS_NAMES and not _exists(source):
        raise NotAKerasFile(
            f"{source!r} is the name of an optimizer, not a file or a config",
            fix='Write {"class_name": "Adam", "config": {}} for one with its defaults',
        )
    if isinstance(source, (str, os.PathLike)):
        return _read_path(Path(source))
    return read_live(source)


def _read_path(path: Path) -> KerasModelFile:
    name = os.fspath(path)
    try:
        if path.is_dir():
            raise NotAKerasFile(
                "a folder, not a file",
                because="it holds a TensorFlow SavedModel" if (path / "saved_model.pb").exists() else "",
                file=name,
                fix="Save the model with model.save('model.keras'), or check all files of the folder with "
                "`pydl4j-bridge check FOLDER`",
            )
        if not path.exists():
            raise NotAKerasFile("no such file", file=name)
        if not path.is_file():  # opening a pipe would wait for somebody to write
            raise NotAKerasFile("not a file, but a pipe, a socket or a device", file=name)
        if not path.is_file():
            raise NotAKerasFile("not a regular file", because="reading a pipe or a device may never end", file=name)
        with path.open("rb") as stream:
            head = stream.read(4096)
            if not head:
                raise NotAKerasFile("the file is empty", file=name)
            kind = _kind(head) or _user_block(stream)
    except OSError as error:
        raise _unreadable(error, name) from None
    if kind is None:
        raise NotAKerasFile(
            "not a Keras file",
            because="it is neither HDF5 (.h5), nor a zip archive (.keras), nor JSON",
            file=name,
            fix="Save the model with model.save('model.keras') or model.save('model.h5')",
        )
    try:
        found: KerasModelFile = kind(name)
    except OSError as error:
        raise _unreadable(error, name) from None
    return found


def _unreadable(error: OSError, name: str) -> NotAKerasFile:
    return NotAKerasFile("the file cannot be read", because=error.strerror or str(error), file=name)


def _exists(source: str) -> bool:
    try:
        return os.path.exists(source)
    except ValueError:  # a null character
        return False


def _kind(head: bytes) -> _Reader | None:
    if head.startswith(_HDF5):
        return read_h5
    if head.startswith((b"PK\x03\x04", b"PK\x05\x06")):
        return read_keras
    if head.lstrip(b"\xef\xbb\xbf \t\r\n")[:1] in (b"{", b"["):
        return read_json_file
    return None


def _user_block(stream: BinaryIO) -> _Reader | None:
    # HDF5 may begin after a block of the user's, at 512 bytes or a power of two times that.
    for offset in (512, 1024, 2048, 4096):
        stream.seek(offset)
        if stream.read(len(_HDF5)) == _HDF5:
            return read_h5
    return None


__all__ = ["MODEL_SUFFIXES", "KerasFileError", "find_models", "read", "read_optimizer"]
