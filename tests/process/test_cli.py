"""The commands that need a JVM, as a user runs them: whole processes, their output and their exit codes."""

import json
import os
import signal
import subprocess
import sys
import time
import zipfile
from pathlib import Path

import pytest

DATA = Path(__file__).parents[1] / "data"
CLI = [sys.executable, "-m", "pydl4j_bridge"]


def run(*arguments: object) -> subprocess.CompletedProcess[str]:
    """One command to its end."""
    return subprocess.run([*CLI, *map(str, arguments)], capture_output=True, text=True)


def test_check_of_a_keras_3_file():
    """The native import refuses it, our updater is built all the same, and that is fine."""
    done = run("check", DATA / "keras3" / "adam.keras")
    assert done.returncode == 0
    assert "org.nd4j.linalg.learning.config.Adam" in done.stdout
    assert "native-refused" in done.stdout
    assert done.stderr == ""


def test_check_as_json():
    """The keys that docs/json.md documents, and nothing else on stdout."""
    done = run("check", "--json", DATA / "tfkeras-legacy" / "nadam.h5")
    (entry,) = json.loads(done.stdout)["files"]
    assert entry["verdict"] == "agree"  # tf.keras writes schedule_decay as decay, which the native import does not read
    assert entry["updater"]["class"] == "org.nd4j.linalg.learning.config.Nadam"
    assert entry["native"]["status"] == entry["native_not_enforced"]["status"] == "imported"
    assert set(entry["updater"]["fields"]) == {"learningRate", "beta1", "beta2", "epsilon"}


def test_a_loss_is_exit_code_1():
    """A Keras setting that ND4J cannot express is a difference that matters."""
    done = run("check", DATA / "tfkeras-legacy" / "rmsprop-momentum.h5")
    assert done.returncode == 1
    assert "ND4J cannot express momentum" in done.stdout


def test_a_folder_gives_a_summary(tmp_path):
    """Folders are searched, what is no Keras file is passed over, and the verdicts are counted."""
    for name in ("sgd.h5", "adam-uncompiled.h5", "adagrad.h5"):
        (tmp_path / name).write_bytes((DATA / "tfkeras-legacy" / name).read_bytes())
    (tmp_path / "notes.json").write_text('{"not": "keras"}')
    done = run("check", "--json", tmp_path)
    assert done.returncode == 0
    summary = json.loads(done.stdout)["summary"]
    counts = {key: summary[key] for key in ("explained", "no-optimizer", "native-refused", "passed over", "errors")}
    assert counts == {"explained": 1, "no-optimizer": 1, "native-refused": 1, "passed over": 1, "errors": 0}


def test_a_bad_file_among_good_ones_is_exit_code_2(tmp_path):
    """The good ones are checked all the same, and the bad one has its error in the list."""
    bad = tmp_path / "bad.h5"
    bad.write_bytes((DATA / "tfkeras-legacy" / "adam.h5").read_bytes()[:3000])
    done = run("check", "--json", bad, DATA / "tfkeras-legacy" / "adam.h5")
    assert done.returncode == 2
    first, second = json.loads(done.stdout)["files"]
    assert first["error"]["type"] == "Truncated"
    assert second["verdict"] == "agree"
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("name", ["keras3/ftrl.keras", "keras3/custom-optimizer.keras", "tfkeras/lion.h5"])
def test_an_optimizer_that_nd4j_lacks_is_exit_code_2(name):
    """It is refused by name."""
    done = run("check", DATA / name)
    assert done.returncode == 2
    assert "UnsupportedOptimizer" in done.stdout + done.stderr


def test_doctor_finds_everything():
    """In the environment of these tests nothing is missing."""
    done = run("doctor", "--json")
    assert {check["name"]: check["detail"] for check in json.loads(done.stdout)["checks"] if not check["ok"]} == {}
    assert done.returncode == 0


def test_doctor_without_jars_is_exit_code_3(tmp_path):
    """What is missing is named, with what to do."""
    done = subprocess.run(
        [*CLI, "doctor"],
        capture_output=True,
        text=True,
        env={**os.environ, "PYDL4J_CACHE": str(tmp_path), "PYDL4J_OFFLINE": "1"},
    )
    assert done.returncode == 3
    assert "pydl4j-bridge jars fetch" in done.stdout


def test_check_without_jars_is_exit_code_3(tmp_path):
    """The error of the worker's environment reaches the user whole."""
    done = subprocess.run(
        [*CLI, "check", str(DATA / "keras3" / "adam.keras")],
        capture_output=True,
        text=True,
        env={**os.environ, "PYDL4J_CACHE": str(tmp_path), "PYDL4J_OFFLINE": "1"},
    )
    assert done.returncode == 3
    assert "JarsMissing" in done.stderr
    assert "Traceback" not in done.stderr


def test_jars_verify_and_path():
    """The jars are there and are those of the lock file."""
    assert run("jars", "verify").returncode == 0
    assert Path(run("jars", "path").stdout.strip()).is_dir()


def test_convert_writes_a_network(tmp_path):
    """A Keras 3 model, which the native import refuses, becomes a zip that DL4J reads."""
    done = run("convert", "--json", DATA / "keras3" / "adam.keras", tmp_path / "adam.zip")
    assert done.returncode == 0
    said = json.loads(done.stdout)
    assert (said["network"], said["updater"]) == ("MultiLayerNetwork", "org.nd4j.linalg.learning.config.Adam")
    assert "configuration.json" in zipfile.ZipFile(tmp_path / "adam.zip").namelist()


def test_convert_refuses_what_dl4j_cannot_compute(tmp_path):
    """By the names of the layers, with exit code 2, and nothing is written."""
    done = run("convert", DATA / "zoo" / "keras3" / "lambda.keras", tmp_path / "lambda.zip")
    assert done.returncode == 2
    assert "(Lambda)" in done.stderr
    assert list(tmp_path.iterdir()) == []


def test_ctrl_c_ends_everything():
    """SIGINT ends the command with 130 and leaves no worker behind."""
    command = subprocess.Popen(
        [*CLI, "check", str(DATA)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        # A shell's background jobs, and so these tests in one, are deaf to SIGINT.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )
    try:
        children: list[str] = []
        while not children and command.poll() is None:
            time.sleep(0.2)
            # Each thread has its own: the workers are started by those of the pool.
            tasks = Path(f"/proc/{command.pid}/task").glob("*/children")
            children = " ".join(task.read_text() for task in tasks).split()
        time.sleep(1)
        command.send_signal(signal.SIGINT)
        _, errors = command.communicate(timeout=30)
    finally:
        command.kill()
    assert (command.returncode, errors.strip().splitlines()[-1]) == (130, "interrupted")
    assert children
    assert not any(Path(f"/proc/{child}").exists() for child in children)
