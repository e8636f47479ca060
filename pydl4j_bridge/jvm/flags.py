"""The arguments that our JVM is started with, as a pure function of the Java version and the caller's own arguments.

Starts nothing. Each flag says why it is there; the set-up run that writes the start-up cache uses the same ones, since
a cache is only good for a JVM with the same flags, jars and version.
"""

from __future__ import annotations

import hashlib
import importlib.util
import re
from collections.abc import Sequence
from pathlib import Path

from pydl4j_bridge.jvm.java import JavaRuntime
from pydl4j_bridge.jvm.lock import lock
from pydl4j_bridge.jvm.settings import settings

__all__ = ["arguments_for", "natives_folder", "startup_cache"]

#: The first Java that writes its start-up cache in one step.
_AOT_CACHE = 25


def arguments_for(java: JavaRuntime, given: Sequence[str] = (), *, cache: Path | None = None) -> tuple[str, ...]:
    """All arguments of the JVM.

    Args:
        java: the runtime they are for; one that an older Java does not know would keep it from starting.
        given: the caller's own; they come last and so win.
        cache: a start-up cache to use.
    """
    arguments = [
        # Leave the signals to Python: see session.
        "-Xrs",
        # Start-up and small fits: the fast compiler only. The arrays' work is done by native code.
        "-XX:TieredStopAtLevel=1",
        # Java's own warnings, e.g. about a start-up cache that no longer fits, are not for the user's terminal.
        "-Xlog:disable",
        "-Xlog:all=off",
        f"-Dorg.bytedeco.javacpp.cachedir={natives_folder()}",
        "-Dorg.nd4j.log.initialization=false",
        # Before Java 18 the default depends on the locale, and so would the meaning of a file.
        "-Dfile.encoding=UTF-8",
        "-Djava.awt.headless=true",
        # After a crash in native code: not into the user's current folder.
        f"-XX:ErrorFile={settings().cache / 'hs_err_pid%p.log'}",
    ]
    if not any(argument.startswith("-Xss") for argument in given):
        # Java guards the thread that starts it, Python's main thread, at the stack size of its own threads. With the
        # default of 1 MB, deep recursion in Python and HDF5's LZF filter end the process where they did not before.
        arguments.append("-Xss8m")
    # Two collectors named at once keep the JVM from starting.
    if not any(re.fullmatch(r"-XX:\+Use\w+GC", argument) for argument in given):
        arguments.append("-XX:+UseSerialGC")
    if java.feature >= 23:
        arguments.append("--sun-misc-unsafe-memory-access=allow")
    if java.feature >= 22:
        arguments.append("--enable-native-access=ALL-UNNAMED")
    # Java does not start either when it is to use one and to write one.
    if cache is not None and not any(argument.startswith("-XX:AOT") for argument in given):
        arguments.append(f"-XX:AOTCache={cache}")
    return (*arguments, *given)


def natives_folder() -> Path:
    """Where JavaCPP unpacks the native libraries."""
    return settings().cache / "natives"


def startup_cache(java: JavaRuntime, jars: Sequence[Path]) -> Path | None:
    """Where the start-up cache for this Java and these jars is or would be; None when this Java has none.

    The name changes with everything that makes a cache useless: the lock, where the jars are, Java, and JPype's own
    jar, which is on the class path too.
    """
    if java.feature < _AOT_CACHE:
        return None
    parts = [lock().sha256, java.version, str(java.home), *map(str, jars)]
    spec = importlib.util.find_spec("jpype")
    if spec is None or spec.origin is None:
        return None
    jpype_jar = Path(spec.origin).resolve().parent.parent / "org.jpype.jar"
    # JPype turns every start-up cache off when the class path is not ASCII.
    if not jpype_jar.is_file() or not "".join(parts[2:]).isascii():
        return None
    parts += [str(jpype_jar), str(jpype_jar.stat().st_mtime_ns)]
    key = hashlib.sha256("\0".join(parts).encode()).hexdigest()[:16]
    return settings().cache / "startup" / f"java-{java.version}-{key}.aot"
