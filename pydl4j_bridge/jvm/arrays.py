"""numpy arrays into ND4J and back, by copies of their memory. Needs a running JVM with an ND4J backend."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray


def to_indarray(array: ArrayLike) -> Any:
    """A new float32 ``INDArray`` in C order with the values of ``array``; a scalar becomes one of shape (1,).

    Args:
        array: numbers of any shape with at least one element.
    """
    import jpype

    source = np.ascontiguousarray(array, dtype=np.float32)
    nd4j = jpype.JClass("org.nd4j.linalg.factory.Nd4j")
    shape = jpype.JArray(jpype.JLong)(list(source.shape) or [1])
    made = nd4j.createUninitialized(jpype.JClass("org.nd4j.linalg.api.buffer.DataType").FLOAT, shape, "c")
    memory(made)[...] = source.ravel()
    return made


def to_numpy(array: Any) -> NDArray[np.float32]:
    """A new float32 array with the values of an ``INDArray``, in its shape."""
    import jpype

    data_type = jpype.JClass("org.nd4j.linalg.api.buffer.DataType").FLOAT
    source = array.castTo(data_type).dup("c")
    shape = [int(size) for size in source.shape()]
    return np.array(memory(source), dtype=np.float32).reshape(shape)


def memory(array: Any) -> NDArray[np.float32]:
    """The off-heap memory of a float32 ``INDArray`` in C order. It lives as long as ``array`` does."""
    import ctypes

    return np.ctypeslib.as_array((ctypes.c_float * int(array.length())).from_address(address(array)))


def address(array: Any) -> int:
    """Where the first number of a float32 ``INDArray`` lies in memory."""
    return int(array.data().pointer().address()) + 4 * int(array.offset())
