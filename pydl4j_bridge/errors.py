"""Every error that this package raises on purpose.

::

    BridgeError
    ├── KerasFileError              the input: a file, a config, a live object
    │   ├── NotAKerasFile           it is something else
    │   ├── Truncated               it was a Keras file once, and a part is missing
    │   ├── InvalidConfig           a value in it has a type or a size that Keras could not have meant
    │   ├── NoTrainingConfig        it holds no optimizer, and an optimizer was asked for
    │   ├── StateError              its optimizer's state does not belong to its model
    │   ├── UnknownDialect          it was written by something newer or other than what is known here
    │   └── UnsafeFile              reading it would follow a link out of it or trust a size it claims
    ├── MappingError                the optimizer was read, and ND4J cannot express it
    │   ├── UnsupportedOptimizer    the whole class
    │   └── UnsupportedOption       single settings of a class that is supported
    ├── TranslationError            the model was read, and DL4J cannot express it
    │   └── UnsupportedLayer        all layers that it cannot, at once
    ├── InvalidArgument             a Python argument that the Java class to be built has no place for
    ├── UnknownJavaName             a short name that pydl4j_bridge.java does not have
    │   ├── UnknownJavaAttribute    asked for as an attribute: an AttributeError, too
    │   └── UnknownJavaImport       asked for by an import: an ImportError, too
    ├── MissingExtra                a library that only this use of the package needs is not installed
    ├── KerasProcessError           Keras was to be asked in a process of its own, and is not there or did not answer
    └── JvmError                    the environment: Java, the jars, the worker process
        ├── NoJava
        ├── JarsMissing
        ├── JarCorrupt
        ├── JvmAlreadyStarted       with other options, or by somebody else and of no use to us
        ├── JvmAfterFork            the parent process had a JVM; a forked child cannot use it
        ├── JavaError               a Java exception, with its whole cause chain and its stack
        │   └── NativeImportError   KerasModelImport refused a file
        ├── WorkerCrashed
        └── WorkerTimeout

Each carries the same fields, so that a person, a log and a program read the same facts:
what happened, because of what, in which file and where in it, which known names are near, and what to do.
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from difflib import get_close_matches
from typing import Any, ClassVar

__all__ = [
    "BridgeError",
    "InvalidArgument",
    "InvalidConfig",
    "JarCorrupt",
    "JarsMissing",
    "JavaError",
    "JvmAfterFork",
    "JvmAlreadyStarted",
    "JvmError",
    "KerasFileError",
    "KerasProcessError",
    "MappingError",
    "MissingExtra",
    "NativeImportError",
    "NoJava",
    "NoTrainingConfig",
    "NotAKerasFile",
    "StateError",
    "TranslationError",
    "Truncated",
    "UnknownDialect",
    "UnknownJavaAttribute",
    "UnknownJavaImport",
    "UnknownJavaName",
    "UnsafeFile",
    "UnsupportedLayer",
    "UnsupportedOptimizer",
    "UnsupportedOption",
    "WorkerCrashed",
    "WorkerTimeout",
]


class BridgeError(Exception):
    """Base of all errors of this package.

    Attributes:
        what: what happened, in one sentence.
        because: the reason, where it is known.
        file: the file it happened in, where there is one.
        where: the place in that file, e.g. ``attribute training_config, optimizer_config.config.lr``.
        near: known names close to a name that was not found.
        fix: what a person can do about it.
    """

    #: Exit code of the command line, 2 for bad input and 3 for the environment.
    exit_code: ClassVar[int] = 2

    def __init__(
        self,
        what: str,
        *,
        because: str = "",
        file: str | os.PathLike[str] | None = None,
        where: str = "",
        near: Iterable[str] = (),
        fix: str = "",
    ) -> None:
        super().__init__(what)
        self.what = what
        self.because = because
        self.file = None if file is None else os.fspath(file)
        self.where = where
        self.near = tuple(near)
        self.fix = fix

    def __str__(self) -> str:
        text = self.what
        if self.because:
            text += f": {self.because}"
        place = ", ".join(part for part in (self.file, self.where) if part)
        if place:
            text += f" [{place}]"
        if self.near:
            text += f"; near: {', '.join(self.near)}"
        if self.fix:
            text += f". {self.fix}"
        return text

    def to_dict(self) -> dict[str, Any]:
        """The error as plain JSON values; ``type`` is the name of the class."""
        return {
            "type": type(self).__name__,
            "what": self.what,
            "because": self.because,
            "file": self.file,
            "where": self.where,
            "near": list(self.near),
            "fix": self.fix,
        }

    def __reduce__(self) -> Any:
        # Keyword-only fields are lost by Exception's own pickling.
        return (_restore, (type(self), self.what, self.__dict__))


def _restore(cls: type[BridgeError], what: str, fields: dict[str, Any]) -> BridgeError:
    error = cls.__new__(cls, what)
    error.__dict__.update(fields)
    return error


def near_names(name: str, known: Iterable[str]) -> tuple[str, ...]:
    """Up to three of ``known`` that look like ``name``, whatever their case."""
    by_lower = {candidate.lower(): candidate for candidate in known}
    return tuple(by_lower[match] for match in get_close_matches(name.lower(), by_lower, 3))


class KerasFileError(BridgeError):
    """The input cannot be read as what it is said to be."""


class NotAKerasFile(KerasFileError):
    """The input is not a file that Keras saves."""


class Truncated(KerasFileError):
    """The input is the beginning of a Keras file; the rest is missing."""


class InvalidConfig(KerasFileError):
    """A value in the input has a type, a size or a sign that Keras could not have meant."""


class NoTrainingConfig(KerasFileError):
    """The input holds no optimizer, and one was asked for."""


class StateError(KerasFileError):
    """The optimizer's variables in the file are not those of the optimizer and the model that the file describes."""


class UnknownDialect(KerasFileError):
    """The input was written by a Keras that is not known here."""


class UnsafeFile(KerasFileError):
    """Reading the input would leave the file or trust a size that it claims."""


class MappingError(BridgeError):
    """The optimizer was read, but ND4J has nothing that does the same."""


class UnsupportedOptimizer(MappingError):
    """ND4J has no updater for this optimizer class."""


class UnsupportedOption(MappingError):
    """ND4J's updater cannot express a setting that changes the training."""


class TranslationError(BridgeError):
    """The model was read, but DL4J has nothing that computes the same."""


class UnsupportedLayer(TranslationError):
    """Layers that cannot be brought into DL4J.

    Attributes:
        layers: for each of them, why: ``"name (Class): why"``.
    """

    def __init__(self, what: str, *, layers: Iterable[str] = (), **fields: Any) -> None:
        super().__init__(what, **fields)
        self.layers = tuple(layers)

    def to_dict(self) -> dict[str, Any]:
        """The error as plain JSON values."""
        return super().to_dict() | {"layers": list(self.layers)}


class InvalidArgument(BridgeError):
    """A name or a value that the Java class to be built has no place for."""


class UnknownJavaName(BridgeError):
    """``pydl4j_bridge.java`` has no such name."""


class UnknownJavaAttribute(UnknownJavaName, AttributeError):
    """The name was asked for as an attribute."""


class UnknownJavaImport(UnknownJavaName, ImportError):
    """The name was asked for by an import."""


class KerasProcessError(BridgeError):
    """Keras, asked in a process of its own, is not there, or cannot load or compute the model."""

    exit_code: ClassVar[int] = 3


class MissingExtra(BridgeError):
    """A library is not installed that only some use of this package needs."""

    exit_code: ClassVar[int] = 3

    @classmethod
    def of(cls, library: str, extra: str) -> MissingExtra:
        """The error for a library of an extra of ours."""
        fix = f"Run: pip install 'pydl4j-bridge[{extra}]'"
        return cls(f"{library} is not installed", because="only this needs it", fix=fix)


class JvmError(BridgeError):
    """Something in the environment: Java, the jars, or the worker process."""

    exit_code: ClassVar[int] = 3


class NoJava(JvmError):
    """No usable Java runtime was found."""


class JarsMissing(JvmError):
    """A jar of the lock file is not there and may not or cannot be fetched."""


class JarCorrupt(JvmError):
    """A jar's bytes are not those of the lock file."""


class JvmAlreadyStarted(JvmError):
    """A JVM runs in this process already, with other options."""


class JvmAfterFork(JvmError):
    """This process was forked from one whose JVM was running."""


class JavaError(JvmError):
    """A Java exception.

    Attributes:
        java_class: full name of the Java class of the exception.
        causes: ``"class: message"`` of the exception and of each of its causes, outermost first.
        stack: Java's own stack trace as text.
    """

    def __init__(
        self,
        what: str,
        *,
        java_class: str = "",
        causes: Iterable[str] = (),
        stack: str = "",
        **fields: Any,
    ) -> None:
        super().__init__(what, **fields)
        self.java_class = java_class
        self.causes = tuple(causes)
        self.stack = stack

    def to_dict(self) -> dict[str, Any]:
        """The error as plain JSON values, without Java's stack."""
        return super().to_dict() | {"java_class": self.java_class, "causes": list(self.causes)}


class NativeImportError(JavaError):
    """DL4J's own ``KerasModelImport`` refused a file."""


class WorkerCrashed(JvmError):
    """The worker process died."""


class WorkerTimeout(JvmError):
    """The worker process did not answer within its time limit and was ended."""
