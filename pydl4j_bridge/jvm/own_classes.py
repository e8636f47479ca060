"""Our own Java classes: compiled once per user from ``jars/java``, with the Eclipse compiler, which needs no JDK.

They are the layers and vertices that Deeplearning4j lacks. A Java program that restores a network with one of them
needs the jar on its class path: ``pydl4j-bridge jars own`` names it.
"""

from __future__ import annotations

import hashlib
import os
import subprocess
import tempfile
import zipfile
from collections.abc import Sequence
from pathlib import Path

from pydl4j_bridge.errors import JvmError
from pydl4j_bridge.jvm.java import JavaRuntime
from pydl4j_bridge.jvm.lock import lock, lock_folder
from pydl4j_bridge.jvm.settings import settings

__all__ = ["jar_path", "own_jar"]

_TIME_LIMIT = 120.0
#: Seconds since 1980, the zip format's beginning: the same sources make the same jar.
_EPOCH = (1980, 1, 1, 0, 0, 0)


def own_jar(java: JavaRuntime, jars: Sequence[Path]) -> Path:
    """The jar with our classes, compiled first if there is none of these sources yet.

    Two processes may call it at once: one compiles. A process that is killed leaves nothing that is taken for a jar.

    Args:
        java: runs the compiler.
        jars: the class path that the sources are compiled against; the compiler is among them.

    Raises:
        JvmError: the compiler failed, or the cache folder cannot be written.
    """
    jar = jar_path()
    if jar.is_file():
        return jar
    from filelock import FileLock

    try:
        jar.parent.mkdir(parents=True, exist_ok=True)
        with FileLock(jar.parent / ".lock"):
            if not jar.is_file():
                with tempfile.TemporaryDirectory(dir=jar.parent) as name:
                    _compile(java, jars, _sources(), Path(name, "classes"))
                    unfinished = Path(name) / jar.name
                    _pack(Path(name, "classes"), unfinished)
                    os.replace(unfinished, jar)
    except OSError as error:
        raise JvmError(
            "our Java classes cannot be written",
            because=str(error),
            file=jar.parent,
            fix="Set PYDL4J_CACHE to a folder that can be written",
        ) from error
    return jar


def jar_path() -> Path:
    """Where the jar is, or will be once it is compiled; the name changes with the sources and with the lock."""
    key = hashlib.sha256(lock().sha256.encode())
    for source in sorted(_sources().rglob("*.java")):
        key.update(f"{source.relative_to(_sources()).as_posix()}\0".encode() + source.read_bytes() + b"\0")
    return settings().cache / "java" / f"pydl4j-{key.hexdigest()[:16]}.jar"


def _sources() -> Path:
    return lock_folder() / "java"


def _compile(java: JavaRuntime, jars: Sequence[Path], sources: Path, target: Path) -> None:
    program = java.home / "bin" / ("java.exe" if os.name == "nt" else "java")
    class_path = os.pathsep.join(map(str, jars))
    # Java 11 is the oldest that is supported.
    options = ["-source", "11", "-target", "11", "-encoding", "UTF-8", "-proc:none", "-nowarn", "-d", str(target)]
    compiler = [str(program), "-cp", class_path, "org.eclipse.jdt.internal.compiler.batch.Main"]
    done = subprocess.run(
        [*compiler, "-cp", class_path, *options, str(sources)],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        encoding="utf-8",
        errors="replace",
        check=False,
        timeout=_TIME_LIMIT,
    )
    if done.returncode:
        raise JvmError(
            "our Java classes cannot be compiled",
            because=(done.stderr or done.stdout).strip()[-2000:],
            file=sources,
            fix="Run: pydl4j-bridge doctor",
        )


def _pack(classes: Path, jar: Path) -> None:
    with zipfile.ZipFile(jar, "w", zipfile.ZIP_DEFLATED) as archive:
        for file in sorted(classes.rglob("*.class")):
            entry = zipfile.ZipInfo(file.relative_to(classes).as_posix(), _EPOCH)
            entry.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(entry, file.read_bytes())
