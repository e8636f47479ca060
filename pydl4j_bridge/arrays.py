"""numpy's arrays and ND4J's. Starts the JVM if none runs."""

from __future__ import annotations

from typing import Any

from numpy.typing import ArrayLike, NDArray

from pydl4j_bridge.jupyter import start


def to_indarray(array: ArrayLike, copy: bool | None = None) -> Any:
    """An ND4J ``INDArray`` with the numbers, the shape and the type of a numpy array.

    Shared memory is numpy's: what Java writes is in the array, and the other way round. It stays as long as either side
    needs it. DL4J's networks write into arrays that they are given; for them let it be a copy.

    Shared is what can be written to, in C or Fortran order or with other strides that are positive. Copied is what is
    read-only, has strides that are zero or negative, or is not aligned or not in this machine's byte order.

    Args:
        array: of float16, float32, float64, ml_dtypes' bfloat16, signed or unsigned integers of 8 to 64 bits, or bool;
            of any shape, also ``()`` and with sizes of 0, and of more than 2^31 numbers. Or what numpy makes an array
            of, as a list.
        copy: None: share the memory where it can be shared, and copy where not; True: copy; False: share, or fail.

    Returns:
        The ``INDArray``, of ND4J's type of the same numbers: FLOAT, DOUBLE, HALF, BFLOAT16, BYTE, SHORT, INT, LONG,
        UBYTE, UINT16, UINT32, UINT64 or BOOL.

    Raises:
        InvalidArgument: ND4J has no such type, or ``copy`` is False and the memory cannot be shared; says why.
        JvmError: no Java, no jars.
    """
    start()
    from pydl4j_bridge.jvm import arrays

    return arrays.to_indarray(array, copy)


def to_numpy(array: Any, copy: bool | None = None) -> NDArray[Any]:
    """A numpy array with the numbers, the shape and the type of an ``INDArray``.

    Shared memory is ND4J's, outside of Java's heap: what numpy writes is in the ``INDArray``, of which this is a view
    with the same strides, and the other way round. It stays as long as either side needs it: from then on ``close()``
    does nothing to the ``INDArray``, and Java's garbage collector alone gives its memory back. An array in a workspace,
    whose memory ND4J uses again, is copied.

    Args:
        array: the ``INDArray``, of any type but strings, of any shape; empty ones included.
        copy: None: share the memory where it can be shared, and copy where not; True: copy; False: share, or fail.

    Raises:
        InvalidArgument: the array is closed or holds no numbers, or ``copy`` is False and it lies in a workspace.
        MissingExtra: it is of BFLOAT16, and ml_dtypes is not installed.
    """
    from pydl4j_bridge.jvm import arrays

    return arrays.to_numpy(array, copy)
