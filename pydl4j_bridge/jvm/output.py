"""Java's ``System.out`` and ``System.err`` → Python's ``sys.stdout`` and ``sys.stderr`` of the moment.

Whatever Python has put there gets the text: a notebook's cell, ``contextlib.redirect_stdout``, pytest. It comes by
lines, in the thread that printed. What native code prints is not Java's: see ``native_output``.
"""

from __future__ import annotations

import atexit
import os
import sys
from typing import Any

__all__ = ["forward_output", "rest_of_output", "stop_output"]

#: For out and err: our stream, and what stands for its function in Java, which JPype does not keep alive.
_ours: dict[str, tuple[Any, Any]] = {}
_before: dict[str, Any] = {}


def forward_output() -> None:
    """Begins to forward, in the JVM that is running. Does nothing where it has begun."""
    if _ours:
        return
    import jpype

    system = jpype.JClass("java.lang.System")
    for name, setter in (("out", system.setOut), ("err", system.setErr)):
        _before[name] = getattr(system, name)
        function = jpype.JProxy("java.util.function.Consumer", dict={"accept": _writer(f"std{name}")})
        lines = jpype.JClass("org.pydl4j.Lines")(_before[name], function)
        _ours[name] = lines, function
        setter(jpype.JClass("java.io.PrintStream")(lines, True, "UTF-8"))
    process = os.getpid()

    def at_exit() -> None:
        # In a forked child no Java can be called, not even to be quiet.
        if jpype.isJVMStarted() and os.getpid() == process:
            stop_output()

    # After JPype's own, and therefore run before it.
    atexit.register(at_exit)


def rest_of_output() -> None:
    """Hands over what has been printed of lines that have not ended."""
    for lines, _ in _ours.values():
        lines.rest()


def stop_output() -> None:
    """Gives Java its own streams back. A Java thread that prints later does not call into Python any more."""
    if not _ours:
        return
    import jpype

    system = jpype.JClass("java.lang.System")
    system.setOut(_before["out"])
    system.setErr(_before["err"])
    for lines, _ in _ours.values():
        lines.close()
    _ours.clear()


def _writer(name: str) -> Any:
    def accept(text: Any) -> None:
        stream = getattr(sys, name)
        if stream is not None:  # a program without a terminal has none
            stream.write(str(text))

    return accept
