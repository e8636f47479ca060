"""What is done once per machine, and that nothing depends on it."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from pydl4j_bridge.errors import JvmError
from pydl4j_bridge.jvm import jars, own_classes, setup
from pydl4j_bridge.jvm.flags import startup_cache
from pydl4j_bridge.jvm.java import find_java

START = """
from pydl4j_bridge.jvm.session import start
jvm = start()
import jpype
print(jvm.startup_cache is not None, jpype.JClass("org.nd4j.linalg.learning.config.Sgd")(0.5).toString())
"""
SGD = "Sgd(learningRate=0.5, learningRateSchedule=null)"


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty cache; the jars are those of the user's own one, and Java is the wheel's."""
    monkeypatch.setenv("PYDL4J_JARS", str(jars.fetch()[0].parent))
    monkeypatch.setenv("PYDL4J_CACHE", str(tmp_path / "cache"))
    monkeypatch.delenv("JAVA_HOME", raising=False)
    monkeypatch.delenv("PYDL4J_JAVA_HOME", raising=False)
    return tmp_path / "cache"


def test_natives_and_start_up_cache(cache: Path) -> None:
    """Once: the second call finds both; and a start uses the cache."""
    assert not setup.natives_unpacked()
    first = setup.set_up()
    assert (first.worked, first.natives) == (True, cache / "natives")
    assert setup.natives_unpacked()
    expected = startup_cache(find_java(), (*jars.class_path(), own_classes.jar_path()))
    assert first.startup_cache == expected
    assert sorted(path.name for path in (cache / "startup").iterdir()) == [expected.name] if expected else []
    assert not setup.set_up().worked

    assert _start() == f"{expected is not None} {SGD}\n"
    if expected is not None:
        # Damaged, Java ignores it in silence.
        os.truncate(expected, expected.stat().st_size // 2)
        assert _start() == f"True {SGD}\n"
        expected.write_bytes(b"no cache")
        assert _start() == f"True {SGD}\n"
        assert setup.set_up(again=True).worked
        assert expected.stat().st_size > 1_000_000

    # Half a native library is not taken for a whole one, neither by us nor by JavaCPP.
    library = next((cache / "natives").rglob(f"{setup._library('nd4jcpu')}.*"))
    os.truncate(library, 1000)
    assert not setup.natives_unpacked()
    assert setup.set_up().worked
    assert setup.natives_unpacked()


def test_a_start_without_set_up_works(cache: Path) -> None:
    """Only slower, and it writes no start-up cache by itself."""
    assert _start() == f"False {SGD}\n"
    assert not (cache / "startup").exists()


def test_a_cache_folder_that_cannot_be_written(cache: Path) -> None:
    """Named, with the setting that moves it."""
    cache.write_text("not a folder")
    with pytest.raises(JvmError, match=r"cannot be written.*PYDL4J_CACHE"):
        setup.set_up()


def _start() -> str:
    done = setup.isolated(START, time_limit=120)
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout
