"""Short names for Deeplearning4j's usual classes: ``Adam`` for ``org.nd4j.linalg.learning.config.Adam``.

The table is ``java.pyi``, which type checkers read: what is completed and what can be had are the same names. Knowing
the names needs no JVM; ``java_class`` starts it.
"""

from __future__ import annotations

import functools
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pydl4j_bridge.errors import UnknownJavaAttribute, near_names

__all__ = ["java_class", "java_names", "unknown_name"]

_TABLE = Path(__file__).resolve().parents[1] / "java.pyi"


@functools.cache
def java_names() -> Mapping[str, str]:
    """Short name → full name of the Java class."""
    import ast

    imports = [node for node in ast.parse(_TABLE.read_text("utf-8")).body if isinstance(node, ast.ImportFrom)]
    return {alias.name: f"{node.module}.{alias.name}" for node in imports for alias in node.names}


def java_class(name: str, *, of: str) -> Any:
    """The Java class of a short name. Starts the JVM if none runs.

    Args:
        name: a key of ``java_names``.
        of: who is asked for it; names the owner in the error.

    Raises:
        UnknownJavaAttribute: there is no such name; names those that are near.
        JvmError: no Java, no jars.
    """
    if name not in java_names():
        raise UnknownJavaAttribute(**unknown_name(name, of))
    from pydl4j_bridge.jvm.session import start

    start()
    import jpype

    return jpype.JClass(java_names()[name])


def unknown_name(name: str, of: str) -> dict[str, Any]:
    """What an error says about a short name that does not exist."""
    return {
        "what": f"{of} has no {name!r}",
        "near": near_names(name, java_names()),
        "fix": "Every class has its full name: from org.nd4j.linalg.learning.config import Adam",
    }
