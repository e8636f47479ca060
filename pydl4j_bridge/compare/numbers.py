"""Equality of settings as float32: Keras rounds its hyperparameters to float32, Java holds doubles."""

from __future__ import annotations

import math
import struct
from collections.abc import Mapping
from typing import Any

from pydl4j_bridge.mapping import ScheduleSpec


def float32(value: float) -> float:
    """``value`` rounded to float32; infinite where that has no such number."""
    try:
        return float(struct.unpack("f", struct.pack("f", value))[0])
    except OverflowError:
        return math.copysign(math.inf, value)


def same(one: Any, other: Any) -> bool:
    """Whether two settings are equal as float32. NaN equals NaN: Java's sign for a rate that a schedule sets."""
    if isinstance(one, ScheduleSpec) and isinstance(other, ScheduleSpec):
        return one.schedule == other.schedule and same(one.fields, other.fields)
    if isinstance(one, Mapping) and isinstance(other, Mapping):
        return one.keys() == other.keys() and all(same(one[key], other[key]) for key in one)
    if isinstance(one, (tuple, list)) and isinstance(other, (tuple, list)):
        return len(one) == len(other) and all(map(same, one, other))
    if _is_number(one) and _is_number(other):
        a, b = float32(one), float32(other)
        return a == b or (math.isnan(a) and math.isnan(b))
    return bool(one == other)


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)
