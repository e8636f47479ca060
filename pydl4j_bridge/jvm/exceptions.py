"""Java exceptions → ours, by one table and one context manager.

Only Java exceptions are translated. What JPype raises by itself (``TypeError`` for arguments that fit no overload, say)
is a mistake in the calling Python code and passes through.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from pydl4j_bridge.errors import JavaError, NativeImportError

__all__ = ["TABLE", "advice", "cause_chain", "described", "java_errors"]

_KERAS = "org.deeplearning4j.nn.modelimport.keras.exceptions"

#: Java class → our class, what to do about it. The first row whose class is that of the exception or a superclass of
#: it counts, so the general ones come last.
TABLE: tuple[tuple[str, type[JavaError], str], ...] = (
    (f"{_KERAS}.InvalidKerasConfigurationException", NativeImportError, ""),
    (f"{_KERAS}.UnsupportedKerasConfigurationException", NativeImportError, ""),
    ("java.lang.OutOfMemoryError", JavaError, "Start the JVM with more memory: start(jvm_args=['-Xmx8g'])"),
    ("java.lang.UnsatisfiedLinkError", JavaError, "Look at the native libraries: pydl4j-bridge doctor"),
    ("java.lang.NoClassDefFoundError", JavaError, "Look at the jars: pydl4j-bridge jars verify"),
    ("java.lang.ClassNotFoundException", JavaError, "Look at the jars: pydl4j-bridge jars verify"),
    ("java.lang.Throwable", JavaError, ""),
)


@contextmanager
def java_errors(what: str, *, error: type[JavaError] = JavaError, **fields: Any) -> Iterator[None]:
    """Turns a Java exception from the block into one of ours, with its cause chain and its stack.

    Args:
        what: what was being done, in one sentence.
        error: the least that it becomes: ``NativeImportError`` around an import, whatever Java throws there.
        fields: more fields of the error: ``file``, ``where``, ``fix``.
    """
    import jpype

    try:
        yield
    except jpype.JException as thrown:
        ours, fix = _row(thrown)
        if issubclass(error, ours):
            ours = error
        causes = tuple(map(described, cause_chain(thrown)))
        # The innermost cause says what was wrong; the outer ones say who noticed.
        because = causes[-1] if len(causes) == 1 else f"{causes[0]} (caused by {causes[-1]})"
        raise ours(
            what,
            java_class=str(thrown.getClass().getName()),
            causes=causes,
            stack=str(thrown.stacktrace()),
            because=because,
            **({"fix": fix} | fields),
        ) from thrown


def _row(thrown: Any) -> tuple[type[JavaError], str]:
    by_name = {name: (ours, fix) for name, ours, fix in TABLE}
    java_class = thrown.getClass()
    while str(java_class.getName()) not in by_name:
        java_class = java_class.getSuperclass()  # ends at java.lang.Throwable, which is in the table
    return by_name[str(java_class.getName())]


def advice(thrown: Any) -> str:
    """What to do about a Java exception; empty where the table does not say."""
    return _row(thrown)[1]


def cause_chain(thrown: Any) -> tuple[Any, ...]:
    """A Java exception and its causes, outermost first."""
    chain: list[Any] = []
    cause: Any = thrown
    # Java forbids an exception to be its own cause, but not longer circles.
    while cause is not None and not any(cause.equals(seen) for seen in chain):
        chain.append(cause)
        cause = cause.getCause()
    return tuple(chain)


def described(thrown: Any) -> str:
    """``"class: message"``."""
    message = thrown.getMessage()
    name = str(thrown.getClass().getName())
    return name if message is None else f"{name}: {message}"
