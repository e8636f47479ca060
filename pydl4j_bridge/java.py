"""Deeplearning4j's usual classes by their short names: ``from pydl4j_bridge.java import Adam, DenseLayer, Nd4j``.

Importing this module starts nothing, nor does completing its names; the first name that is taken from it starts the
JVM. The names are in ``java.pyi``; ``dir(pydl4j_bridge.java)`` lists them. Every other class has its full name once the
JVM runs: ``from org.nd4j.linalg.api.rng import Random``.
"""

from __future__ import annotations

import sys
from opcode import opname
from typing import Any

from pydl4j_bridge.errors import UnknownJavaAttribute, UnknownJavaImport
from pydl4j_bridge.jvm.names import java_class, java_names, unknown_name


def __getattr__(name: str) -> Any:
    caller = sys._getframe(1)
    # Python's own questions, and jedi's, which wants the values of all names that it lists.
    if name.startswith("__") or caller.f_globals.get("__name__", "").startswith("jedi."):
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    if name in java_names():
        from pydl4j_bridge.jupyter import start

        start()
    try:
        value = java_class(name, of=__name__)
    except UnknownJavaAttribute:
        # An import takes every AttributeError for its own "cannot import name", which knows no near names.
        if opname[caller.f_code.co_code[caller.f_lasti]] == "IMPORT_FROM":
            raise UnknownJavaImport(**unknown_name(name, __name__)) from None
        raise
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *java_names()})
