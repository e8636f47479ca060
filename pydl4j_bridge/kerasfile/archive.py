"""``.keras`` archives of Keras 3 and tf_keras: a zip of config.json, metadata.json and model.weights.h5.

Untrusted input: sizes are checked against what is there before anything is unpacked, and the weights are opened where
they lie, without unpacking them.
"""

from __future__ import annotations

import io
import lzma
import os
import struct
import tempfile
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, BinaryIO, cast

from pydl4j_bridge.errors import NotAKerasFile, Truncated, UnsafeFile
from pydl4j_bridge.kerasfile import jsontext
from pydl4j_bridge.kerasfile.config import parse_optimizer
from pydl4j_bridge.kerasfile.dialects import of_version
from pydl4j_bridge.kerasfile.hdf5 import has_optimizer_variables
from pydl4j_bridge.kerasfile.model import KerasModelFile, NoOptimizer

CONFIG, _METADATA, WEIGHTS = "config.json", "metadata.json", "model.weights.h5"
#: Deflate reaches about 1000 to 1; a member that claims more was made to fill the disk.
_MAX_RATIO = 1100
#: Bytes that packed weights may unpack to in a temporary file. Keras does not pack them.
_MAX_UNPACKED = 4 * 2**30


def read_keras(path: str) -> KerasModelFile:
    """What the ``.keras`` archive at ``path`` says.

    Raises:
        KerasFileError: it is damaged, unsafe or no Keras archive.
    """
    with archive_errors(path), zipfile.ZipFile(path) as archive:
        return _describe(archive, path)


@contextmanager
def archive_errors(path: str) -> Iterator[None]:
    """Turns what zipfile raises about a damaged or hostile archive into an error of ours."""
    try:
        yield
    except PermissionError:
        raise
    except (zipfile.BadZipFile, EOFError, zlib.error, lzma.LZMAError, struct.error, OSError, ValueError) as error:
        # What zipfile raises where the bytes are not what the headers say: wrong offsets, names that are no text.
        raise Truncated(
            "the .keras archive cannot be read",
            because=str(error),
            file=path,
            fix="The end of the file is missing or its bytes were changed: copy or save it again",
        ) from None
    except NotImplementedError as error:
        raise UnsafeFile(
            "the archive is packed in a way that Keras does not use", because=str(error), file=path
        ) from None
    except RuntimeError as error:  # zipfile's word for an encrypted member
        raise UnsafeFile("the archive cannot be unpacked", because=str(error), file=path) from None


def _describe(archive: zipfile.ZipFile, path: str) -> KerasModelFile:
    names = set(archive.namelist())
    if CONFIG not in names:
        raise NotAKerasFile(
            f"a zip archive without {CONFIG}, so not one that Keras saved",
            file=path,
            fix="A TensorFlow SavedModel or a DL4J model is not a .keras file: save it with model.save('model.keras')",
        )
    config = read_json_member(archive, CONFIG, path)
    metadata = read_json_member(archive, _METADATA, path) if _METADATA in names else {}
    version = metadata.get("keras_version")
    by_version = of_version(version, file=path, where=f"{_METADATA}, keras_version") or "keras-3"
    state = WEIGHTS in names and _optimizer_state(archive, path)
    compiled = config.get("compile_config")
    where = f"{CONFIG}, compile_config"
    optimizer = None
    if compiled is not None:
        described = jsontext.expect(compiled, dict, file=path, where=where).get("optimizer")
        if described is not None:
            optimizer = parse_optimizer(described, by_version, file=path, where=f"{where}.optimizer")
    lost = state or bool(compiled)
    return KerasModelFile(
        path=path,
        container="keras",
        saved="whole model",
        dialect=optimizer.dialect if optimizer else by_version,
        keras_version=version,
        model_class=jsontext.optional_text(config, "class_name", file=path, where=f"{CONFIG}, "),
        loss=compiled.get("loss") if compiled else None,
        loss_weights=compiled.get("loss_weights") if compiled else None,
        optimizer=optimizer,
        reason=None if optimizer else NoOptimizer.CLASS_LOST if lost else NoOptimizer.NOT_COMPILED,
        has_optimizer_state=state,
        model_config=config,
    )


def _member(archive: zipfile.ZipFile, name: str, path: str) -> zipfile.ZipInfo:
    if name not in archive.namelist():
        raise Truncated(
            f"the archive has no {name}",
            file=path,
            where=name,
            fix="Keras always writes one: copy or save the model again",
        )
    info = archive.getinfo(name)
    if info.file_size > max(info.compress_size, 1) * _MAX_RATIO:
        raise UnsafeFile(
            f"a member claims {info.file_size} bytes", because=f"it has {info.compress_size}", file=path, where=name
        )
    return info


def read_json_member(archive: zipfile.ZipFile, name: str, path: str) -> dict[str, Any]:
    """The JSON object in the member ``name``.

    Raises:
        KerasFileError: it is too large, or no JSON object.
    """
    info = _member(archive, name, path)
    jsontext.check_size(info.file_size, file=path, where=name)
    with archive.open(info) as stream:
        # One byte more than is claimed would be a lie of the header; zipfile checks length and CRC at the end.
        return jsontext.parse(stream.read(), file=path, where=name)


def _optimizer_state(archive: zipfile.ZipFile, path: str) -> bool:
    with weights_stream(archive, path) as (stream, size):
        return has_optimizer_variables(stream, size, file=path, where=WEIGHTS)


@contextmanager
def weights_stream(archive: zipfile.ZipFile, path: str) -> Iterator[tuple[BinaryIO, int]]:
    """The bytes of the weights where they lie in the archive, seekable, and how many there are.

    Raises:
        UnsafeFile: they are packed, and would unpack to more than a disk should be asked for.
    """
    info = _member(archive, WEIGHTS, path)
    with archive.open(info) as stored:  # checks the member's own header
        if info.compress_type == zipfile.ZIP_STORED:  # as Keras writes it
            if info.file_size != info.compress_size:
                raise Truncated(
                    f"a member claims {info.file_size} bytes",
                    because=f"it has {info.compress_size}",
                    file=path,
                    where=WEIGHTS,
                    fix="Copy or save it again",
                )
            with open(path, "rb") as whole:
                yield cast(BinaryIO, _Window(whole, _data_offset(whole, info), info.file_size)), info.file_size
            return
        if info.file_size > _MAX_UNPACKED:
            raise UnsafeFile(
                f"packed weights of {info.file_size} bytes are not read",
                because=f"the limit is {_MAX_UNPACKED} bytes",
                file=path,
                where=WEIGHTS,
                fix="Keras does not pack them: save the model again",
            )
        with tempfile.TemporaryFile() as unpacked:
            # Seeking in a deflated member unpacks it again from its start at every step back.
            while block := stored.read(2**20):
                unpacked.write(block)
            yield cast(BinaryIO, unpacked), info.file_size


class _Window(io.RawIOBase):
    """A part of a file as a file of its own. zipfile's own stream reads through all that it seeks over."""

    def __init__(self, whole: BinaryIO, start: int, size: int) -> None:
        self._whole = whole
        self._start = start
        self._size = size
        self._at = 0

    def seekable(self) -> bool:
        """It is."""
        return True

    def readable(self) -> bool:
        """It is."""
        return True

    def tell(self) -> int:
        """The place in the part."""
        return self._at

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        """Go to a place in the part."""
        self._at = offset + {os.SEEK_SET: 0, os.SEEK_CUR: self._at, os.SEEK_END: self._size}[whence]
        return self._at

    def readinto(self, buffer: Any) -> int:
        """Read from the part, and not beyond it."""
        wanted = max(0, min(len(buffer), self._size - self._at))
        self._whole.seek(self._start + self._at)
        read: int = self._whole.readinto(memoryview(buffer)[:wanted])  # type: ignore[attr-defined]
        self._at += read
        return read


def _data_offset(whole: BinaryIO, info: zipfile.ZipInfo) -> int:
    """Where the bytes of a stored member begin: behind its local header of 30 bytes, its name and its extra field."""
    whole.seek(info.header_offset + 26)
    name, extra = struct.unpack("<HH", whole.read(4))
    return int(info.header_offset + 30 + name + extra)
