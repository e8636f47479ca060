"""Fetching, checking and finding the jars; from a mirror on this machine, so that no test depends on a network."""

from __future__ import annotations

import os
import shutil
import threading
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from pydl4j_bridge.errors import JarCorrupt, JarsMissing
from pydl4j_bridge.jvm import jars
from pydl4j_bridge.jvm.lock import lock

NAMES = [jar.name for jar in lock().needed()]
SMALL = next(jar for jar in lock().needed() if jar.artifact == "byteunits")


@pytest.fixture(scope="session")
def real_jars() -> tuple[Path, ...]:
    """The real jars, fetched once into the user's own cache."""
    return jars.fetch()


@pytest.fixture
def repository(real_jars: tuple[Path, ...], tmp_path: Path) -> Path:
    """A folder laid out as a Maven repository."""
    folder = tmp_path / "repository"
    for jar, real in zip(lock().needed(), real_jars, strict=True):
        (folder / jar.path).parent.mkdir(parents=True, exist_ok=True)
        (folder / jar.path).symlink_to(real)
    return folder


@pytest.fixture
def cache(repository: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty cache, with the repository as the mirror."""
    for name in ("PYDL4J_OFFLINE", "PYDL4J_JARS"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("PYDL4J_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("PYDL4J_MIRROR", repository.as_uri())
    return tmp_path / "cache"


@pytest.fixture
def filled(cache: Path, repository: Path) -> Path:
    """The folder of a cache that was fetched; the repository is gone."""
    jars.fetch()
    shutil.rmtree(repository)
    return jars.folder()


def replace(path: Path, content: bytes) -> None:
    """Writes another file in the place of a link."""
    path.unlink()
    path.write_bytes(content)


class Server(SimpleHTTPRequestHandler):
    """A repository over HTTP that says nothing."""

    def log_message(self, *args: Any) -> None:
        """Silence."""


@pytest.fixture
def http(repository: Path, cache: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """The same repository over HTTP."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Server, directory=str(repository)))
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    url = f"http://127.0.0.1:{server.server_port}"
    monkeypatch.setenv("PYDL4J_MIRROR", url)
    yield url
    server.shutdown()
    thread.join()
    server.server_close()


def test_fetched_jars_come_in_the_order_of_the_lock(cache: Path) -> None:
    """The class path does not depend on which download ended first."""
    paths = jars.fetch()
    assert [path.name for path in paths] == NAMES
    assert {path.parent for path in paths} == {cache / "jars" / lock().dl4j}


def test_a_second_fetch_needs_no_repository(filled: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Once everything is there, offline is no difference."""
    monkeypatch.setenv("PYDL4J_OFFLINE", "1")
    assert [path.name for path in jars.fetch()] == NAMES
    assert jars.fetch() == jars.class_path() == jars.verify()


def test_over_http(http: str) -> None:
    """A mirror may be a plain web server, with or without a slash at its end."""
    os.environ["PYDL4J_MIRROR"] = f"{http}/"
    assert [path.name for path in jars.fetch()] == NAMES


def test_a_mirror_without_a_jar(http: str, repository: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The jar, the status and the setting are named."""
    monkeypatch.setattr(jars, "_RETRIES", 0)
    (repository / SMALL.path).unlink()
    with pytest.raises(JarsMissing, match=f"{SMALL.coordinates} cannot be downloaded.*404.*PYDL4J_MIRROR"):
        jars.fetch()


@pytest.mark.filterwarnings(
    "ignore::pytest.PytestUnraisableExceptionWarning"
)  # urllib3 leaves the socket to be collected
def test_a_mirror_that_nobody_answers_at(cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No network is an error of ours, not one of a library."""
    monkeypatch.setattr(jars, "_RETRIES", 0)
    monkeypatch.setenv("PYDL4J_MIRROR", "http://127.0.0.1:9")
    with pytest.raises(JarsMissing, match=r"cannot be downloaded.*ConnectionError"):
        jars.fetch()


def test_a_mirror_folder_that_does_not_exist(cache: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """The same for a file: URL."""
    monkeypatch.setenv("PYDL4J_MIRROR", (tmp_path / "gone").as_uri())
    with pytest.raises(JarsMissing, match=r"cannot be downloaded.*FileNotFoundError"):
        jars.fetch()


def test_a_mirror_that_is_no_url(cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A path is not a URL, and the error says which URLs are."""
    monkeypatch.setenv("PYDL4J_MIRROR", "repository")
    with pytest.raises(JarsMissing, match="must begin with http:, https: or file:"):
        jars.fetch()


def test_a_mirror_that_sends_other_bytes(cache: Path, repository: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """They are never stored under the jar's name; both hashes are named."""
    monkeypatch.setattr(jars, "_RETRIES", 0)
    replace(repository / SMALL.path, b"not a jar")
    with pytest.raises(JarCorrupt, match=f"{SMALL.name} was downloaded.*{SMALL.sha256}"):
        jars.fetch()
    assert not (jars.folder() / SMALL.name).exists()


def test_offline_says_what_is_missing_and_what_to_do(cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """All missing jars are named at once."""
    monkeypatch.setenv("PYDL4J_OFFLINE", "1")
    with pytest.raises(JarsMissing) as error:
        jars.fetch()
    assert [jar.coordinates for jar in lock().needed() if jar.coordinates not in str(error.value)] == []
    assert "Unset PYDL4J_OFFLINE" in error.value.fix


def test_class_path_does_not_download(cache: Path) -> None:
    """Only fetch does, and the error says so."""
    with pytest.raises(JarsMissing, match="pydl4j-bridge jars fetch"):
        jars.class_path()
    assert not jars.folder().exists()


@pytest.mark.parametrize("damage", ["truncated", "one byte", "empty"])
def test_a_damaged_jar_is_found_before_it_is_loaded(filled: Path, damage: str) -> None:
    """The jar, both hashes and the fix are named."""
    path = filled / SMALL.name
    content = bytearray(path.read_bytes())
    content[100] ^= 1
    path.write_bytes({"truncated": content[: len(content) // 2], "one byte": content, "empty": b""}[damage])
    with pytest.raises(JarCorrupt) as error:
        jars.class_path()
    assert error.value.file == str(path)
    assert f"expected sha256 {SMALL.sha256}, found " in error.value.because
    assert error.value.fix == "Replace it: pydl4j-bridge jars fetch"


def test_fetch_replaces_a_damaged_jar(cache: Path) -> None:
    """And leaves the others as they are."""
    before = {path: path.stat().st_mtime_ns for path in jars.fetch()}
    damaged = jars.folder() / SMALL.name
    damaged.write_bytes(b"")
    assert jars.fetch() == jars.verify()
    assert {path for path in before if before[path] != path.stat().st_mtime_ns} == {damaged}


def test_a_jar_put_in_the_place_of_another_is_hashed_even_with_its_time_and_size(filled: Path) -> None:
    """A replaced file has another inode."""
    path = filled / SMALL.name
    times = path.stat()
    other = path.with_name("other")
    other.write_bytes(bytes(times.st_size))
    os.utime(other, ns=(times.st_atime_ns, times.st_mtime_ns))
    os.replace(other, path)
    with pytest.raises(JarCorrupt, match=SMALL.name):
        jars.class_path()


def test_verify_finds_what_the_stamps_hide(filled: Path) -> None:
    """Bytes changed in place with the time put back: a start does not see it, verify does. The module says so."""
    path = filled / SMALL.name
    times = path.stat()
    with path.open("r+b") as file:
        file.seek(100)
        file.write(b"\0\0\0\0\0\0\0\0")
    os.utime(path, ns=(times.st_atime_ns, times.st_mtime_ns))
    jars.class_path()
    with pytest.raises(JarCorrupt, match=SMALL.name):
        jars.verify()
    with pytest.raises(JarCorrupt, match=SMALL.name):
        jars.class_path()


@pytest.mark.parametrize("content", ["", "{", "[]", '{"gson-2.8.0.jar": 1}'])
def test_broken_stamps_only_cost_a_hash(filled: Path, cache: Path, content: str) -> None:
    """They are not needed for anything but time."""
    (stamps,) = (cache / "checked").iterdir()
    stamps.write_text(content)
    assert [path.name for path in jars.class_path()] == NAMES


def test_leftovers_of_a_killed_download_are_removed(cache: Path) -> None:
    """They would fill the disk one by one."""
    jars.folder().mkdir(parents=True)
    (jars.folder() / "tmpkilled").write_bytes(b"half a jar")
    jars.fetch()
    assert sorted(path.name for path in jars.folder().iterdir() if path.name != ".lock") == sorted(NAMES)


def test_a_folder_of_ones_own_may_be_flat(filled: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """PYDL4J_JARS is used where it is."""
    monkeypatch.setenv("PYDL4J_JARS", str(filled))
    monkeypatch.setenv("PYDL4J_CACHE", str(tmp_path / "another"))
    assert {path.parent for path in jars.fetch()} == {filled} == {jars.folder()}


def test_a_folder_of_ones_own_may_be_a_maven_repository(
    cache: Path, repository: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """So Maven's own local repository serves as it is."""
    monkeypatch.setenv("PYDL4J_JARS", str(repository))
    assert jars.fetch() == tuple(repository / jar.path for jar in lock().needed())


def test_a_folder_of_ones_own_is_checked_and_never_written(
    cache: Path, repository: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A wrong jar in it is an error, also for fetch, and a missing one is not downloaded."""
    monkeypatch.setenv("PYDL4J_JARS", str(repository))
    replace(repository / SMALL.path, b"not a jar")
    with pytest.raises(JarCorrupt, match=f"Put the right jar into {repository}"):
        jars.fetch()
    (repository / SMALL.path).unlink()
    with pytest.raises(JarsMissing, match=r"1 of 31 jars are missing.*byteunits.*PYDL4J_JARS is set"):
        jars.fetch()


def test_one_bar_over_all_bytes(cache: Path, capfd: pytest.CaptureFixture[str]) -> None:
    """On stderr, and it ends at the total."""
    jars.fetch(progress=True)
    out, err = capfd.readouterr()
    assert out == ""
    assert "Deeplearning4j 1.0.0-M2.1: 100%" in err
    assert "137M/137M" in err


def test_no_bar_without_a_terminal(cache: Path, capfd: pytest.CaptureFixture[str]) -> None:
    """A log file is not filled with bars, nor with the download library's announcements."""
    jars.fetch()
    assert capfd.readouterr() == ("", "")


def test_a_cache_that_cannot_be_written(cache: Path) -> None:
    """A file where the folder should be; a read-only folder ends in the same place."""
    cache.write_text("not a folder")
    with pytest.raises(JarsMissing, match=r"cannot be written.*PYDL4J_CACHE"):
        jars.fetch()
