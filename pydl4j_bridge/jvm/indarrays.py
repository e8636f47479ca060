"""What Python can do with an ``INDArray``: ``len``, indices, arithmetic, numpy's functions, a repr with its numbers.

numpy computes, on the memory of the array: its rules of broadcasting and of types hold, where ND4J's differ from one
operation to the next. What comes out is an ``INDArray`` again, or a numpy scalar. Java's methods stay as they are, and
so does ``==``, which is Java's ``equals``: one answer for both arrays, and it lets numbers differ by 1e-5.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from typing import Any

import numpy as np
from numpy.lib.mixins import NDArrayOperatorsMixin
from numpy.typing import NDArray

from pydl4j_bridge.jvm.arrays import part, strides_of, to_indarray, to_numpy, view

#: The interface for type stubs, and the class since in one of Java's JPype's own methods come before an interface's.
CLASSES = ("org.nd4j.linalg.api.ndarray.INDArray", "org.nd4j.linalg.api.ndarray.BaseNDArray")
#: Java's stay what they are.
_NOT_FOR_JAVA = ("__dict__", "__eq__", "__hash__", "__ne__", "__slots__", "__weakref__")


class PythonArray(NDArrayOperatorsMixin):
    """The methods; ``self`` is the Java object."""

    def __len__(self) -> int:
        return len(view(self))

    def __bool__(self) -> bool:
        return bool(view(self))

    def __int__(self) -> int:
        return int(view(self).item())

    def __float__(self) -> float:
        return float(view(self).item())

    def __iter__(self) -> Iterator[Any]:
        return (self[at] for at in range(len(self)))

    def __getitem__(self, index: Any) -> Any:
        numbers = view(self)
        found = numbers[_for_numpy(index)]
        if not isinstance(found, np.ndarray):
            return found
        if found.size and np.may_share_memory(found, numbers) and min(strides_of(found), default=1) > 0:
            return part(self, found)
        return to_indarray(found, copy=True)

    def __setitem__(self, index: Any, value: Any) -> None:
        view(self)[_for_numpy(index)] = _for_numpy(value)

    def __repr__(self: Any) -> str:
        numbers = view(self)
        values = np.array2string(numbers, separator=", ", prefix="INDArray(")
        return f"INDArray({values}, {self.dataType()}, {numbers.shape}, {str(self.ordering())!r})"

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> NDArray[Any]:
        return np.array(to_numpy(self), dtype=dtype, copy=copy)

    def __array_ufunc__(self, ufunc: Any, method: str, *inputs: Any, **options: Any) -> Any:
        out = options.get("out", ())
        if out:
            options["out"] = _for_numpy(out)
        found = getattr(ufunc, method)(*_for_numpy(inputs), **options)
        if out:
            return out if len(out) > 1 else out[0]
        return tuple(map(_for_java, found)) if isinstance(found, tuple) else _for_java(found)

    def __dlpack__(self, **options: Any) -> Any:
        return to_numpy(self, copy=False).__dlpack__(**options)

    def __dlpack_device__(self) -> tuple[int, int]:
        return view(self).__dlpack_device__()


def implementation() -> type:
    """``PythonArray`` as JPype takes it: with all that it inherits in itself."""
    methods = {**vars(NDArrayOperatorsMixin), **vars(PythonArray)}
    return type(PythonArray.__name__, (), {name: methods[name] for name in methods if name not in _NOT_FOR_JAVA})


@cache
def _java_class() -> Any:
    import jpype

    return jpype.JClass(CLASSES[0])


def _for_numpy(value: Any) -> Any:
    if isinstance(value, tuple):
        return tuple(map(_for_numpy, value))
    return view(value) if isinstance(value, _java_class()) else value


def _for_java(value: Any) -> Any:
    return to_indarray(value) if isinstance(value, np.ndarray) else value
