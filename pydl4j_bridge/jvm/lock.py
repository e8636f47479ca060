"""The lock file: which jars make up Deeplearning4j, with their sizes and sha256, and which of them this platform needs.

Reads ``jars/dl4j-<version>.lock.json``, which ``scripts/lock_jars.py`` writes. Does not fetch, check or look at any jar
(``jars`` does), and resolves nothing: what is not in the file does not exist.
"""

from __future__ import annotations

import functools
import hashlib
import json
import platform
import sys
from dataclasses import dataclass
from pathlib import Path

from pydl4j_bridge.errors import JarsMissing

__all__ = ["DL4J", "Absent", "Jar", "Lock", "current_platform", "lock", "lock_folder"]

#: The Deeplearning4j that this package speaks to.
DL4J = "1.0.0-M2.1"


@dataclass(frozen=True, slots=True)
class Jar:
    """One jar.

    Attributes:
        group: Maven group, e.g. ``org.nd4j``.
        artifact: Maven artifact, e.g. ``nd4j-native``.
        version: e.g. ``1.0.0-M2.1``.
        classifier: e.g. ``linux-x86_64``, or None.
        path: path inside a Maven repository, with forward slashes.
        bytes: size.
        sha256: lower-case hexadecimal.
        platform: the only platform that needs it, or None when every platform does.
    """

    group: str
    artifact: str
    version: str
    classifier: str | None
    path: str
    bytes: int
    sha256: str
    platform: str | None

    @property
    def name(self) -> str:
        """File name, unique within a lock."""
        return self.path.rpartition("/")[2]

    @property
    def coordinates(self) -> str:
        """``group:artifact:version[:classifier]``."""
        return ":".join(part for part in (self.group, self.artifact, self.version, self.classifier) if part)


@dataclass(frozen=True, slots=True)
class Absent:
    """A native jar that upstream never published for a platform."""

    group: str
    artifact: str
    version: str
    platform: str


@dataclass(frozen=True, slots=True)
class Lock:
    """The whole lock file.

    Attributes:
        dl4j: version of Deeplearning4j.
        platforms: every platform that there are natives for.
        jars: the jars of all platforms, in class path order.
        absent: what upstream lacks for some platform.
        sha256: of the lock file itself; names folders that depend on it.
    """

    dl4j: str
    platforms: tuple[str, ...]
    jars: tuple[Jar, ...]
    absent: tuple[Absent, ...]
    sha256: str

    def needed(self, on: str | None = None) -> tuple[Jar, ...]:
        """The jars of one platform (default: this one), in class path order.

        Raises:
            JarsMissing: upstream has no natives for the platform.
        """
        wanted = current_platform() if on is None else on
        if wanted not in self.platforms:
            raise JarsMissing(
                f"Deeplearning4j {self.dl4j} has no natives for {wanted}",
                because=f"they exist for {', '.join(self.platforms)}",
                fix="Use a 64-bit Python on one of these platforms",
            )
        return tuple(jar for jar in self.jars if jar.platform in (None, wanted))


def current_platform() -> str:
    """This platform in JavaCPP's spelling, e.g. ``linux-x86_64``; of Python's process, not of the hardware."""
    system = {"linux": "linux", "darwin": "macosx", "win32": "windows"}.get(sys.platform, sys.platform)
    machine = platform.machine().lower()
    machine = {"amd64": "x86_64", "aarch64": "arm64"}.get(machine, machine)
    # A 32-bit Python on a 64-bit system cannot load a 64-bit JVM.
    if sys.maxsize < 2**32:
        machine = {"x86_64": "x86", "arm64": "armhf"}.get(machine, machine)
    return f"{system}-{machine}"


def lock_folder() -> Path:
    """The folder that holds the lock: inside an installed package, or beside the package in a checkout.

    Raises:
        JarsMissing: it is in neither place; the installation is incomplete.
    """
    package = Path(__file__).resolve().parent.parent
    for folder in (package / "jars", package.parent / "jars"):
        if (folder / _name()).is_file():
            return folder
    raise JarsMissing(
        f"{_name()} is not part of this installation", file=package / "jars", fix="Install pydl4j-bridge again"
    )


@functools.cache
def lock() -> Lock:
    """The lock of the Deeplearning4j version that this package speaks to.

    Raises:
        JarsMissing: the lock file is not part of this installation.
    """
    content = (lock_folder() / _name()).read_bytes()
    data = json.loads(content)
    return Lock(
        dl4j=data["dl4j"],
        platforms=tuple(data["platforms"]),
        jars=tuple(Jar(**jar) for jar in data["jars"]),
        absent=tuple(Absent(**entry) for entry in data["absent"]),
        sha256=hashlib.sha256(content).hexdigest(),
    )


def _name() -> str:
    return f"dl4j-{DL4J}.lock.json"
