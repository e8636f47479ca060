"""Java as Python: short names, packages that can be imported, and what a wrong name says."""

from __future__ import annotations

import ast
import pickle
from pathlib import Path

import pytest

import pydl4j_bridge
from pydl4j_bridge import java
from pydl4j_bridge.errors import BridgeError, UnknownJavaAttribute, UnknownJavaImport
from pydl4j_bridge.jvm.names import java_names
from pydl4j_bridge.jvm.session import Jvm
from pydl4j_bridge.jvm.setup import isolated


@pytest.mark.parametrize("name", java_names())
def test_every_name_is_the_class_that_it_says(jvm: Jvm, name: str) -> None:
    """By the module and by what ``start`` returns."""
    found = getattr(java, name)
    assert str(found.class_.getName()) == java_names()[name]
    assert found is getattr(jvm, name)


def test_no_name_stands_twice() -> None:
    """One class would hide the other."""
    tree = ast.parse(Path(java.__file__).with_suffix(".pyi").read_text("utf-8"))
    named = [alias.name for node in tree.body if isinstance(node, ast.ImportFrom) for alias in node.names]
    assert sorted(named) == sorted(set(named))


def test_java_packages_are_importable_after_a_start(jvm: Jvm) -> None:
    """With their classes, and below what ``start`` returns."""
    import java.util
    from org.nd4j.linalg.learning import config

    from pydl4j_bridge.java import Adam

    assert config.Adam is Adam is jvm.org.nd4j.linalg.learning.config.Adam
    assert java.util.ArrayList().isEmpty()


def test_importing_and_listing_start_nothing() -> None:
    """Not even for a wrong name; the first right one starts the JVM."""
    code = """
import sys
from pydl4j_bridge import java
print("Adam" in dir(java), hasattr(java, "Adm"), "jpype" in sys.modules)
from pydl4j_bridge.java import Adam
import org.nd4j
print(Adam.builder().learningRate(0.5).build().getLearningRate(), org.nd4j.linalg.factory.Nd4j.class_.getSimpleName())
"""
    done = isolated(code, time_limit=60)
    assert (done.stdout, done.stderr) == ("True False False\n0.5 Nd4j\n", "")


def test_a_wrong_name_says_which_are_near(jvm: Jvm) -> None:
    """As the error that Python needs: ``hasattr`` is False, and an import fails as imports do."""
    assert not hasattr(java, "DenseLayr")
    assert not hasattr(jvm, "DenseLayr")
    with pytest.raises(UnknownJavaAttribute, match="'DenseLayr'; near: DenseLayer"):
        _ = java.DenseLayr
    with pytest.raises(UnknownJavaImport, match="'DenseLayr'; near: DenseLayer") as error:
        from pydl4j_bridge.java import DenseLayr  # noqa: F401
    assert isinstance(error.value, ImportError)
    assert isinstance(error.value, BridgeError)
    assert str(pickle.loads(pickle.dumps(error.value))) == str(error.value)


def test_what_start_returns_lists_the_names_and_can_be_copied(jvm: Jvm) -> None:
    """It is the same frozen value as ever."""
    assert {"Adam", "Nd4j", "org", "version"} <= set(dir(jvm))
    assert pickle.loads(pickle.dumps(jvm)) == jvm == pydl4j_bridge.start()
