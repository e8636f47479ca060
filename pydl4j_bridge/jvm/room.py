"""Memory for weights on their way into a network, and fast copies that transpose. Needs a running JVM."""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import accumulate
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pydl4j_bridge.jvm.arrays import memory, uninitialized

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
