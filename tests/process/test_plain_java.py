"""A Java program that has our jar on its class path, and nothing of Python, goes on from a zip that we saved."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import numpy as np
import pytest

import pydl4j_bridge
from pydl4j_bridge.jvm.flags import arguments_for
from pydl4j_bridge.jvm.jars import class_path
from pydl4j_bridge.jvm.java import find_java
from pydl4j_bridge.jvm.own_classes import jar_path

DATA = Path(__file__).parents[1] / "data" / "training"


@pytest.fixture(scope="module")
def java_program(tmp_path_factory) -> list[str]:
    """The command that runs TrainOn, compiled by the compiler that comes with the jars."""
    pydl4j_bridge.start()  # our own jar is there after it
    java, folder = find_java(), tmp_path_factory.mktemp("java")
    path = os.pathsep.join(map(str, (*class_path(), jar_path())))
    executable = str(java.home / "bin" / "java")
    compiler = [executable, "-cp", path, "org.eclipse.jdt.internal.compiler.batch.Main", "-cp", path, "-source", "11"]
    source = Path(__file__).parent / "java" / "TrainOn.java"
    subprocess.run([*compiler, "-target", "11", "-nowarn", "-d", str(folder), str(source)], check=True, timeout=120)
    return [executable, *arguments_for(java), "-cp", os.pathsep.join([str(folder), path]), "TrainOn"]


@pytest.mark.parametrize("name", ["adam", "nadam", "rmsprop-momentum-centered", "poisson-adam"])
def test_a_java_program_takes_the_same_step(name, java_program, tmp_path):
    """One more step in a plain Java program gives the same parameters, to the bit, as one in Python."""
    model = pydl4j_bridge.import_model(DATA / "keras3" / f"{name}.keras", fidelity="exact", state=True)
    model.save(tmp_path / "m.zip")
    random = np.random.default_rng(7)
    x, y = random.normal(size=(8, 4)).astype("f4"), random.random((8, 3)).astype("f4")
    for file, array in (("x", x), ("y", y)):
        (tmp_path / file).write_bytes(array.astype("<f4").tobytes())
    files = [tmp_path / "m.zip", 8, tmp_path / "x", tmp_path / "y", tmp_path / "parameters"]
    done = subprocess.run([*java_program, *map(str, files)], capture_output=True, text=True, check=True, timeout=120)
    loss, iterations = done.stdout.split()
    assert (float(loss), int(iterations)) == (model.train_on_batch(x, y), model.iterations)
    ours = np.array([float(n) for n in model.java.params().dup("c").data().asFloat()], dtype="f4")
    np.testing.assert_array_equal(np.fromfile(tmp_path / "parameters", "<f4"), ours)
