"""Puts the type stubs where type checkers and editors look: beside the installed packages, or in a folder.

They are written here and not shipped, since they are made from the jars. In site-packages they are a distribution like
any other, ``pydl4j-bridge-stubs``, so that ``pip uninstall`` takes them away. What somebody else put there stays.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import sysconfig
import tempfile
import time
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from pydl4j_bridge import __version__
from pydl4j_bridge.errors import JvmError
from pydl4j_bridge.jvm.lock import lock
from pydl4j_bridge.jvm.names import java_names
from pydl4j_bridge.jvm.settings import settings
from pydl4j_bridge.jvm.stubs import generate

__all__ = ["Stubs", "install_stubs"]

_DISTRIBUTION = "pydl4j_bridge_stubs"
#: Lies in each folder that is ours, and says what it was made from.
_MARK = "pydl4j-bridge.json"
_UNFINISHED = ".pydl4j-stubs-"


@dataclass(frozen=True, slots=True)
class Stubs:
    """What is in place.

    Attributes:
        folders: one for each top-level package.
        files: how many stubs they hold.
        worked: whether there was anything to do.
        seconds: how long it took.
    """

    folders: tuple[Path, ...]
    files: int
    worked: bool
    seconds: float


def install_stubs(out: Path | None = None) -> Stubs:
    """Writes the stubs, if those that are there were not made of the same jars by the same programs.

    Args:
        out: a folder on a type checker's own search path (``MYPYPATH``, ``stubPath``); None: this Python's
            site-packages, where checkers and editors find them by themselves.

    Raises:
        JvmError: the folder cannot be written, or has stubs of the same name that are not ours; no Java, no jars.
        MissingExtra: stubgenj is not installed.
    """
    from filelock import FileLock

    begin = time.perf_counter()
    target = Path(sysconfig.get_path("purelib")) if out is None else out.absolute()
    suffix = "-stubs" if out is None else ""
    folders = tuple(target / f"{name}{suffix}" for name in ("java", "org"))
    for folder in folders:
        _ours_or_error(folder)
    made_of = {"pydl4j-bridge stubs": _key(suffix)}
    try:
        settings().cache.mkdir(parents=True, exist_ok=True)
        with FileLock(settings().cache / ".stubs.lock"):
            worked = any(_mark(folder) != made_of for folder in folders)
            if worked:
                target.mkdir(parents=True, exist_ok=True)
                for left in target.glob(f"{_UNFINISHED}*"):  # by a process that was killed
                    shutil.rmtree(left)
                with tempfile.TemporaryDirectory(prefix=_UNFINISHED, dir=target) as name:
                    generate(Path(name), suffix=suffix)
                    for folder in folders:
                        (Path(name) / folder.name / _MARK).write_text(json.dumps(made_of) + "\n")
                    _replace(Path(name), folders)
                    if out is None:
                        _register(Path(name), target, folders)
    except OSError as error:
        raise JvmError(
            "the stubs cannot be written",
            because=str(error),
            file=target,
            fix="Name a folder that can be written and that your type checker looks in: --out typings",
        ) from error
    files = sum(1 for folder in folders for _ in folder.rglob("*.pyi"))
    return Stubs(folders=folders, files=files, worked=worked, seconds=time.perf_counter() - begin)


def _mark(folder: Path) -> object:
    try:
        return json.loads((folder / _MARK).read_bytes())
    except (OSError, ValueError):
        return None


def _ours_or_error(folder: Path) -> None:
    if folder.exists() and not (folder / _MARK).is_file():
        raise JvmError(
            "there are stubs already that are not ours",
            because=f"{folder.name} has no {_MARK}",
            file=folder,
            fix="Remove them, or name another folder: --out typings",
        )


def _key(suffix: str) -> str:
    """Changes with everything that the stubs are made of."""
    from pydl4j_bridge.jvm import stubs

    key = hashlib.sha256(f"{lock().sha256}{suffix}{sorted(java_names().items())}".encode())
    key.update(Path(stubs.__file__).read_bytes())
    for library in ("stubgenj", "JPype1"):
        with suppress(PackageNotFoundError):  # generating says so, where there is something to generate
            key.update(version(library).encode())
    return key.hexdigest()[:16]


def _replace(source: Path, folders: Iterable[Path]) -> None:
    for folder in folders:
        if folder.exists():
            folder.rename(source / f"old-{folder.name}")
        (source / folder.name).rename(folder)


def _register(scratch: Path, target: Path, folders: Iterable[Path]) -> None:
    """The metadata of a distribution that consists of the folders."""
    info = target / f"{_DISTRIBUTION}-{__version__}.dist-info"
    unfinished = scratch / info.name
    unfinished.mkdir()
    summary = f"Type stubs of Deeplearning4j {lock().dl4j}, written by: pydl4j-bridge stubs"
    metadata = f"Metadata-Version: 2.1\nName: {_DISTRIBUTION}\nVersion: {__version__}\nSummary: {summary}\n"
    (unfinished / "METADATA").write_text(metadata)
    (unfinished / "INSTALLER").write_text("pydl4j-bridge\n")
    files = [file.relative_to(target) for folder in folders for file in folder.rglob("*") if file.is_file()]
    names = [Path(info.name, name) for name in ("METADATA", "INSTALLER", "RECORD")]
    (unfinished / "RECORD").write_text("".join(f"{file.as_posix()},,\n" for file in (*files, *names)))
    for old in target.glob(f"{_DISTRIBUTION}-*.dist-info"):
        shutil.rmtree(old)
    os.replace(unfinished, info)
