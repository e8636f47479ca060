"""The package as a whole: what it exports, what importing it costs, what a wheel of it holds, what it must not say."""

import re
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

import pydl4j_bridge

ROOT = Path(__file__).parents[1]


def run(code: str) -> str:
    """What Python prints for ``code`` in a process of its own."""
    return subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True).stdout.strip()


@pytest.mark.parametrize("name", pydl4j_bridge.__all__)
def test_everything_in_all_can_be_had(name):
    """__all__ is what can be imported."""
    assert getattr(pydl4j_bridge, name) is not None


def test_importing_loads_nothing_heavy():
    """No JPype, h5py, numpy, rich or click comes with the import."""
    code = (
        "import sys, pydl4j_bridge; print([m for m in ('jpype', 'h5py', 'numpy', 'rich', 'click') if m in sys.modules])"
    )
    assert run(code) == "[]"


def test_mapping_loads_no_jvm():
    """Reading and mapping a file does without JPype."""
    file = ROOT / "tests" / "data" / "keras3" / "adam.keras"
    code = f"import sys, pydl4j_bridge as b; print(b.map_optimizer({str(file)!r}).updater, 'jpype' in sys.modules)"
    assert run(code) == "Adam False"


def test_unknown_names_are_attribute_errors():
    """A misspelled name fails as in any module."""
    with pytest.raises(AttributeError, match="no attribute 'chekc'"):
        _ = pydl4j_bridge.chekc


def test_the_errors_are_the_tree_of_their_docstring():
    """The tree in the docstring of errors.py names every class, under its base."""
    from pydl4j_bridge import errors

    stack, drawn = [], {}
    for line in errors.__doc__.splitlines():
        if m := re.match(r"    ([│├└─ ]*)([A-Z]\w+)", line):
            depth = len(m[1]) // 4
            stack = [*stack[:depth], m[2]]
            drawn[m[2]] = stack[-2] if depth else "Exception"
    real = {name: getattr(errors, name).__bases__[0].__name__ for name in errors.__all__}
    assert drawn == real


def test_a_wheel_holds_the_lock_file_and_every_module(tmp_path):
    """What pip installs is complete: jars/ stands outside of the package in the repository and inside in a wheel."""
    command = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--wheel-dir", str(tmp_path), str(ROOT)]
    subprocess.run(command, check=True)
    (wheel,) = tmp_path.glob("*.whl")
    held = set(zipfile.ZipFile(wheel).namelist())
    modules = {str(path.relative_to(ROOT)) for path in (ROOT / "pydl4j_bridge").rglob("*.py")}
    assert {*modules, "pydl4j_bridge/py.typed", "pydl4j_bridge/jars/dl4j-1.0.0-M2.1.lock.json"} <= held


def test_no_file_names_a_registry():
    """The default repository comes from a library that knows it; no file of ours names a registry's host."""
    listed = subprocess.run(["git", "ls-files"], cwd=ROOT, check=True, capture_output=True, text=True).stdout.split(
        "\n"
    )
    names = re.compile(rb"https?://[^\s\"')]*(" + b"|".join([b"maven", b"pypi", b"npmjs", b"sonatype"]) + rb")")
    found = [name for name in listed if name and names.search((ROOT / name).read_bytes())]
    assert found == []
