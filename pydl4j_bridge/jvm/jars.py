"""The jars: fetched once per user, checked before they are used, handed out as a class path.

Kept flat in ``<cache>/jars/<version>``, or wherever ``PYDL4J_JARS`` points. Does not resolve dependencies (``lock``
lists all jars), does not unpack the natives in them (``setup`` does) and starts no JVM.

How a jar is trusted
    A jar whose sha256 was compared with the lock leaves a stamp: its size, modification time and inode. While those
    three stay as they are, the jar is taken as checked; when one differs, it is hashed again. This finds what accidents
    do (a truncated copy, a full disk, a restored backup) and every replacement of a file. It does not find someone who
    can write into the cache folder and takes care to put the modification time back or to edit the stamp, nor bytes
    that rot on the disk: for these there is ``verify()``, which always hashes everything.
"""

from __future__ import annotations

import hashlib
import json
import os
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pydl4j_bridge.errors import JarCorrupt, JarsMissing
from pydl4j_bridge.jvm.lock import Jar, lock
from pydl4j_bridge.jvm.settings import Settings, settings

if TYPE_CHECKING:
    import logging

__all__ = ["class_path", "fetch", "folder", "verify"]

# Modules that only a download needs are imported where they are used: a start that finds all jars is 70 ms faster.
_THREADS = 4
_RETRIES = 3
_FETCH = "pydl4j-bridge jars fetch"


def folder() -> Path:
    """Where the jars are, or will be once they are fetched."""
    now = settings()
    return now.jars if now.jars is not None else now.cache / "jars" / lock().dl4j


def class_path() -> tuple[Path, ...]:
    """The checked jars of this platform in class path order. Never touches the network.

    Raises:
        JarCorrupt: a jar's bytes are not those of the lock.
        JarsMissing: a jar is not there.
    """
    return _all_or_error(_inspect(trust_stamps=True))


def verify() -> tuple[Path, ...]:
    """Like :func:`class_path`, but hashes every jar, whatever the stamps say.

    Raises:
        JarCorrupt: a jar's bytes are not those of the lock.
        JarsMissing: a jar is not there.
    """
    return _all_or_error(_inspect(trust_stamps=False))


def fetch(*, progress: bool | None = None) -> tuple[Path, ...]:
    """Downloads what is missing, replaces what is corrupt, and returns the class path.

    Two processes may call it at once: the second one waits and then finds everything there. A process that is killed
    leaves nothing that a later call would take for a jar.

    Args:
        progress: show one bar for all downloads on stderr; None: only when stderr is a terminal.

    Raises:
        JarsMissing: a jar cannot be fetched, or may not: ``PYDL4J_OFFLINE`` or ``PYDL4J_JARS`` is set.
        JarCorrupt: the repository sends other bytes than the lock has, or ``PYDL4J_JARS`` holds them.
    """
    state = _inspect(trust_stamps=True)
    now = settings()
    if state.complete or now.offline or now.jars is not None:
        return _all_or_error(state)
    from filelock import FileLock

    where = folder()
    try:
        where.mkdir(parents=True, exist_ok=True)
        with FileLock(where / ".lock"):
            # Another process may have fetched them while this one waited.
            state = _inspect(trust_stamps=True)
            _remove_leftovers(where)
            wanted = [*state.missing, *(jar for jar, _, _ in state.corrupt)]
            if wanted:
                _download(wanted, where, now, progress=progress)
                state = _inspect(trust_stamps=True)
    except OSError as error:
        # Requests' own errors are OSErrors too; _download has turned those into ours already.
        raise JarsMissing(
            "the jars cannot be written",
            because=str(error),
            file=where,
            fix="Set PYDL4J_CACHE to a folder that can be written, with 600 MB free",
        ) from error
    return _all_or_error(state)


@dataclass(frozen=True, slots=True)
class _State:
    """What is on disk: paths of good jars in class path order, missing ones, corrupt ones with what was found."""

    good: tuple[Path, ...]
    missing: tuple[Jar, ...]
    corrupt: tuple[tuple[Jar, Path, str], ...]

    @property
    def complete(self) -> bool:
        return not self.missing and not self.corrupt


def _inspect(*, trust_stamps: bool) -> _State:
    where = folder()
    stamps = _read_stamps(where)
    present: list[tuple[Jar, Path, list[int]]] = []
    missing = []
    for jar in lock().needed():
        found = _locate(where, jar)
        if found is None:
            missing.append(jar)
        else:
            present.append((jar, *found))

    unproven = [
        (jar, path)
        for jar, path, facts in present
        if not (trust_stamps and stamps.get(jar.name) == [*facts, jar.sha256])
    ]
    hashes = _hash_all(unproven)
    fresh = {
        jar.name: [*facts, jar.sha256] for jar, _, facts in present if hashes.get(jar.name, jar.sha256) == jar.sha256
    }
    if fresh != stamps:
        _write_stamps(where, fresh)
    return _State(
        good=tuple(path for jar, path, _ in present if jar.name in fresh),
        missing=tuple(missing),
        corrupt=tuple((jar, path, hashes[jar.name]) for jar, path, _ in present if jar.name not in fresh),
    )


def _locate(where: Path, jar: Jar) -> tuple[Path, list[int]] | None:
    """The jar's path, flat or as in a Maven repository, with the three numbers that a stamp holds."""
    for path in (where / jar.name, where / jar.path):
        try:
            status = path.stat()
        except (FileNotFoundError, NotADirectoryError):
            continue
        return path, [status.st_size, status.st_mtime_ns, status.st_ino]
    return None


def _hash_all(jars: list[tuple[Jar, Path]]) -> dict[str, str]:
    if not jars:
        return {}
    from concurrent.futures import ThreadPoolExecutor

    # hashlib lets other threads run while it hashes.
    with ThreadPoolExecutor(_THREADS) as pool:
        return dict(zip((jar.name for jar, _ in jars), pool.map(lambda entry: _sha256(entry[1]), jars), strict=True))


def _sha256(path: Path) -> str:
    digest = hashlib.sha256()
    try:
        with path.open("rb") as file:
            while block := file.read(1 << 20):
                digest.update(block)
    except OSError as error:
        return f"unreadable: {error.strerror}"
    return digest.hexdigest()


def _all_or_error(state: _State) -> tuple[Path, ...]:
    now = settings()
    if state.corrupt:
        jar, path, found = state.corrupt[0]
        others = f" (and {len(state.corrupt) - 1} more)" if len(state.corrupt) > 1 else ""
        raise JarCorrupt(
            f"{jar.name}{others} is not the jar of the lock file",
            because=f"expected sha256 {jar.sha256}, found {found}",
            file=path,
            fix=f"Put the right jar into {now.jars}" if now.jars is not None else f"Replace it: {_FETCH}",
        )
    if state.missing:
        if now.jars is not None:
            because, fix = (
                "PYDL4J_JARS is set, so nothing is downloaded",
                f"Put them into {now.jars}, or unset PYDL4J_JARS",
            )
        elif now.offline:
            because = "PYDL4J_OFFLINE is set, so nothing is downloaded"
            fix = f"Unset PYDL4J_OFFLINE and run: {_FETCH}; or set PYDL4J_JARS to a folder that has them"
        else:
            because, fix = "they have not been fetched yet", f"Fetch them: {_FETCH}"
        names = ", ".join(jar.coordinates for jar in state.missing)
        raise JarsMissing(
            f"{len(state.missing)} of {len(lock().needed())} jars are missing: {names}",
            because=because,
            file=folder(),
            fix=fix,
        )
    return state.good


def _stamp_file(where: Path) -> Path:
    # Not beside the jars: PYDL4J_JARS may point to a folder that cannot be written.
    name = hashlib.sha256(os.fsencode(where)).hexdigest()[:16]
    return settings().cache / "checked" / f"{name}.json"


def _read_stamps(where: Path) -> dict[str, Any]:
    try:
        stamps = json.loads(_stamp_file(where).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}  # no stamps: everything is hashed
    return stamps if isinstance(stamps, dict) else {}


def _write_stamps(where: Path, stamps: dict[str, Any]) -> None:
    import tempfile

    file = _stamp_file(where)
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        descriptor, name = tempfile.mkstemp(dir=file.parent, prefix=f"{file.stem}.")
        with open(descriptor, "w", encoding="utf-8") as output:
            json.dump(stamps, output)
        os.replace(name, file)
    except OSError:
        # A cache that cannot be written costs a hash at each start, nothing else.
        return


def _remove_leftovers(where: Path) -> None:
    """Temporary files of a download that was killed. Called under the lock, so no download is running."""
    for path in where.glob("tmp*"):
        path.unlink(missing_ok=True)


def _download(wanted: Iterable[Jar], where: Path, now: Settings, *, progress: bool | None) -> None:
    """Fetches the jars into ``where``; each appears there whole and with the right bytes, or not at all."""
    from concurrent.futures import ThreadPoolExecutor
    from urllib.error import URLError

    import pooch
    import requests
    from tqdm import tqdm

    jars = sorted(wanted, key=lambda jar: -jar.bytes)  # the largest first: it decides when all are done
    base = _repository(now)
    store = pooch.create(
        path=where,
        base_url=base,
        registry={jar.name: f"sha256:{jar.sha256}" for jar in jars},
        urls={jar.name: f"{base}/{jar.path}" for jar in jars},
        retry_if_failed=_RETRIES,
    )
    shown = progress if progress is not None else sys.stderr.isatty()
    bar = tqdm(
        total=sum(jar.bytes for jar in jars),
        desc=f"Deeplearning4j {lock().dl4j}",
        unit="B",
        unit_scale=True,
        unit_divisor=1000,
        file=sys.stderr,
        disable=not shown,
    )
    with _quiet(pooch.get_logger()), bar, ThreadPoolExecutor(_THREADS) as pool:
        futures = {pool.submit(store.fetch, jar.name, downloader=_Downloader(bar)): jar for jar in jars}
        try:
            for future, jar in futures.items():
                try:
                    future.result()
                except ValueError as error:  # pooch's word for a wrong hash, with both hashes in its text
                    raise JarCorrupt(
                        f"{jar.name} was downloaded {_RETRIES + 1} times and is not the jar of the lock file",
                        because=str(error),
                        fix="Check PYDL4J_MIRROR"
                        if now.mirror
                        else "Something on the way changes downloads; use a mirror",
                    ) from error
                except (requests.RequestException, URLError, FileNotFoundError) as error:
                    raise JarsMissing(
                        f"{jar.coordinates} cannot be downloaded",
                        because=_reason(error),
                        fix="Check PYDL4J_MIRROR"
                        if now.mirror
                        else "Check the network, or set PYDL4J_MIRROR to a repository that can be reached",
                    ) from error
        finally:
            for future in futures:
                future.cancel()


def _reason(error: Exception) -> str:
    return f"{type(error).__name__}: {error}"


def _repository(now: Settings) -> str:
    if now.mirror is None:
        # No file of this project names a registry; this library knows the usual one.
        from jgo.constants import MAVEN_CENTRAL_URL

        return str(MAVEN_CENTRAL_URL).rstrip("/")
    if not now.mirror.startswith(("http://", "https://", "file://")):
        raise JarsMissing(
            f"PYDL4J_MIRROR is {now.mirror!r}", because="it must begin with http:, https: or file:", fix="Correct it"
        )
    return now.mirror


class _Downloader:
    """What pooch calls for one jar; adds its bytes to a bar that all jars share."""

    def __init__(self, bar: Any) -> None:
        self._bar = bar

    def __call__(self, url: str, output: Any, store: Any) -> None:
        share = _Share(self._bar)
        try:
            if url.startswith("file:"):
                share.total = _copy(url, Path(output))
                share.update(share.total)
            else:
                from pooch import HTTPDownloader

                HTTPDownloader(progressbar=share, chunk_size=1 << 18)(url, output, store)
        except BaseException:
            share.reset()  # this attempt's bytes will come again, or never
            raise


def _copy(url: str, target: Path) -> int:
    import shutil
    from urllib.parse import urlsplit
    from urllib.request import url2pathname

    source = Path(url2pathname(urlsplit(url).path))
    shutil.copyfile(source, target)
    return target.stat().st_size


class _Share:
    """One jar's part of the bar, with the methods that pooch expects of a progress bar."""

    def __init__(self, bar: Any) -> None:
        self.total = 0
        self._bar = bar
        self._done = 0

    def update(self, count: int) -> None:
        # Pooch reports whole blocks, also for the last and shorter one.
        step = min(count, self.total - self._done)
        self._done += step
        self._bar.update(step)

    def reset(self) -> None:
        self._bar.update(-self._done)
        self._done = 0

    def close(self) -> None:
        """The bar belongs to all jars and stays open."""


@contextmanager
def _quiet(logger: logging.Logger) -> Iterator[None]:
    """Pooch announces every file on stderr; one bar is enough."""
    level = logger.level
    logger.setLevel("WARNING")
    try:
        yield
    finally:
        logger.setLevel(level)
