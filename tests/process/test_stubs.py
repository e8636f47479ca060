"""Type stubs, where a user's tools find them: in the site-packages of a Python environment of the test's own."""

from __future__ import annotations

import ast
import json
import os
import re
import subprocess
import sys
import sysconfig
import time
import venv
from dataclasses import dataclass
from pathlib import Path

import jedi
import pytest

from pydl4j_bridge.jvm import jars

ROOT = Path(__file__).resolve().parents[2]
SAMPLE = ROOT / "tests" / "data" / "typing" / "sample.py"
STUBS = ("-m", "pydl4j_bridge", "stubs", "--json")


@dataclass
class Environment:
    """A Python that has this package and what this Python has, and a site-packages of its own."""

    folder: Path

    @property
    def python(self) -> str:
        """Its interpreter."""
        return str(self.folder / ("Scripts/python.exe" if os.name == "nt" else "bin/python"))

    @property
    def packages(self) -> Path:
        """Its site-packages."""
        return Path(sysconfig.get_path("purelib", "venv", {"base": str(self.folder)}))

    def run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """What its interpreter says."""
        done = subprocess.run([self.python, *arguments], capture_output=True, text=True, timeout=120, check=False)
        assert done.returncode == 0, done.stderr
        return done


def environment(folder: Path) -> Environment:
    """A new one."""
    venv.create(folder, with_pip=False, symlinks=os.name != "nt")
    made = Environment(folder)
    (made.packages / "these.pth").write_text(f"{ROOT}\n{sysconfig.get_path('purelib')}\n")
    return made


@pytest.fixture(scope="module")
def users(tmp_path_factory: pytest.TempPathFactory) -> Environment:
    """An environment after ``pydl4j-bridge stubs``, the first of which was killed."""
    jars.fetch()
    made = environment(tmp_path_factory.mktemp("users") / "env")
    killed = subprocess.Popen([made.python, *STUBS], stdout=subprocess.DEVNULL)
    deadline = time.monotonic() + 60
    while not any(made.packages.glob(".pydl4j-stubs-*/org-stubs")):
        assert time.monotonic() < deadline
        assert killed.poll() is None
        time.sleep(0.02)
    killed.kill()
    killed.wait()
    assert not list(made.packages.glob("org*"))
    assert json.loads(made.run(*STUBS).stdout)["worked"] is True
    return made


def test_what_is_installed_is_whole_and_is_a_distribution(users: Environment) -> None:
    """Nothing is left of the killed one; all files are Python; the metadata lists them, so pip can take them away."""
    code = """
import importlib.metadata, json
print(json.dumps([str(file) for file in importlib.metadata.distribution("pydl4j-bridge-stubs").files]))
"""
    there = {str(file.relative_to(users.packages)) for file in users.packages.rglob("*") if file.is_file()}
    assert there - {"these.pth"} == set(json.loads(users.run("-c", code).stdout))
    assert len([ast.parse(file.read_text("utf-8")) for file in users.packages.rglob("*.pyi")]) > 100


def test_a_second_time_there_is_nothing_to_do(users: Environment) -> None:
    """What the stubs are made of has not changed."""
    assert json.loads(users.run(*STUBS).stdout)["worked"] is False


def test_stubs_of_somebody_else_are_left_alone(tmp_path: Path) -> None:
    """An error names the folder."""
    (tmp_path / "org").mkdir()
    done = subprocess.run(
        [sys.executable, *STUBS, "--out", str(tmp_path)],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )
    assert done.returncode == 3
    assert json.loads(done.stdout)["error"]["what"] == "there are stubs already that are not ours"
    assert list(tmp_path.iterdir()) == [tmp_path / "org"]


def mypy(users: Environment, file: Path) -> str:
    """What mypy --strict says of a file, without our settings."""
    command = [sys.executable, "-m", "mypy", "--strict", "--config-file=", f"--cache-dir={users.folder / 'mypy'}"]
    command += ["--python-executable", users.python, str(file)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=users.folder)
    return done.stdout + done.stderr


def test_mypy_strict_accepts_a_program_that_runs(users: Environment) -> None:
    """It uses more than 20 of the classes, and trains."""
    tree = ast.parse(SAMPLE.read_text("utf-8"))
    modules = [node for node in tree.body if isinstance(node, ast.ImportFrom)]
    assert sum(len(node.names) for node in modules if node.module != "__future__") > 20
    assert mypy(users, SAMPLE) == "Success: no issues found in 1 source file\n"
    assert re.fullmatch(r"accuracy 0\.\d+ of 3 classes\n", users.run(str(SAMPLE)).stdout)


WRONG = """
import pydl4j_bridge
from pydl4j_bridge.java import Adam, DenseLayer, Nd4j, SameDiff

Adam.builder().learningrate(0.1)
Adam(learningRate=0.1)
Adam("fast")
number: int = DenseLayer.Builder().nIn(3).nOut(4).build()
Nd4j.eye(3).mmul("a matrix")
more: int = pydl4j_bridge.start().org.nd4j.linalg.learning.config.Adam(0.1)
"""


def test_mypy_refuses_what_java_would_refuse(users: Environment, tmp_path: Path) -> None:
    """A misspelled method, keywords, a wrong type; and it knows what builders build."""
    (tmp_path / "wrong.py").write_text(WRONG)
    said = mypy(users, tmp_path / "wrong.py").splitlines()
    errors = [line.partition(".py:")[2] for line in said if " error: " in line]
    assert [error.partition(":")[0] for error in errors] == ["5", "6", "7", "8", "9", "10"]
    assert '"Builder" has no attribute "learningrate"; maybe "learningRate"?' in errors[0]
    assert 'has type "DenseLayer"' in errors[3]
    assert 'No overload variant of "mmul"' in errors[4]
    assert 'has type "Adam"' in errors[5]


HEAD = "import pydl4j_bridge\nfrom pydl4j_bridge.java import Adam, DenseLayer, NeuralNetConfiguration\n"


@pytest.mark.parametrize(
    ("expression", "names"),
    [
        ("Adam.builder().", {"learningRate", "beta1", "beta2", "epsilon", "build"}),
        ("Adam.builder().learningRate(0.1).", {"learningRateSchedule", "build"}),
        ("DenseLayer.Builder().nIn(3).", {"nOut", "activation", "hasBias", "build"}),
        ("DenseLayer.Builder().nIn(3).build().", {"getNIn", "hasBias"}),
        ("NeuralNetConfiguration.Builder().seed(1).list().", {"layer", "setInputType", "build"}),
        ("pydl4j_bridge.start().", {"org", "version"}),
        ("pydl4j_bridge.start().org.nd4j.linalg.", {"factory", "learning"}),
        ("from org.nd4j.linalg.learning.config import ", {"Adam", "Sgd"}),
        ("from pydl4j_bridge.java import ", {"Adam", "MultiLayerNetwork"}),
    ],
)
def test_jedi_completes(users: Environment, expression: str, names: set[str]) -> None:
    """Classes, and the methods of builders along the chain; without a JVM."""
    script = jedi.Script(HEAD + expression, environment=jedi.create_environment(users.folder, safe=False))
    assert names <= {completion.name for completion in script.complete()}


def test_signatures_have_javas_names(users: Environment) -> None:
    """Of the parameters, as in Java's source."""
    script = jedi.Script(
        HEAD + "Adam.builder().learningRate(", environment=jedi.create_environment(users.folder, safe=False)
    )
    (signature,) = script.get_signatures()
    assert signature.to_string() == "learningRate(learningRate: float, /) -> 'Adam.Builder'"
