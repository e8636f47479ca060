"""numpy arrays and ND4J's, with or without a copy of their memory. Needs a running JVM with an ND4J backend.

Neither side frees what the other one sees. A numpy view holds the Java object. Java holds the numpy array until its
garbage collector has seen that the ``INDArray`` is gone; since that collector knows nothing of numpy's memory, it is
called when a gigabyte of it hangs on dead arrays.
"""

from __future__ import annotations

import ctypes
import threading
import time
from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from pydl4j_bridge.errors import InvalidArgument, MissingExtra

#: ND4J's names of the types that a network can have → numpy's.
TYPES: Mapping[str, np.dtype[Any]] = {"FLOAT": np.dtype(np.float32), "DOUBLE": np.dtype(np.float64)}
#: ND4J's name of a type → numpy's. What is not here, such as strings, has no counterpart.
_ALL_TYPES: Mapping[str, str] = {
    **{name: kind.name for name, kind in TYPES.items()},
    "HALF": "float16",
    "BFLOAT16": "bfloat16",
    "BOOL": "bool",
    "BYTE": "int8",
    "SHORT": "int16",
    "INT": "int32",
    "LONG": "int64",
    "UBYTE": "uint8",
    "UINT16": "uint16",
    "UINT32": "uint32",
    "UINT64": "uint64",
}
#: What ``Memory.layout`` says of the memory of an array.
_MOVES, _CLOSED = 1, 2


def to_indarray(array: ArrayLike, copy: bool | None = None) -> Any:
    """An ``INDArray`` with the numbers, the shape and the type of an array; see :func:`pydl4j_bridge.to_indarray`."""
    source = np.asarray(array)
    java_type = _java_type(source.dtype)
    why = "" if copy else _why_not_shared(source)
    if why and copy is False:
        raise InvalidArgument(f"ND4J cannot share the array of shape {source.shape}", because=why)
    if why or copy:
        source = source.astype(source.dtype.newbyteorder("="), order="A", subok=False)
    java = _java()
    if source.size == 0:
        return java.nd4j.create(java_type, java.longs(source.shape))
    strides = [stride // source.itemsize for stride in strides_of(source)]
    length = 1 + sum((size - 1) * stride for size, stride in zip(source.shape, strides, strict=True))
    start, shape = source.ctypes.data, java.longs(source.shape)
    kept, strides = java.direct_buffer(_Kept.of(source, start)), java.longs(strides)
    return java.memory.array(start, length, java_type, shape, strides, _order(source), kept, source.nbytes)


def to_numpy(array: Any, copy: bool | None = None) -> NDArray[Any]:
    """An array with the numbers, the shape and the type of an ``INDArray``; see :func:`pydl4j_bridge.to_numpy`."""
    seen, moves = _seen(array)
    if moves and copy is False:
        raise InvalidArgument(
            "numpy cannot share the INDArray",
            because="it lies in a workspace, whose memory ND4J uses again",
            fix="Take copy=True, or array.detach()",
        )
    if moves or copy:
        return np.array(seen, order="K", copy=True)
    if seen.size:
        _java().memory.keep(array)
    return seen


def part(array: Any, seen: NDArray[Any]) -> Any:
    """An ``INDArray`` in the memory of another one.

    Args:
        array: the other one.
        seen: a view that numpy took of it, with positive strides.
    """
    java = _java()
    start = (seen.ctypes.data - address(array)) // seen.itemsize
    strides = [stride // seen.itemsize for stride in strides_of(seen)]
    return java.memory.view(array, start, java.longs(seen.shape), java.longs(strides), _order(seen))


def view(array: Any) -> NDArray[Any]:
    """The numbers of an ``INDArray`` in its shape and order, to be looked at or written to at once.

    Nothing keeps Java from using the memory otherwise after that, where it is a workspace's or ``array`` is closed.
    """
    return _seen(array)[0]


def uninitialized(shape: Sequence[int], kind: np.dtype[Any] = TYPES["FLOAT"]) -> Any:
    """A new ``INDArray`` in C order whose numbers are whatever was in the memory, which is ND4J's."""
    java = _java()
    return java.nd4j.createUninitialized(_java_type(kind), java.longs(shape), "c")


def data_type(array: Any) -> np.dtype[Any]:
    """The type of the numbers of an ``INDArray``, float32 or float64."""
    return TYPES[str(array.dataType().name())]


def memory(array: Any) -> NDArray[Any]:
    """The off-heap memory of an ``INDArray`` in C order, float32 or float64. It lives as long as ``array`` does."""
    return _at(address(array), (int(array.length()),), data_type(array), keeper=array)


def address(array: Any) -> int:
    """Where the first number of an ``INDArray`` lies in memory."""
    return int(_java().memory.layout(array)[2])


class _Java:
    """What is needed of Java, looked up once: it takes longer than small arrays to make."""

    def __init__(self) -> None:
        import jpype

        types = jpype.JClass("org.nd4j.linalg.api.buffer.DataType")
        self.nd4j, self.memory = jpype.JClass("org.nd4j.linalg.factory.Nd4j"), jpype.JClass("org.pydl4j.Memory")
        self.longs = jpype.JLong[:]
        self.direct_buffer = jpype.nio.convertToDirectBuffer
        self.names = [str(one.name()) for one in types.values()]
        self.types = {_ALL_TYPES[name]: types.valueOf(name) for name in self.names if name in _ALL_TYPES}


_java = cache(_Java)


@cache
def _java_type(kind: np.dtype[Any]) -> Any:
    found = _java().types.get(kind.name)
    if found is None:
        raise InvalidArgument(
            f"ND4J has no type for numbers of numpy's {kind.name}", because=f"it has {', '.join(sorted(_java().types))}"
        )
    return found


def _numpy_type(ordinal: int) -> np.dtype[Any]:
    name = _java().names[ordinal]
    if name not in _ALL_TYPES:
        raise InvalidArgument(f"numpy has no type for an INDArray of {name}")
    if name == "BFLOAT16":
        try:
            import ml_dtypes  # noqa: F401 - from now on numpy knows the name
        except ImportError as error:
            raise MissingExtra.of("ml_dtypes", "bfloat16") from error
    kind: np.dtype[Any] = np.dtype(_ALL_TYPES[name])
    return kind


def _seen(array: Any) -> tuple[NDArray[Any], bool]:
    """What numpy sees of an ``INDArray``, and whether ND4J may use the memory otherwise while both are there."""
    ordinal, state, start, *sizes = _java().memory.layout(array)
    if state == _CLOSED:
        raise InvalidArgument("the INDArray was closed", because="its memory is given back")
    kind, rank = _numpy_type(ordinal), len(sizes) // 2
    shape = tuple(map(int, sizes[:rank]))
    strides = tuple(int(stride) * kind.itemsize for stride in sizes[rank:])
    if not start:
        shape = shape or (0,)  # ND4J's empty array of no shape
    return _at(int(start), shape, kind, strides, array), state == _MOVES


class _Memory:
    """What numpy asks an object for that has memory; ctypes makes a class for each size, which takes longer."""

    def __init__(self, interface: dict[str, Any], keeper: Any) -> None:
        self.__array_interface__ = interface
        self.keeper = keeper


def _at(
    start: int, shape: tuple[int, ...], kind: np.dtype[Any], strides: tuple[int, ...] | None = None, keeper: Any = None
) -> NDArray[Any]:
    if 0 in shape:  # numpy before 2.3 takes no memory that is not there
        return np.empty(shape, kind)
    interface = {"data": (start, False), "shape": shape, "strides": strides, "typestr": kind.str, "version": 3}
    found: NDArray[Any] = np.asarray(_Memory(interface, keeper))
    return found if found.dtype == kind else found.view(kind)  # numpy knows bfloat16 as two bytes


def _why_not_shared(array: NDArray[Any]) -> str:
    """Why the memory of an array cannot be ND4J's; empty: it can."""
    if array.size == 0:
        return ""
    if not array.flags.writeable:
        return "it is read-only, and ND4J writes where it likes"
    if not array.dtype.isnative or not array.flags.aligned:
        return "its numbers are not in this machine's order or not aligned"
    if any(stride <= 0 or stride % array.itemsize for stride in strides_of(array)):
        return "ND4J has no strides that are zero, negative, or between two numbers"
    return ""


def strides_of(array: NDArray[Any]) -> list[int]:
    """In bytes; along axes of one number, where numpy's may be anything, those of a whole array."""
    strides, inner = list(array.strides), array.itemsize
    for axis in reversed(range(array.ndim)):
        if array.shape[axis] == 1:
            strides[axis] = inner
        inner = strides[axis] * array.shape[axis]
    return strides


def _order(array: NDArray[Any]) -> str:
    return "f" if array.flags.f_contiguous and not array.flags.c_contiguous else "c"


#: Bytes of numpy's that may hang on INDArrays before Java is asked to look whether they are still there.
_PATIENCE = 2**30
#: Seconds that Java gets to let go of what it does not use any more.
_WAIT = 1.0
_counting = threading.Lock()
_handed_over = 0
_allowed = _PATIENCE


class _Kept(ctypes.Structure):
    """The first byte of an array that Java sees as its buffer, and keeps; its end says that Java has let go of it.

    One byte only, since Java's buffers end at 2 GB.
    """

    _fields_ = (("byte", ctypes.c_ubyte),)

    array: NDArray[Any]

    @classmethod
    def of(cls, array: NDArray[Any], start: int) -> _Kept:
        global _handed_over
        if _handed_over + array.nbytes > _allowed:
            _collect()
        kept = cls.from_address(start)
        kept.array = array
        with _counting:
            _handed_over += array.nbytes
        return kept

    def __del__(self) -> None:
        global _handed_over
        with _counting:
            _handed_over -= self.array.nbytes


def _collect() -> None:
    global _allowed
    in_use = int(_java().memory.collect())
    # A thread of Java's lets go of the rest.
    until = time.monotonic() + _WAIT
    while _handed_over > in_use and time.monotonic() < until:
        time.sleep(0.001)
    # To ask again at once for what is in use would only take time.
    _allowed = max(_PATIENCE, 2 * in_use)
