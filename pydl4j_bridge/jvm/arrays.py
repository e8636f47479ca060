"""numpy arrays into ND4J and back, by copies of their memory. Needs a running JVM with an ND4J backend."""

from __future__ import annotations

import ctypes
import math
from collections.abc import Mapping, Sequence
from functools import cache
from itertools import accumulate
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

#: ND4J's names of the types that a network can have → numpy's.
TYPES: Mapping[str, np.dtype[Any]] = {"FLOAT": np.dtype(np.float32), "DOUBLE": np.dtype(np.float64)}


def to_indarray(array: ArrayLike) -> Any:
    """A new ``INDArray`` in C order with the values of ``array``; a scalar becomes one of shape (1,).

    Args:
        array: numbers of any shape with at least one element; float64 stays what it is, all others become float32.
    """
    source = np.asarray(array)
    kind = source.dtype if source.dtype == np.float64 else np.dtype(np.float32)
    source = np.ascontiguousarray(source, dtype=kind)
    made = uninitialized(source.shape or (1,), kind)
    if source.size:
        # One copy of the memory; a view of numpy's over it would take longer to make than small arrays to copy.
        ctypes.memmove(int(made.data().address()), source.ctypes.data, source.nbytes)
    return made


def uninitialized(shape: Sequence[int], kind: np.dtype[Any] = TYPES["FLOAT"]) -> Any:
    """A new ``INDArray`` in C order whose numbers are whatever was in the memory."""
    create, types, longs = _creation()
    return create(types[kind], longs(shape), "c")


@cache
def _creation() -> tuple[Any, Mapping[np.dtype[Any], Any], Any]:
    """What a new array needs of Java, looked up once: it takes longer than small arrays to make."""
    import jpype

    nd4j, types = jpype.JClass("org.nd4j.linalg.factory.Nd4j"), jpype.JClass("org.nd4j.linalg.api.buffer.DataType")
    return nd4j.createUninitialized, {kind: types.valueOf(name) for name, kind in TYPES.items()}, jpype.JLong[:]


def data_type(array: Any) -> np.dtype[Any]:
    """The type of the numbers of an ``INDArray``, float32 or float64."""
    return TYPES[str(array.dataType().name())]


def view(array: Any) -> NDArray[np.float32]:
    """The memory of a float32 ``INDArray`` in its shape and order. It lives as long as ``array`` does."""
    start = int(array.data().address()) + 4 * int(array.offset())
    return _at(start, tuple(array.shape()), strides=tuple(4 * stride for stride in array.stride()))


class _Memory:
    """What numpy asks an object for that has memory; ctypes makes a class for each size, which takes longer."""

    def __init__(self, interface: dict[str, Any]) -> None:
        self.__array_interface__ = interface


def _at(
    start: int,
    shape: tuple[int, ...],
    kind: np.dtype[Any] = TYPES["FLOAT"],
    strides: tuple[int, ...] | None = None,
) -> NDArray[Any]:
    if 0 in shape:  # numpy before 2.3 takes no memory that is not there
        return np.empty(shape, kind)
    interface = {"data": (start, False), "shape": shape, "strides": strides, "typestr": kind.str, "version": 3}
    return np.asarray(_Memory(interface))


#: Side of the tiles in which large arrays are transposed: two of them fit into a processor's cache.
_TILE = 64
_LARGE = 2**16


def copy(source: NDArray[np.float32], target: NDArray[np.float32]) -> None:
    """``target[...] = source``, but large arrays tile by tile: transposing one row by row takes four times as long."""
    if source.size < _LARGE or source.ndim < 2 or (source.flags.c_contiguous and target.flags.c_contiguous):
        target[...] = source
        return
    for row in range(0, source.shape[0], _TILE):
        for column in range(0, source.shape[1], _TILE):
            at = slice(row, row + _TILE), slice(column, column + _TILE)
            target[at] = source[at]


class Room:
    """Memory outside of Java's heap for float32 arrays, which both Java and numpy see.

    Its memory is given back by ``close``, not at the leisure of Java's garbage collector: after it, nobody may use an
    array that was taken from it.
    """

    def __init__(self, size: int) -> None:
        """Room for ``size`` numbers, at least one."""
        import jpype

        self._all = uninitialized([max(size, 1)])
        self._memory, self._buffer = memory(self._all), self._all.data()
        self._create = jpype.JClass("org.nd4j.linalg.factory.Nd4j").create
        self._longs, self._long, self._order = jpype.JArray(jpype.JLong), jpype.JLong, jpype.JChar("c")
        self._taken = 0

    def take(self, shape: Sequence[int]) -> tuple[Any, NDArray[np.float32]]:
        """A part that nobody has taken yet: as an ``INDArray`` of this shape in C order, and its numbers for numpy."""
        shape = tuple(shape) or (1,)
        begin, size = self._taken, math.prod(shape)
        self._taken += size
        if self._taken > len(self._memory):
            raise ValueError(f"there is room for {len(self._memory)} numbers, not for {self._taken}")
        strides = [*accumulate(reversed(shape[1:]), int.__mul__, initial=1)][::-1]
        array = self._create(self._buffer, self._longs(shape), self._longs(strides), self._long(begin), self._order)
        return array, self._memory[begin : self._taken]

    def clear(self) -> None:
        """Take back all that was taken: the next arrays lie where the last ones did."""
        self._taken = 0

    def close(self) -> None:
        """Give the memory back."""
        self._memory = self._memory[:0]
        self._all.close()


def to_numpy(array: Any) -> NDArray[Any]:
    """A new array with the values of an ``INDArray``, in its shape: float64 of doubles, float32 of all others."""
    import jpype

    types = jpype.JClass("org.nd4j.linalg.api.buffer.DataType")
    source = array.castTo(types.DOUBLE if array.dataType() == types.DOUBLE else types.FLOAT).dup("c")
    shape = [int(size) for size in source.shape()]
    return np.array(memory(source)).reshape(shape)


def memory(array: Any) -> NDArray[Any]:
    """The off-heap memory of an ``INDArray`` in C order, float32 or float64. It lives as long as ``array`` does."""
    return _at(address(array), (int(array.length()),), data_type(array))


def address(array: Any) -> int:
    """Where the first number of an ``INDArray`` lies in memory."""
    return int(array.data().pointer().address()) + data_type(array).itemsize * int(array.offset())
