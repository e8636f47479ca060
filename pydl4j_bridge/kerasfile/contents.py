"""The model inside a file: its config, and its weights as arrays that are read one at a time.

Untrusted input: a dataset is read only when its claimed shape fits what is stored of it, and never from another file.
"""

from __future__ import annotations

import math
import os
import re
import zipfile
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from itertools import count, takewhile
from typing import Any

import h5py
import numpy as np
from numpy.typing import NDArray

from pydl4j_bridge.errors import InvalidConfig, KerasFileError, NotAKerasFile, UnsafeFile
from pydl4j_bridge.kerasfile.archive import CONFIG, WEIGHTS, archive_errors, read_json_member, weights_stream
from pydl4j_bridge.kerasfile.hdf5 import Group, guarded, opened

#: Bytes of data that one stored byte may unpack to; gzip reaches about 1000.
_MAX_RATIO = 1100
#: HDF5's filters that a weight may have been written through; one that packs, so that the ratio above holds.
_PACKING = frozenset({h5py.h5z.FILTER_DEFLATE, h5py.h5z.FILTER_LZF})
_FILTERS = _PACKING | {h5py.h5z.FILTER_SHUFFLE, h5py.h5z.FILTER_FLETCHER32}


@dataclass(frozen=True, slots=True)
class StoredArray:
    """One weight in a file, not read yet.

    Attributes:
        name: as the file spells it.
        shape: in Keras's layout.
    """

    name: str
    shape: tuple[int, ...]
    _dataset: h5py.Dataset
    _file: str
    _file_size: int

    def read(self) -> NDArray[Any]:
        """The array, in Keras's layout and in the type it was saved with.

        Raises:
            UnsafeFile: it claims more than is stored, or is packed in a way that Keras does not use.
            InvalidConfig: it holds no numbers.
        """
        with guarded(self._file, self.name):
            return self._read()

    def _read(self) -> NDArray[Any]:
        dataset = self._dataset
        where = str(dataset.name)
        stored = dataset.id.get_storage_size()
        if stored > self._file_size:
            raise UnsafeFile(
                f"a weight claims {stored} stored bytes",
                because=f"the file has {self._file_size}",
                file=self._file,
                where=where,
            )
        # HDF5 unpacks whole chunks, however small the array is.
        chunk = math.prod(dataset.chunks) if dataset.chunks and stored else 0
        wanted = max(math.prod(self.shape), chunk) * dataset.dtype.itemsize
        if wanted > stored * (_MAX_RATIO if dataset.chunks else 1):
            raise UnsafeFile(
                f"a weight claims {wanted} bytes", because=f"{stored} are stored", file=self._file, where=where
            )
        if dataset.dtype.kind not in "fiub":
            raise InvalidConfig(
                f"a weight of type {dataset.dtype} is no array of numbers", file=self._file, where=where
            )
        made = dataset.id.get_create_plist()
        filters = [made.get_filter(at)[0] for at in range(made.get_nfilters())]
        if not _FILTERS.issuperset(filters) or sum(one in _PACKING for one in filters) > 1:
            raise UnsafeFile(
                "a weight is packed in a way that Keras does not use",
                because=f"HDF5's filters {filters}",
                file=self._file,
                where=where,
            )
        try:
            return np.asarray(dataset[()])
        except MemoryError as error:
            raise UnsafeFile(
                f"there is no memory for a weight of {wanted} bytes", because=str(error), file=self._file, where=where
            ) from None


class Weights:
    """The weights of a model, by layer, in the order in which Keras keeps them. One of two layouts:

    ``named``: groups by layer name, each with an attribute ``weight_names`` (``.h5``);
    ``numbered``: groups by position and class, each with ``vars/0``, ``vars/1`` ... (``.keras``, ``.weights.h5``).
    """

    def __init__(self, root: Group, *, numbered: bool) -> None:
        self.numbered = numbered
        self._root = root

    def named(self, layer: str) -> list[StoredArray]:
        """All weights of the top-level layer ``layer``: trainable ones first, then the others."""
        with guarded(self._root.file, layer):
            group = self._root.child(layer) if "/" not in layer else self._root.nested(layer)
            return [self._array(group, name) for name in group.names("weight_names")] if group else []

    def at(self, *path: str) -> list[StoredArray]:
        """The weights that the group ``path`` itself holds, in the order of their numbers."""
        group: Group | None = self._root
        with guarded(self._root.file, "/".join(path)):
            for part in (*path, "vars"):
                group = group.child(part) if group else None
            if group is None:
                return []
            return [self._array(group, str(at)) for at in takewhile(lambda at: str(at) in group.group, count())]

    def own(self) -> list[StoredArray]:
        """The weights that the root itself holds, as an optimizer's does, in their order."""
        if self.numbered:
            return self.at()
        with guarded(self._root.file, self._root.where):
            return [self._array(self._root, name) for name in self._root.names("weight_names")]

    def _array(self, group: Group, name: str) -> StoredArray:
        dataset = group.dataset(name)
        if dataset.shape is None:
            raise InvalidConfig("a weight has no numbers", file=group.file, where=f"{group.where}/{name}")
        return StoredArray(name, tuple(dataset.shape), dataset, group.file, group.size)


@dataclass(frozen=True, slots=True)
class ModelContents:
    """The model of an open file.

    Attributes:
        path: the file.
        config: the model's config, as JSON values.
        weights: its weights; they can be read while the file is open.
        optimizer: the variables of its optimizer, likewise; None where the file holds none.
    """

    path: str
    config: Mapping[str, Any]
    weights: Weights
    optimizer: Weights | None = None


@contextmanager
def open_model(path: str | os.PathLike[str], container: str) -> Iterator[ModelContents]:
    """Open the whole model at ``path`` for reading its config and its weights.

    Args:
        path: a file that :func:`pydl4j_bridge.kerasfile.read` has read as a whole model.
        container: ``h5`` or ``keras``, as it said.

    Raises:
        KerasFileError: it is damaged or unsafe.
    """
    name = os.fspath(path)
    with _naming(name), ExitStack() as stack:
        if container == "h5":
            root = Group(stack.enter_context(opened(name, name)), name, os.path.getsize(name))
            with guarded(name):
                config = root.json("model_config")
                weights = root.child("model_weights")
                optimizer = root.child("optimizer_weights")
            if config is None:
                raise NotAKerasFile("the file holds no model", file=name)
            state = Weights(optimizer, numbered=False) if optimizer else None
            yield ModelContents(name, config, Weights(weights or root, numbered=False), state)
            return
        with archive_errors(name):
            archive = stack.enter_context(zipfile.ZipFile(name))
            config = read_json_member(archive, CONFIG, name)
            stream, size = stack.enter_context(weights_stream(archive, name))
        root = Group(stack.enter_context(opened(stream, name, WEIGHTS)), name, size, WEIGHTS)
        with guarded(name, WEIGHTS):
            optimizer = root.child("optimizer")
        state = Weights(optimizer, numbered=True) if optimizer else None
        yield ModelContents(name, config, Weights(root, numbered=True), state)


@contextmanager
def _naming(file: str) -> Iterator[None]:
    """Errors of what is done with the model name the file that it comes from."""
    try:
        yield
    except KerasFileError as error:
        error.file = error.file or file
        raise


def snake_case(class_name: str) -> str:
    """A class name as ``.keras`` spells it in its groups: ``Conv2DTranspose`` → ``conv2d_transpose``."""
    name = re.sub(r"\W+", "", class_name)
    name = re.sub(r"(.)([A-Z][a-z]+)", r"\1_\2", name)
    return re.sub(r"([a-z])([A-Z])", r"\1_\2", name).lower()
