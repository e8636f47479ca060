"""Checks of single values of an optimizer config: Python's JSON lets NaN, booleans for numbers and text through."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from pydl4j_bridge.errors import InvalidConfig
from pydl4j_bridge.kerasfile import Optimizer


def at(optimizer: Optimizer, key: str) -> dict[str, Any]:
    """Where ``key`` stands, as arguments of an error."""
    return {"file": optimizer.file, "where": f"{optimizer.where}.{key}"}


def number(value: Any, place: Mapping[str, Any], *, most: float = math.inf) -> float:
    """``value`` as a float: a finite number, not negative, not above ``most``.

    Raises:
        InvalidConfig: it is not.
    """
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise InvalidConfig(f"expected a number and found {short(value)}", **place)
    try:
        converted = float(value)
    except OverflowError:  # an integer of hundreds of digits
        converted = math.inf
    if not math.isfinite(converted):
        raise InvalidConfig(f"{converted} is not a finite number", **place)
    if not 0 <= converted <= most:
        bound = "negative" if converted < 0 else f"more than {most:g}"
        raise InvalidConfig(f"{converted:g} is {bound}", **place)
    return converted


def flag(value: Any, place: Mapping[str, Any]) -> bool:
    """``value``, which must be true or false.

    Raises:
        InvalidConfig: it is not.
    """
    if not isinstance(value, bool):
        raise InvalidConfig(f"expected true or false and found {short(value)}", **place)
    return value


def text(value: Any, place: Mapping[str, Any]) -> str:
    """``value``, which must be a string.

    Raises:
        InvalidConfig: it is not.
    """
    if not isinstance(value, str):
        raise InvalidConfig(f"expected a string and found {short(value)}", **place)
    return value


def short(value: Any) -> str:
    """``value`` as a person reads it in a message."""
    try:
        return f"{value!r:.60}"
    except ValueError:  # an integer of more digits than Python converts
        return f"a very long {type(value).__name__}"
