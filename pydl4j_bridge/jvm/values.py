"""Python values as a Java type takes them, or not: nothing is rounded, parsed or guessed. Needs a running JVM."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any

import numpy as np

from pydl4j_bridge.errors import InvalidArgument, near_names
from pydl4j_bridge.jvm.arrays import to_indarray
from pydl4j_bridge.mapping.construction import NOT_THE_SAME, VALUES

#: Types with numbers: the first that fits is taken, so the order counts.
_WHOLE = ("int", "long", "short", "byte", "java.lang.Integer", "java.lang.Long")
_REAL = ("double", "float", "java.lang.Double", "java.lang.Float")
_ORDER = ("boolean", "java.lang.Boolean", *_WHOLE, *_REAL)


class DoesNotFit(Exception):
    """The value is not one of the type."""


def convert(value: Any, java: Any, size: int = 1) -> Any:
    """A value as a Java type takes it.

    Args:
        value: a string for a value of an enumeration or a Java string, a number, a sequence for an array or a list, a
            numpy array for an ``INDArray``, or a Java object.
        java: the ``java.lang.Class``.
        size: how long an array is where one number is given for all of it.

    Raises:
        DoesNotFit: it is not one.
    """
    import jpype

    name = str(java.getName())
    if name in _ORDER:
        return _number(value, name)
    if isinstance(value, jpype.JObject) or value is None:
        if value is not None and not java.isInstance(value):
            raise DoesNotFit
        return jpype.JObject(value, jpype.JClass(java))
    if java.isEnum():
        return _constant(value, java)
    if java.isArray():
        item = java.getComponentType()
        values = value if _is_sequence(value) else [value] * size
        return jpype.JArray(jpype.JClass(item))([convert(one, item) for one in values])
    if isinstance(value, str) and name in ("java.lang.String", "java.lang.Object"):
        return jpype.JString(value)
    if isinstance(value, np.ndarray) and name == "org.nd4j.linalg.api.ndarray.INDArray":
        # Weights and the like, which are never whole numbers to ND4J.
        return to_indarray(value.astype(value.dtype if value.dtype == np.float64 else np.float32))
    if _is_sequence(value) and name in ("java.util.List", "java.util.Collection"):
        return jpype.JClass("java.util.ArrayList")(list(value))
    if isinstance(value, Mapping) and name == "java.util.Map":
        return jpype.JClass("java.util.LinkedHashMap")(value)
    raise DoesNotFit


def choose(overloads: Sequence[Sequence[Any]], values: Sequence[Any], size: int = 1) -> tuple[int, list[Any]] | None:
    """The first overload that all values fit, and the values for it; numbers prefer the type that is their own.

    Args:
        overloads: for each, the types of its parameters.
        values: the arguments.
        size: as in :func:`convert`.
    """
    by_kind = sorted(range(len(overloads)), key=lambda at: [_rank(one) for one in overloads[at]])
    for at in by_kind:
        if len(overloads[at]) != len(values):
            continue
        try:
            return at, [convert(value, java, size) for value, java in zip(values, overloads[at], strict=True)]
        except DoesNotFit:
            continue
    return None


def refused(what: str, value: Any, types: Sequence[Any]) -> InvalidArgument:
    """The error for a value that fits none of the types."""
    near: tuple[str, ...] = ()
    because = f"it takes {' or '.join(dict.fromkeys(map(describe, types)))}"
    for java in types:
        if java.isEnum() and isinstance(value, str):
            why = NOT_THE_SAME.get(str(java.getSimpleName()), {}).get(value.lower())
            if why:
                return InvalidArgument(f"{what} cannot be {value!r}", because=why)
            near = near_names(value, [*(one.lower() for one in _constants(java)), *_ours(java)])
    return InvalidArgument(f"{what} cannot be {value!r}", because=because, near=near)


def describe(java: Any) -> str:
    """A type as a person calls it."""
    name = str(java.getSimpleName())
    if java.isEnum():
        return f"one of {', '.join(one.lower() for one in _constants(java))}"
    if java.isArray():
        return f"several {describe(java.getComponentType())}"
    if str(java.getName()) in _ORDER[2:]:
        return "a number" if str(java.getName()) in _REAL else "a whole number"
    return {"String": "a string", "boolean": "True or False"}.get(name, name)


def _rank(java: Any) -> int:
    name = str(java.getName())
    return _ORDER.index(name) if name in _ORDER else len(_ORDER) + java.isArray()


def _number(value: Any, name: str) -> Any:
    import jpype

    kind = name.rpartition(".")[2].lower()
    if kind == "boolean":
        if not isinstance(value, (bool, np.bool_)):
            raise DoesNotFit
        return jpype.JBoolean(value)
    whole = isinstance(value, (int, np.integer)) and not isinstance(value, bool)
    if name in _WHOLE:
        bits = {"byte": 8, "short": 16, "int": 32, "integer": 32, "long": 64}[kind]
        if not whole or not -(2 ** (bits - 1)) <= value < 2 ** (bits - 1):
            raise DoesNotFit
    elif not whole and not isinstance(value, (float, np.floating)):
        raise DoesNotFit
    made = {"byte": "JByte", "short": "JShort", "int": "JInt", "integer": "JInt", "long": "JLong", "float": "JFloat"}
    primitive = getattr(jpype, made.get(kind, "JDouble"))(value)
    return jpype.JObject(primitive, jpype.JClass(name)) if "." in name else primitive


def _constant(value: Any, java: Any) -> Any:
    if not isinstance(value, str):
        raise DoesNotFit
    wanted = _ours(java).get(value.lower(), value)
    by_key = {one.replace("_", "").lower(): one for one in _constants(java)}
    found = by_key.get(wanted.replace("_", "").lower())
    if found is None:
        raise DoesNotFit
    import jpype

    return jpype.JClass(java).valueOf(found)


def _ours(java: Any) -> Mapping[str, str]:
    return VALUES.get(str(java.getSimpleName()), {})


@cache
def _constants(java: Any) -> tuple[str, ...]:
    return tuple(str(one.name()) for one in java.getEnumConstants())


def _is_sequence(value: Any) -> bool:
    return isinstance(value, (list, tuple, range)) or (isinstance(value, np.ndarray) and value.ndim == 1)
