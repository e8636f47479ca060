"""The JVM of the test run itself. What needs a process of its own is in ``tests/process``."""

from __future__ import annotations

import os
from pathlib import Path

import jpype
import pytest

from pydl4j_bridge.errors import JvmAlreadyStarted
from pydl4j_bridge.jvm import session
from pydl4j_bridge.jvm.flags import arguments_for
from pydl4j_bridge.jvm.java import JavaRuntime


@pytest.fixture(autouse=True)
def jvm() -> session.Jvm:
    """The JVM, started."""
    return session.start()


def test_a_second_start_does_nothing(jvm: session.Jvm) -> None:
    """Not even with the options spelled out."""
    assert session.start() is jvm
    assert session.start(java_home=jvm.java.home if jvm.java else None, jvm_args=list(jvm.jvm_args)) is jvm
    assert session.is_started()
    assert session.running() is jvm


def test_a_start_with_other_options_names_each_difference(jvm: session.Jvm) -> None:
    """What runs and what was asked for."""
    with pytest.raises(JvmAlreadyStarted, match=r"jvm_args are \[.*\], asked for \['-Xmx77m'\]"):
        session.start(jvm_args=["-Xmx77m"])


def test_another_java_home_is_named(jvm: session.Jvm, tmp_path: Path) -> None:
    """A folder that holds another Java, by its name; here a copy of the one that runs."""
    assert jvm.java is not None
    other = tmp_path / "other"
    library = other / jvm.java.libjvm.relative_to(jvm.java.home)
    library.parent.mkdir(parents=True)
    library.write_bytes(jvm.java.libjvm.read_bytes())
    (other / "release").write_bytes((jvm.java.home / "release").read_bytes())
    with pytest.raises(JvmAlreadyStarted) as error:
        session.start(java_home=other)
    assert error.value.because == f"java_home is {jvm.java.home}, asked for {other}"


def test_the_classes_are_those_of_the_lock(jvm: session.Jvm) -> None:
    """The class path is exactly the checked jars and JPype's own."""
    running = str(jpype.JClass("java.lang.System").getProperty("java.class.path")).split(os.pathsep)
    assert [Path(entry).name for entry in running] == [*(jar.name for jar in jvm.class_path), "org.jpype.jar"]


def _runtime(version: str) -> JavaRuntime:
    return JavaRuntime(home=Path("java"), libjvm=Path("java/libjvm.so"), version=version, source="argument")


def test_flags_that_an_older_java_does_not_know_are_left_out() -> None:
    """They would keep it from starting."""
    new, old = arguments_for(_runtime("25.0.2")), arguments_for(_runtime("17.0.9"))
    assert set(new) - set(old) == {"--sun-misc-unsafe-memory-access=allow", "--enable-native-access=ALL-UNNAMED"}


def test_the_callers_collector_takes_the_place_of_ours() -> None:
    """Java does not start with two."""
    arguments = arguments_for(_runtime("25.0.2"), ["-XX:+UseG1GC", "-Xmx1g"])
    assert "-XX:+UseSerialGC" not in arguments
    assert arguments[-2:] == ("-XX:+UseG1GC", "-Xmx1g")
