"""A Java program that has our jar on its class path, and nothing of Python, goes on from a zip that we saved."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import numpy as np
import pytest

import pydl4j_bridge
from pydl4j_bridge import nn
from pydl4j_bridge.jvm.flags import arguments_for
from pydl4j_bridge.jvm.jars import class_path
from pydl4j_bridge.jvm.java import find_java
from pydl4j_bridge.jvm.own_classes import jar_path

DATA = Path(__file__).parents[1] / "data" / "training"


@pytest.fixture(scope="module")
def java_program(tmp_path_factory):
    """A function from the name of a program in ``java/`` to the command that runs it, compiled as our own jar is."""
    pydl4j_bridge.start()  # our own jar is there after it
    java, folder = find_java(), tmp_path_factory.mktemp("java")
    path = os.pathsep.join(map(str, (*class_path(), jar_path())))
    executable = str(java.home / "bin" / "java")
    compiler = [executable, "-cp", path, "org.eclipse.jdt.internal.compiler.batch.Main", "-cp", path, "-source", "11"]
    sources = map(str, (Path(__file__).parent / "java").glob("*.java"))
    subprocess.run([*compiler, "-target", "11", "-nowarn", "-d", str(folder), *sources], check=True, timeout=120)
    return lambda name: [executable, *arguments_for(java), "-cp", os.pathsep.join([str(folder), path]), name]


@pytest.mark.parametrize("name", ["adam-cosine-restarts", "nadam", "rmsprop-momentum-centered", "poisson-adam"])
def test_a_java_program_takes_the_same_step(name, java_program, tmp_path):
    """One more step in a plain Java program gives the same parameters, to the bit, as one in Python."""
    model = pydl4j_bridge.import_model(DATA / "keras3" / f"{name}.keras", fidelity="exact", state=True)
    model.save(tmp_path / "m.zip")
    random = np.random.default_rng(7)
    x, y = random.normal(size=(8, 4)).astype("f4"), random.random((8, 3)).astype("f4")
    for file, array in (("x", x), ("y", y)):
        (tmp_path / file).write_bytes(array.astype("<f4").tobytes())
    files = [tmp_path / "m.zip", 8, tmp_path / "x", tmp_path / "y", tmp_path / "parameters"]
    done = subprocess.run(
        [*java_program("TrainOn"), *map(str, files)], capture_output=True, text=True, check=True, timeout=120
    )
    loss, iterations = done.stdout.split()
    assert (float(loss), int(iterations)) == (model.train_on_batch(x, y), model.iterations)
    ours = np.array([float(n) for n in model.java.params().dup("c").data().asFloat()], dtype="f4")
    np.testing.assert_array_equal(np.fromfile(tmp_path / "parameters", "<f4"), ours)


def test_a_network_built_in_python_is_the_one_built_in_java(java_program, tmp_path):
    """That of the notebook that builds one: the same configuration, and the same score after 50 steps."""
    random = np.random.default_rng(5)
    x, y = random.random((200, 8, 8, 1)).astype("f4"), np.eye(10, dtype="f4")[random.integers(0, 10, 200)]
    for file, array in (("x", x), ("y", y)):
        (tmp_path / file).write_bytes(array.astype("<f4").tobytes())
    files = [tmp_path / "x", tmp_path / "y", 200, 32, 50, tmp_path / "configuration.json"]
    command = [*java_program("BuildDigits"), *map(str, files)]
    done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=120)
    network = nn.Sequential(
        [
            nn.Conv2D(16, 3, padding="same", activation="relu"),
            nn.MaxPooling2D(2),
            nn.Dense(64, activation="relu"),
            nn.Dropout(0.2),
            nn.Output(10, activation="softmax", loss="categorical_crossentropy"),
        ],
        input_type=(8, 8, 1),
        updater=nn.Adam(1e-3),
        seed=7,
    )
    assert network.to_json() == (tmp_path / "configuration.json").read_text()
    for step in range(50):
        begin = step * 32 % (200 - 32 + 1)
        score = network.train_on_batch(x[begin : begin + 32], y[begin : begin + 32])
    assert score == float(done.stdout)
