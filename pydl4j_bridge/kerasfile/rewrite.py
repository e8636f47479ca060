"""A copy of a Keras file with other numbers in its weights and its optimizer's variables, and all else as it was.

What Keras wrote around the numbers - config, names, groups, attributes - stays, so that no dialect has to
be written here. The copy appears under its name when it is whole.
"""

from __future__ import annotations

import os
import shutil
import tempfile
import zipfile
from collections.abc import Iterable
from pathlib import Path

import h5py
from numpy.typing import ArrayLike

from pydl4j_bridge.errors import KerasFileError
from pydl4j_bridge.kerasfile.archive import WEIGHTS
from pydl4j_bridge.kerasfile.contents import StoredArray

__all__ = ["rewritten"]


def rewritten(
    path: str, container: str, out: str | os.PathLike[str], numbers: Iterable[tuple[StoredArray, ArrayLike]]
) -> None:
    """Write a copy of the file at ``path`` to ``out``.

    Args:
        path: a Keras file; it is not changed.
        container: ``h5`` or ``keras``.
        out: the copy; may be ``path``.
        numbers: an array of the file, as :func:`open_model` found it, and what stands in its place, of its shape; it
            gets the type that the file has for it.

    Raises:
        KerasFileError: the copy cannot be written.
    """
    target = Path(out)
    try:
        with tempfile.TemporaryDirectory(dir=target.parent) as name:
            unfinished = Path(name, target.name)
            if container == "h5":
                shutil.copyfile(path, unfinished)
                _overwrite(unfinished, numbers)
            else:
                _overwrite_member(path, unfinished, Path(name, "weights.h5"), numbers)
            os.replace(unfinished, target)
    except OSError as error:
        raise KerasFileError("the model cannot be written", because=str(error), file=os.fspath(out)) from error


def _overwrite(file: Path, numbers: Iterable[tuple[StoredArray, ArrayLike]]) -> None:
    with h5py.File(file, "r+") as opened:
        for array, values in numbers:
            opened[array.place][...] = values


def _overwrite_member(
    path: str, unfinished: Path, weights: Path, numbers: Iterable[tuple[StoredArray, ArrayLike]]
) -> None:
    with zipfile.ZipFile(path) as archive, zipfile.ZipFile(unfinished, "w") as made:
        for entry in archive.infolist():
            if entry.filename != WEIGHTS:
                made.writestr(entry, archive.read(entry))
                continue
            with archive.open(entry) as source, weights.open("wb") as copy:
                shutil.copyfileobj(source, copy)
            _overwrite(weights, numbers)
            made.write(weights, WEIGHTS)
