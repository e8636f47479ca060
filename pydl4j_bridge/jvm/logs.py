"""Sends what Java logs to Python's ``logging``, under ``pydl4j_bridge.java.<name of the Java logger>``.

SLF4J → java.util.logging (by slf4j-jdk14) → a filter on the root handlers → Python. The filter says "not loggable" to
everything it forwards, so nothing is printed by Java. Does not touch what native code writes to stdout by itself, and
does not configure Python's logging: without a configuration, warnings and errors are not shown either.
"""

from __future__ import annotations

import atexit
import logging
import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

__all__ = ["LOGGER", "forward_logs", "unheard"]

LOGGER = "pydl4j_bridge.java"

#: In a JVM that somebody else started, only these belong to us.
_OURS = ("org.nd4j", "org.deeplearning4j", "org.bytedeco")

#: java.util.logging's level values that begin a Python level.
_LEVELS = ((1000, logging.ERROR), (900, logging.WARNING), (700, logging.INFO))

# JPype does not keep a proxy alive for Java: whoever makes the filter must hold it.
_filters: list[Any] = []


def forward_logs(*, everything: bool) -> None:
    """Begins to forward, in the JVM that is running; once per process.

    Args:
        everything: forward all Java loggers; otherwise only those of ND4J, Deeplearning4j and JavaCPP, and leave the
            rest to whoever set up logging in that JVM.
    """
    if _filters:
        return
    import jpype

    # Without a handler of its own, Python would print warnings of an application that never configured logging.
    logging.getLogger(LOGGER).addHandler(logging.NullHandler())

    root = jpype.JClass("java.util.logging.Logger").getLogger("")
    level = jpype.JClass("java.util.logging.Level")
    if everything and logging.getLogger(LOGGER).isEnabledFor(logging.DEBUG):
        root.setLevel(level.FINE)

    def forwarder(before: Any) -> Any:
        def is_loggable(record: Any) -> bool:
            name = str(record.getLoggerName())
            if everything or name.startswith(_OURS):
                _emit(name, record)
                return False
            return before is None or bool(before.isLoggable(record))

        return jpype.JProxy("java.util.logging.Filter", dict={"isLoggable": is_loggable})

    process = os.getpid()
    handlers = list(root.getHandlers())
    for handler in handlers:
        forward = forwarder(handler.getFilter())
        _filters.append(forward)
        handler.setFilter(forward)
        if everything:
            handler.setLevel(level.ALL)

    def stop() -> None:
        # Runs before JPype's own exit: a Java thread that logs later must not call into a Python that is going away.
        # In a forked child no Java can be called, not even to be quiet.
        if jpype.isJVMStarted() and os.getpid() == process:
            for handler in handlers:
                handler.setFilter(None)
                handler.setLevel(level.OFF)

    atexit.register(stop)


@contextmanager
def unheard(name: str) -> Iterator[None]:
    """Drops what a Java logger says meanwhile: what Deeplearning4j warns of where nothing is wrong."""
    logger = logging.getLogger(f"{LOGGER}.{name}")
    nothing = logging.Filter("nobody")
    logger.addFilter(nothing)
    try:
        yield
    finally:
        logger.removeFilter(nothing)


def _emit(name: str, record: Any) -> None:
    value = int(record.getLevel().intValue())
    python_level = next((level for least, level in _LEVELS if value >= least), logging.DEBUG)
    logger = logging.getLogger(f"{LOGGER}.{name}")
    if not logger.isEnabledFor(python_level):
        return
    message = str(record.getMessage())
    thrown = record.getThrown()
    if thrown is not None:
        message += f"\n{thrown.stacktrace()}".rstrip()
    logger.log(python_level, "%s", message)
