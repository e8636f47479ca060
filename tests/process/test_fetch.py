"""Fetching with more than one process, and with one that is killed."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from pydl4j_bridge.jvm import jars
from pydl4j_bridge.jvm.lock import lock

ROOT = str(Path(jars.__file__).resolve().parents[2])
FETCH = "from pydl4j_bridge.jvm import jars; print(len(jars.fetch()))"
NAMES = sorted(jar.name for jar in lock().needed())


class Repository(SimpleHTTPRequestHandler):
    """A repository that counts what it is asked for, and can stop in the middle of a jar."""

    asked: list[str]
    stall: threading.Event

    def do_GET(self) -> None:
        """Sends half of it and waits, while ``stall`` is set."""
        self.asked.append(self.path)
        content = Path(self.translate_path(self.path)).read_bytes()
        self.send_response(200)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        try:
            self.wfile.write(content[: len(content) // 2])
            self.wfile.flush()
            while self.stall.is_set():
                time.sleep(0.05)
            self.wfile.write(content[len(content) // 2 :])
        except OSError:
            return  # the client was killed

    def log_message(self, *args: Any) -> None:
        """Silence."""


@pytest.fixture
def repository(tmp_path: Path) -> Iterator[type[Repository]]:
    """The repository, running; its mirror setting is in ``environment``."""
    folder = tmp_path / "repository"
    for jar, real in zip(lock().needed(), jars.fetch(), strict=True):
        (folder / jar.path).parent.mkdir(parents=True, exist_ok=True)
        (folder / jar.path).symlink_to(real)
    handler = type("Handler", (Repository,), {"asked": [], "stall": threading.Event()})
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(handler, directory=str(folder)))
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    handler.url = f"http://127.0.0.1:{server.server_port}"
    yield handler
    handler.stall.clear()
    server.shutdown()
    thread.join()
    server.server_close()


def start_fetch(repository: Any, cache: Path) -> subprocess.Popen[str]:
    """A process that fetches."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PYDL4J_")}
    environment |= {"PYTHONPATH": ROOT, "PYDL4J_CACHE": str(cache), "PYDL4J_MIRROR": repository.url}
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    return subprocess.Popen([sys.executable, "-c", FETCH], text=True, env=environment, **pipes)


def present(cache: Path) -> list[str]:
    """All files in the folder of the jars but the lock of the processes."""
    return sorted(path.name for path in (cache / "jars" / lock().dl4j).iterdir() if path.name != ".lock")


def test_two_at_once_download_each_jar_once(repository: Any, tmp_path: Path) -> None:
    """The second waits and finds everything there."""
    cache = tmp_path / "cache"
    processes = [start_fetch(repository, cache) for _ in range(2)]
    assert [process.communicate(timeout=60) for process in processes] == [("31\n", "")] * 2
    assert sorted(repository.asked) == sorted(f"/{jar.path}" for jar in lock().needed())
    assert present(cache) == NAMES


@pytest.mark.skipif(sys.platform == "win32", reason="kill -9")
def test_a_killed_fetch_is_made_good_by_the_next(repository: Any, tmp_path: Path) -> None:
    """Half a jar never stands under the jar's name, and does not stay on the disk."""
    cache = tmp_path / "cache"
    repository.stall.set()
    with start_fetch(repository, cache) as process:
        deadline = time.monotonic() + 30
        while not (cache / "jars").is_dir() or not any(name.startswith("tmp") for name in present(cache)):
            assert time.monotonic() < deadline
            time.sleep(0.05)
        process.kill()
    assert set(present(cache)) & set(NAMES) == set()
    repository.stall.clear()
    assert start_fetch(repository, cache).communicate(timeout=60) == ("31\n", "")
    assert present(cache) == NAMES
