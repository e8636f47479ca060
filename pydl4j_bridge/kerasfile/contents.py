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
    _dataset: h5py.h5d.DatasetID
    _made: h5py.h5p.PropDCID
    _file: str
    _file_size: int

    @property
    def size(self) -> int:
        """How many numbers it has."""
        return math.prod(self.shape)

    def check(self) -> None:
        """Nothing where the array can be read; it takes no memory to find that out.

        Raises:
            UnsafeFile: it claims more than is stored, or is packed in a way that Keras does not use.
            InvalidConfig: it holds no numbers.
        """
        with guarded(self._file, self.name):
            self._check()

    def read(self) -> NDArray[Any]:
        """The array, in Keras's layout and in the type it was saved with.

        Raises:
            UnsafeFile, InvalidConfig: as ``check``, or there is no memory for it.
        """
        with guarded(self._file, self.name):
            self._check()
            try:
                found = np.empty(self.shape, self._dataset.dtype)
            except MemoryError as error:
                raise UnsafeFile(
                    f"there is no memory for a weight of {self.size * self._dataset.dtype.itemsize} bytes",
                    because=str(error),
                    file=self._file,
                    where=self.place,
                ) from None
            self._read_into(found)
            return found

    def read_into(self, out: NDArray[np.float32]) -> None:
        """Write the array into ``out``, without a copy where the file has it as float32.

        Args:
            out: memory in C order with the array's number of elements, of any shape.

        Raises:
            UnsafeFile, InvalidConfig: as ``check``.
        """
        if out.size != self.size:
            raise ValueError(f"{self.name} has {self.size} numbers, and there is room for {out.size}")
        if self._dataset.dtype == np.float32 and out.flags.c_contiguous:
            with guarded(self._file, self.name):
                self._check()
                self._read_into(out.reshape(self.shape))
        else:
            out.reshape(self.shape)[...] = self.read()

    def _read_into(self, out: NDArray[Any]) -> None:
        if self._made.get_layout() == h5py.h5d.CHUNKED:
            out[...] = 0  # a chunk that was never written may leave what was there before
        if out.size:
            self._dataset.read(h5py.h5s.ALL, h5py.h5s.ALL, out)

    @property
    def place(self) -> str:
        """Where it is in its HDF5 file."""
        return str(h5py.h5i.get_name(self._dataset).decode(errors="replace"))

    def _check(self) -> None:
        stored = self._dataset.get_storage_size()
        if stored > self._file_size:
            raise UnsafeFile(
                f"a weight claims {stored} stored bytes",
                because=f"the file has {self._file_size}",
                file=self._file,
                where=self.place,
            )
        kind = self._dataset.dtype
        chunked = self._made.get_layout() == h5py.h5d.CHUNKED
        # HDF5 unpacks whole chunks, however small the array is.
        chunk = math.prod(self._made.get_chunk()) if chunked and stored else 0
        wanted = max(self.size, chunk) * kind.itemsize
        if wanted > stored * (_MAX_RATIO if chunked else 1):
            raise UnsafeFile(
                f"a weight claims {wanted} bytes", because=f"{stored} are stored", file=self._file, where=self.place
            )
        if kind.kind not in "fiub":
            raise InvalidConfig(f"a weight of type {kind} is no array of numbers", file=self._file, where=self.place)
        filters = [self._made.get_filter(at)[0] for at in range(self._made.get_nfilters())]
        if not _FILTERS.issuperset(filters) or sum(one in _PACKING for one in filters) > 1:
            raise UnsafeFile(
                "a weight is packed in a way that Keras does not use",
                because=f"HDF5's filters {filters}",
                file=self._file,
                where=self.place,
            )


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

    def layers(self) -> list[str]:
        """The top-level layers, as ``.h5`` names them."""
        with guarded(self._root.file):
            return self._root.names("layer_names")

    def at(self, *path: str) -> list[StoredArray]:
        """The weights that the group ``path`` itself holds, in the order of their numbers."""
        group: Group | None = self._root
        with guarded(self._root.file, "/".join(path)):
            for part in (*path, "vars"):
                group = group.child(part) if group else None
            if group is None:
                return []
            return [self._array(group, str(at)) for at in takewhile(lambda at: group.holds(str(at)), count())]

    def own(self) -> list[StoredArray]:
        """The weights that the root itself holds, as an optimizer's does, in their order."""
        if self.numbered:
            return self.at()
        with guarded(self._root.file, self._root.where):
            return [self._array(self._root, name) for name in self._root.names("weight_names")]

    def _array(self, group: Group, name: str) -> StoredArray:
        dataset, made = group.dataset(name)
        shape = dataset.shape
        if shape is None:
            raise InvalidConfig("a weight has no numbers", file=group.file, where=f"{group.where}/{name}")
        return StoredArray(name, tuple(shape), dataset, made, group.file, group.size)


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
def open_model(
    path: str | os.PathLike[str], container: str, config: Mapping[str, Any] | None = None
) -> Iterator[ModelContents]:
    """Open the whole model at ``path`` for reading its config and its weights.

    Args:
        path: a file that :func:`pydl4j_bridge.kerasfile.read` has read as a whole model.
        container: ``h5`` or ``keras``, as it said.
        config: the model's config, as it said; None: read it again.

    Raises:
        KerasFileError: it is damaged or unsafe.
    """
    name = os.fspath(path)
    with _naming(name), ExitStack() as stack:
        if container == "h5":
            root = Group(stack.enter_context(opened(name, name)), name, os.path.getsize(name))
            with guarded(name):
                config = config or root.json("model_config")
                weights = root.child("model_weights")
                optimizer = root.child("optimizer_weights")
            if config is None:
                raise NotAKerasFile("the file holds no model", file=name)
            state = Weights(optimizer, numbered=False) if optimizer else None
            named = Weights(weights or root, numbered=False)
            yield ModelContents(name, _with_names(config, named.layers()), named, state)
            return
        with archive_errors(name):
            archive = stack.enter_context(zipfile.ZipFile(name))
            config = config or read_json_member(archive, CONFIG, name)
            stream, size = stack.enter_context(weights_stream(archive, name))
        root = Group(stack.enter_context(opened(stream, name, WEIGHTS)), name, size, WEIGHTS)
        with guarded(name, WEIGHTS):
            optimizer = root.child("optimizer")
        state = Weights(optimizer, numbered=True) if optimizer else None
        yield ModelContents(name, config, Weights(root, numbered=True), state)


def _with_names(config: Mapping[str, Any], names: list[str]) -> Mapping[str, Any]:
    """The config with names for the models in it that have none: a Sequential in a Sequential before Keras 2.2.3.

    Args:
        config: of a model.
        names: of its layers' groups of weights.
    """
    layers = config.get("config")
    if not isinstance(layers, list):
        return config
    named = []
    for at, layer in enumerate(layers):
        if isinstance(layer, dict) and isinstance(layer.get("config"), list):
            name = names[at] if len(names) == len(layers) else f"sequential_{at}"
            layer = {"name": name, **_with_names(layer, [])}
        named.append(layer)
    return {**config, "config": named}


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
