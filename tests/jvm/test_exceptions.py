"""Every row of the table, reached with an exception that Java itself throws."""

from __future__ import annotations

import pickle
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jpype
import pytest

from pydl4j_bridge.errors import JavaError, NativeImportError
from pydl4j_bridge.jvm import session
from pydl4j_bridge.jvm.exceptions import TABLE, java_errors
from pydl4j_bridge.jvm.lock import lock_folder

KERAS = "org.deeplearning4j.nn.modelimport.keras"


@pytest.fixture(autouse=True)
def _jvm() -> None:
    session.start()


def _java(name: str) -> Any:
    return jpype.JClass(name)


def _invalid_configuration() -> None:
    # A Sequential model, asked for as a functional one.
    _java(f"{KERAS}.KerasModelImport").importKerasModelAndWeights(str(lock_folder() / "startup-model.h5"))


def _unsupported_configuration() -> None:
    optimizer = _java("java.util.HashMap")()
    optimizer.put("class_name", "Lion")
    optimizer.put("config", _java("java.util.HashMap")())
    _java(f"{KERAS}.utils.KerasOptimizerUtils").mapOptimizer(optimizer)


def _out_of_memory() -> None:
    _java("java.util.ArrayList")(2**31 - 1)


def _unsatisfied_link() -> None:
    _java("java.lang.System").loadLibrary("there-is-no-such-library")


def _no_class_definition() -> None:
    # Its superclass is part of Maven, which is not among the jars.
    _java("java.lang.Class").forName("org.bytedeco.javacpp.tools.BuildMojo")


def _class_not_found() -> None:
    _java("java.lang.Class").forName("there.is.no.such.Class")


def _anything_else() -> None:
    _java("java.lang.Integer").parseInt("not a number")


REACHED: dict[str, Callable[[], None]] = {
    f"{KERAS}.exceptions.InvalidKerasConfigurationException": _invalid_configuration,
    f"{KERAS}.exceptions.UnsupportedKerasConfigurationException": _unsupported_configuration,
    "java.lang.OutOfMemoryError": _out_of_memory,
    "java.lang.UnsatisfiedLinkError": _unsatisfied_link,
    "java.lang.NoClassDefFoundError": _no_class_definition,
    "java.lang.ClassNotFoundException": _class_not_found,
    "java.lang.Throwable": _anything_else,
}


@pytest.mark.parametrize(("name", "ours", "fix"), TABLE, ids=[name.rpartition(".")[2] for name, _, _ in TABLE])
def test_every_row_is_reached(name: str, ours: type[JavaError], fix: str) -> None:
    """Each with our class and our advice."""
    with pytest.raises(JavaError) as error, java_errors("something was done"):
        REACHED[name]()
    assert type(error.value) is ours
    assert error.value.fix == fix
    assert error.value.java_class == {"java.lang.Throwable": "java.lang.NumberFormatException"}.get(name, name)
    assert error.value.causes[0].startswith(error.value.java_class)
    assert "\tat " in error.value.stack


def test_the_whole_cause_chain_is_kept() -> None:
    """Outermost first; the sentence names both ends."""
    inner = _java("java.io.IOException")("the disk is gone")
    middle = _java("java.lang.IllegalStateException")("no weights", inner)
    future = _java("java.util.concurrent.CompletableFuture").failedFuture(middle)
    with pytest.raises(JavaError) as error, java_errors("the weights were read"):
        future.get()
    assert error.value.causes == (
        "java.util.concurrent.ExecutionException: java.lang.IllegalStateException: no weights",
        "java.lang.IllegalStateException: no weights",
        "java.io.IOException: the disk is gone",
    )
    assert error.value.because == f"{error.value.causes[0]} (caused by {error.value.causes[-1]})"
    assert error.value.stack.count("Caused by: ") == 2


def test_around_an_import_every_java_exception_is_a_refused_import(tmp_path: Path) -> None:
    """Also those that the importer did not mean to throw; with the file's name."""
    with (
        pytest.raises(NativeImportError) as error,
        java_errors("the file was not imported", error=NativeImportError, file=tmp_path / "a.h5"),
    ):
        _anything_else()
    assert error.value.file == str(tmp_path / "a.h5")
    assert error.value.java_class == "java.lang.NumberFormatException"


def test_what_is_no_java_exception_passes_through() -> None:
    """A wrong call is the caller's mistake, not Java's."""
    with pytest.raises(TypeError), java_errors("something was done"):
        _java("java.lang.Integer").parseInt(object())


def test_the_error_can_be_sent_to_another_process() -> None:
    """It holds text only, no Java objects."""
    with pytest.raises(JavaError) as error, java_errors("something was done"):
        _anything_else()
    copy = pickle.loads(pickle.dumps(error.value))
    assert (str(copy), copy.causes, copy.stack) == (str(error.value), error.value.causes, error.value.stack)
