"""What is done once per machine: fetch the jars, unpack the natives, write the start-up cache.

Nothing depends on it having run: a first start unpacks the natives by itself and works without the cache, only slower.
A start never does this by itself. Does not keep a JVM: the work is done in a process of its own, which imports a tiny
Keras model, predicts and trains once, so that the cache holds the classes of a usual run.

Two at once are safe (one waits), and so is a killed one: JavaCPP compares the size of what it unpacked, and the cache
appears under its name when it is whole.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydl4j_bridge.errors import JvmError
from pydl4j_bridge.jvm.flags import natives_folder, startup_cache
from pydl4j_bridge.jvm.jars import class_path, fetch
from pydl4j_bridge.jvm.java import find_java
from pydl4j_bridge.jvm.lock import lock, lock_folder
from pydl4j_bridge.jvm.own_classes import own_jar
from pydl4j_bridge.jvm.settings import settings

__all__ = ["SetUp", "isolated", "natives_unpacked", "set_up"]

_TIME_LIMIT = 600.0
#: A start-up cache is some 80 MB, and each virtual environment has its own.
_KEEP_CACHES = 4


@dataclass(frozen=True, slots=True)
class SetUp:
    """What is in place.

    Attributes:
        jars: the class path.
        natives: the folder with the unpacked native libraries.
        startup_cache: the start-up cache; None when this Java has none, or the path is not ASCII.
        worked: whether there was anything to do beyond the jars.
        seconds: how long all of it took.
    """

    jars: tuple[Path, ...]
    natives: Path
    startup_cache: Path | None
    worked: bool
    seconds: float


def set_up(
    *, progress: bool | None = None, java_home: str | os.PathLike[str] | None = None, again: bool = False
) -> SetUp:
    """Puts everything in place that makes a start fast.

    Args:
        progress: as in ``jars.fetch``.
        java_home: as in ``session.start``.
        again: write the start-up cache anew even if there is one.

    Raises:
        JarsMissing: the jars cannot be fetched.
        JarCorrupt: a jar is not the one of the lock.
        NoJava: no Java runtime can serve.
        JvmError: Java did not start, or the cache folder cannot be written.
    """
    begin = time.perf_counter()
    jars = fetch(progress=progress)
    java = find_java(java_home)
    jars = (*jars, own_jar(java, jars))
    cache = startup_cache(java, jars)
    worked = False
    from filelock import FileLock

    try:
        settings().cache.mkdir(parents=True, exist_ok=True)
        with FileLock(settings().cache / ".set-up.lock"):
            if again and cache is not None:
                cache.unlink(missing_ok=True)
            unwritten = cache if cache is not None and not cache.is_file() else None
            if unwritten is not None or not natives_unpacked():
                worked = True
                _exercise_elsewhere(java.home, unwritten)
    except OSError as error:
        raise JvmError(
            "the natives and the start-up cache cannot be written",
            because=str(error),
            file=settings().cache,
            fix="Set PYDL4J_CACHE to a folder that can be written, with 700 MB free",
        ) from error
    return SetUp(
        jars=jars,
        natives=natives_folder(),
        startup_cache=cache if cache is not None and cache.is_file() else None,
        worked=worked,
        seconds=time.perf_counter() - begin,
    )


def natives_unpacked() -> bool:
    """Whether the native library that takes longest to unpack is there, whole."""
    jar = next(jar for jar in lock().needed() if jar.artifact == "nd4j-native" and jar.classifier is not None)
    path = next((path for path in class_path() if path.name == jar.name), None)
    if path is None:
        return False
    with zipfile.ZipFile(path) as archive:
        libraries = [entry for entry in archive.infolist() if Path(entry.filename).stem == _library("nd4jcpu")]
    # JavaCPP unpacks to <folder>/<name of the jar>/<path in the jar>.
    unpacked = [natives_folder() / jar.name / entry.filename for entry in libraries]
    return bool(libraries) and all(
        file.is_file() and file.stat().st_size == entry.file_size
        for file, entry in zip(unpacked, libraries, strict=True)
    )


def _library(name: str) -> str:
    return name if sys.platform == "win32" else f"lib{name}"


def isolated(code: str, *arguments: str, time_limit: float = _TIME_LIMIT) -> subprocess.CompletedProcess[str]:
    """Runs Python code that can import this package in a process of its own, with its output captured.

    Raises:
        subprocess.TimeoutExpired: it took longer than ``time_limit`` seconds, and was ended.
    """
    # A checkout need not be installed, and a child does not inherit sys.path.
    package = str(Path(__file__).resolve().parents[2])
    search = os.pathsep.join(part for part in (package, os.environ.get("PYTHONPATH", "")) if part)
    return subprocess.run(
        [sys.executable, "-c", code, *arguments],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        encoding="utf-8",
        errors="replace",
        check=False,
        timeout=time_limit,
        env=os.environ | {"PYTHONPATH": search, "PYTHONIOENCODING": "utf-8"},
    )


def _exercise_elsewhere(java_home: Path, cache: Path | None) -> None:
    code = "import sys; from pydl4j_bridge.jvm.setup import exercise; exercise(*sys.argv[1:])"
    if cache is None:
        _run(code, str(java_home), "")
        return
    cache.parent.mkdir(parents=True, exist_ok=True)
    # A folder: Java writes a second file beside the cache while it works.
    with tempfile.TemporaryDirectory(dir=cache.parent, ignore_cleanup_errors=True) as name:
        unfinished = Path(name) / cache.name
        _run(code, str(java_home), str(unfinished))
        # Without a cache everything works, so a Java that wrote none is no error.
        if unfinished.is_file():
            os.replace(unfinished, cache)
    others = sorted(cache.parent.glob("*.aot"), key=lambda file: file.stat().st_mtime, reverse=True)
    for old in others[_KEEP_CACHES:]:
        old.unlink(missing_ok=True)


def _run(code: str, *arguments: str) -> None:
    try:
        done = isolated(code, *arguments)
    except subprocess.TimeoutExpired as error:
        raise JvmError("the set-up run did not end", because=str(error), fix="Run: pydl4j-bridge doctor") from error
    if done.returncode:
        lines = (done.stderr or done.stdout).strip().splitlines()
        raise JvmError(
            f"the set-up run failed with exit code {done.returncode}",
            because=" | ".join(lines[-3:]),
            fix="Run: pydl4j-bridge doctor",
        )


def exercise(java_home: str, cache: str = "") -> None:
    """The set-up run itself; starts the JVM of this process and ends it.

    Args:
        java_home: the Java runtime.
        cache: where to write the start-up cache; empty: none.
    """
    import jpype

    from pydl4j_bridge.jvm.session import start

    start(java_home=java_home, jvm_args=[f"-XX:AOTCacheOutput={cache}"] if cache else [])
    java = jpype.JClass
    configs = "org.nd4j.linalg.learning.config"
    for name in ("AdaDelta", "AdaGrad", "AdaMax", "Adam", "AMSGrad", "Nadam", "Nesterovs", "NoOp", "RmsProp", "Sgd"):
        str(java(f"{configs}.{name}")())
    nd4j = java("org.nd4j.linalg.factory.Nd4j")
    pictures = nd4j.rand(jpype.JInt[:]([4, 1, 6, 6]))
    if any(jar.artifact == "hdf5" and jar.classifier for jar in lock().needed()):  # there is none for macosx-arm64
        _import_once(pictures)
    # At a normal exit JPype leaves the JVM without its own end, and the cache would not be written.
    jpype.shutdownJVM()


def _import_once(pictures: Any) -> None:
    """Import a model, predict and train: what the start-up cache is for."""
    import jpype

    importer = jpype.JClass("org.deeplearning4j.nn.modelimport.keras.KerasModelImport")
    model = importer.importKerasSequentialModelAndWeights(str(lock_folder() / "startup-model.h5"), True)
    model.output(pictures)
    model.fit(pictures, jpype.JClass("org.nd4j.linalg.factory.Nd4j").zeros(jpype.JInt[:]([4, 2])))
    str(model.params())


def probe() -> dict[str, object]:
    """Starts the JVM of this process, builds an updater and adds two arrays; what came of it as plain JSON values."""
    import jpype

    from pydl4j_bridge.jvm.exceptions import java_errors
    from pydl4j_bridge.jvm.session import start

    begin = time.perf_counter()
    jvm = start()
    seconds = time.perf_counter() - begin
    with java_errors("ND4J does not work in the JVM that was started"):
        adam = jpype.JClass("org.nd4j.linalg.learning.config.Adam").builder().learningRate(0.001).build()
        nd4j = jpype.JClass("org.nd4j.linalg.factory.Nd4j")
        one, two = nd4j.createFromArray(jpype.JFloat[:]([1.0])), nd4j.createFromArray(jpype.JFloat[:]([2.0]))
        total = one.add(two).getFloat(jpype.JLong(0))
        backend = nd4j.getBackend().getClass().getSimpleName()
    return {
        "java": jvm.version,
        "seconds": seconds,
        "startup_cache": jvm.startup_cache is not None,
        "adam": str(adam),
        "sum": float(total),
        "backend": str(backend),
    }
