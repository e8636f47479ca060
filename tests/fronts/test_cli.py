"""The commands that need no JVM, as a user runs them: what they print, as tables and as JSON, and how they exit."""

import io
import json
import os
import subprocess
import sys
import zipfile
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from pydl4j_bridge.cli import cli, main

DATA = Path(__file__).parents[1] / "data"
ADAM = DATA / "keras3" / "adam.keras"
LOSSY = DATA / "keras3" / "rmsprop-momentum.h5"
ENTRY = {
    "path", "container", "saved", "dialect", "keras_version", "backend", "model_class", "loss", "optimizer",
    "optimizer_config", "has_optimizer_state", "reason", "reason_text", "fix", "updater", "findings", "error",
}  # fmt: skip
FINDING = {"key", "value", "outcome", "why", "changes_training"}
OUTCOMES = {"mapped", "defaulted", "approximated", "not carried"}
MODEL = {"class_name": "Sequential", "config": {"layers": []}}


def run(*arguments: object) -> Result:
    """One command in this process."""
    return CliRunner().invoke(cli, list(map(str, arguments)), standalone_mode=False)


def process(*arguments: object, **environment: str) -> subprocess.CompletedProcess[str]:
    """One command as a process of its own."""
    command = [sys.executable, "-m", "pydl4j_bridge", *map(str, arguments)]
    return subprocess.run(
        command,
        capture_output=True,
        encoding="utf-8",
        errors="surrogateescape",
        timeout=60,
        env={**os.environ, **environment},
    )


def ended(*arguments: object) -> subprocess.CompletedProcess[str]:
    """The same in this process, which is faster: what ``main`` prints and the code that it exits with."""
    out, err = io.StringIO(), io.StringIO()
    with pytest.MonkeyPatch.context() as patch, redirect_stdout(out), redirect_stderr(err):
        patch.setattr(sys, "argv", ["pydl4j-bridge", *map(str, arguments)])
        with pytest.raises(SystemExit) as stopped:
            main()
    return subprocess.CompletedProcess([], stopped.value.code, out.getvalue(), err.getvalue())


def parse(text: str) -> Any:
    """``text`` as JSON, in which there are no NaN and no infinities."""

    def refuse(constant: str) -> None:
        raise AssertionError(f"{constant} is no JSON")

    return json.loads(text, parse_constant=refuse)


def entry(*arguments: object) -> dict[str, Any]:
    """The one entry that a command with --json prints."""
    done = run(*arguments, "--json")
    assert done.exception is None
    (only,) = parse(done.output)["files"]
    return only


def optimizer(path: Path, name: str = "Adam", /, **config: Any) -> Path:
    """A file with this optimizer and nothing else."""
    path.write_text(json.dumps({"class_name": name, "config": config}))
    return path


# --- inspect --------------------------------------------------------------------------------------------------------


def test_inspect() -> None:
    """A person reads who wrote the file, its optimizer and every setting of it."""
    out = run("inspect", ADAM).output
    for part in (str(ADAM), "Keras 3", "3.15.1", "Sequential", "mse", "Adam", "learning_rate", "0.001", "beta_1"):
        assert part in out


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("keras3/adam-uncompiled.h5", "not compiled"),
        ("keras3/adam-weights-only.weights.h5", "weights only"),
        ("tfkeras/adam-config-only.json", "architecture only"),
        ("keras3/adam-keras-after-h5.keras", "not its class"),
    ],
)
def test_inspect_without_optimizer(name: str, reason: str) -> None:
    """A file without an optimizer is no error: the reason is printed, with what to do."""
    done = ended("inspect", DATA / name)
    assert done.returncode == 0
    assert done.stderr == ""
    assert reason in " ".join(done.stdout.split())
    assert "model." in done.stdout or "Load the model" in done.stdout


def test_inspect_as_json() -> None:
    """The documented keys, with what the file says."""
    found = entry("inspect", ADAM)
    assert set(found) == ENTRY
    said = {key: found[key] for key in ("path", "container", "saved", "dialect", "keras_version", "optimizer", "loss")}
    assert said == {
        "path": str(ADAM),
        "container": "keras",
        "saved": "whole model",
        "dialect": "keras-3",
        "keras_version": "3.15.1",
        "optimizer": "Adam",
        "loss": "mse",
    }
    assert found["optimizer_config"]["beta_1"] == 0.9
    assert (found["reason"], found["updater"], found["findings"], found["error"]) == (None, None, [], None)


def test_inspect_without_optimizer_as_json() -> None:
    """The reason has a stable name, a sentence and what to do."""
    found = entry("inspect", DATA / "keras3" / "adam-uncompiled.keras")
    assert (found["optimizer"], found["optimizer_config"], found["reason"]) == (None, None, "not-compiled")
    assert found["reason_text"]
    assert found["fix"]


@pytest.mark.parametrize("folder", ["keras3", "tfkeras", "tfkeras-legacy"])
def test_inspect_every_fixture_as_json(folder: str) -> None:
    """Every file that Keras wrote can be inspected, and its JSON is JSON."""
    for name in json.loads((DATA / folder / "manifest.json").read_text())["files"]:
        found = entry("inspect", DATA / folder / name)
        assert set(found) == ENTRY
        assert (found["optimizer"] is None) == (found["reason"] is not None)


# --- map ------------------------------------------------------------------------------------------------------------


def test_map() -> None:
    """A person reads the Java class, its fields, and what became of every setting."""
    out = run("map", ADAM).output
    for part in ("org.nd4j.linalg.learning.config.Adam", "beta1", "0.999", "learning_rate", "mapped", "amsgrad"):
        assert part in out


def test_map_as_json() -> None:
    """The class by its full name, its fields by their Builder names, and a finding for every setting."""
    found = entry("map", ADAM)
    assert set(found) == ENTRY
    assert found["updater"]["class"] == "org.nd4j.linalg.learning.config.Adam"
    assert set(found["updater"]["fields"]) == {"learningRate", "beta1", "beta2", "epsilon"}
    assert all(set(finding) == FINDING for finding in found["findings"])
    assert {finding["outcome"] for finding in found["findings"]} <= OUTCOMES
    assert set(found["optimizer_config"]) <= {finding["key"] for finding in found["findings"]}


def test_map_of_a_schedule_as_json() -> None:
    """A schedule is an object with its class and its fields."""
    schedule = entry("map", DATA / "keras3" / "sgd-exponential-decay.keras")["updater"]["fields"][
        "learningRateSchedule"
    ]
    assert schedule["class"] == "org.nd4j.linalg.schedule.ExponentialSchedule"
    assert {"scheduleType", "initialValue", "gamma"} == set(schedule["fields"])


def test_map_java() -> None:
    """Only Java code on stdout, to be copied."""
    done = ended("map", ADAM, "--java")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("import org.nd4j.linalg.learning.config.Adam;\n")
    assert ".beta1(0.9)" in done.stdout
    assert done.stdout.rstrip().endswith(".build();")


def test_map_java_as_json() -> None:
    """The code is one more key."""
    found = entry("map", ADAM, "--java")
    assert {*ENTRY, "java"} == set(found)
    assert "new Adam.Builder()" in found["java"]


def test_map_of_a_loss() -> None:
    """A setting that ND4J cannot express is an error that names it and the way around, without a stack trace."""
    done = ended("map", LOSSY)
    assert done.returncode != 0
    assert done.stdout == ""
    assert "momentum" in done.stderr
    assert "--on-loss warn" in done.stderr
    assert "Traceback" not in done.stderr


def test_map_on_loss_warn() -> None:
    """With --on-loss warn the rest is mapped, and a warning on stderr names what is lost."""
    done = ended("map", LOSSY, "--on-loss", "warn", "--json")
    assert done.returncode == 0
    assert done.stderr.startswith("warning: ")
    assert "momentum" in done.stderr
    assert "Traceback" not in done.stderr
    (found,) = parse(done.stdout)["files"]
    lost = [finding["key"] for finding in found["findings"] if finding["outcome"] == "not carried"]
    assert "momentum" in lost


def test_map_on_loss_ignore() -> None:
    """With --on-loss ignore nothing is said beside the findings."""
    done = ended("map", LOSSY, "--on-loss", "ignore")
    assert (done.returncode, done.stderr) == (0, "")
    assert "not carried" in done.stdout


def test_map_without_optimizer() -> None:
    """Mapping what is not there is bad input, with the reason and what to do."""
    done = ended("map", DATA / "keras3" / "adam-uncompiled.h5")
    assert (done.returncode, done.stdout) == (2, "")
    assert "not compiled" in done.stderr
    assert "model.compile(" in done.stderr


@pytest.mark.parametrize("name", ["ftrl", "lion", "loss-scale-optimizer", "custom-optimizer"])
def test_map_of_an_unsupported_optimizer(name: str) -> None:
    """An optimizer without a counterpart is refused by name."""
    done = ended("map", DATA / "keras3" / f"{name}.keras")
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("UnsupportedOptimizer")


# --- bad input ------------------------------------------------------------------------------------------------------


def bad_files(folder: Path) -> dict[str, Path]:
    """One file of each kind of bad input."""
    files = {
        "missing": folder / "absent.h5",
        "empty": folder / "empty.h5",
        "folder": folder / "folder",
        "text": folder / "text.h5",
        "truncated h5": folder / "truncated.h5",
        "truncated keras": folder / "truncated.keras",
        "zip without config": folder / "other.keras",
        "hdf5 of somebody else": folder / "other.h5",
        "invalid JSON": folder / "invalid.json",
        "JSON of somebody else": folder / "other.json",
        "deep JSON": folder / "deep.json",
        "version": folder / "version.json",
        "model class": folder / "class.json",
    }
    files["empty"].touch()
    files["folder"].mkdir()
    files["text"].write_text("hello")
    files["truncated h5"].write_bytes((DATA / "keras3" / "adam.h5").read_bytes()[:9000])
    files["truncated keras"].write_bytes(ADAM.read_bytes()[:9000])
    with zipfile.ZipFile(files["zip without config"], "w") as archive:
        archive.writestr("readme.txt", "hello")
    h5py = pytest.importorskip("h5py")
    with h5py.File(files["hdf5 of somebody else"], "w") as file:
        file["x"] = 1
    files["invalid JSON"].write_text("{'a': 1}")
    files["JSON of somebody else"].write_text('{"a": 1}')
    files["deep JSON"].write_text('{"a":' * 5000)
    files["version"].write_text(json.dumps({**MODEL, "keras_version": 3}))
    files["model class"].write_text(json.dumps({**MODEL, "class_name": [1]}))
    return files


KINDS = (
    "missing", "empty", "folder", "text", "truncated h5", "truncated keras", "zip without config",
    "hdf5 of somebody else", "invalid JSON", "JSON of somebody else", "deep JSON", "version", "model class",
)  # fmt: skip


@pytest.mark.parametrize("kind", KINDS)
def test_bad_input(kind: str, tmp_path: Path) -> None:
    """Bad input is exit code 2, an error by name on stderr that names the file, and nothing on stdout."""
    path = bad_files(tmp_path)[kind]
    done = process("inspect", path)
    assert (done.returncode, done.stdout) == (2, "")
    assert path.name in done.stderr
    assert "Traceback" not in done.stderr
    assert done.stderr.split(":")[0] in ("NotAKerasFile", "Truncated", "InvalidConfig", "UnknownDialect")


@pytest.mark.parametrize("kind", KINDS)
def test_bad_input_as_json(kind: str, tmp_path: Path) -> None:
    """The same as JSON on stdout: an entry with the same keys as a good one, and the error."""
    path = bad_files(tmp_path)[kind]
    done = ended("inspect", path, "--json")
    assert done.returncode == 2
    assert "Traceback" not in done.stderr
    printed = parse(done.stdout)
    (found,) = printed["files"]
    assert set(found) == ENTRY
    assert (found["path"], found["optimizer"]) == (str(path), None)
    assert {"type", "what", "because", "file", "where", "near", "fix"} <= set(found["error"])
    assert printed["error"] == found["error"]


@pytest.mark.parametrize(
    ("key", "text"),
    [
        ("learning_rate", "NaN"),
        ("learning_rate", "-0.1"),
        ("learning_rate", "1e400"),
        ("beta_1", "Infinity"),
        ("beta_2", "2"),
        ("epsilon", '"x"'),
        ("amsgrad", "1"),
        ("name", "[]"),
    ],
)
def test_bad_values(key: str, text: str, tmp_path: Path) -> None:
    """A value that Keras could not have meant is exit code 2, and the error names the key."""
    path = tmp_path / "optimizer.json"
    path.write_text(f'{{"class_name": "Adam", "config": {{"{key}": {text}}}}}')
    done = ended("map", path)
    assert (done.returncode, done.stdout) == (2, "")
    assert f"config.{key}" in done.stderr
    assert "Traceback" not in done.stderr


def test_no_nan_in_json(tmp_path: Path) -> None:
    """NaN and infinities of a file are text in JSON, which has no such numbers."""
    path = tmp_path / "optimizer.json"
    path.write_text('{"class_name": "Adam", "config": {"learning_rate": NaN, "x": [Infinity, {"y": -Infinity}]}}')
    config = entry("inspect", path)["optimizer_config"]
    assert config == {"learning_rate": "nan", "x": ["inf", {"y": "-inf"}]}
    assert process("inspect", path).returncode == 0


HOSTILE = {
    "markup in a key": {"[/]": 1},
    "markup in a value": {"name": "[red]x[/] [/]"},
    "markup in an unknown value": {"x": ["[/]"]},
    "class without config": {"learning_rate": {"class_name": "X", "config": [1]}},
    "empty key": {"": 1},
    "lone surrogate": {"name": "\ud800"},
    "escape sequence": {"name": "\x1b[2J\x1b]0;title\x07"},
    "long": {"x": "y" * 100_000},
    "not Latin": {"name": "模型"},
    "deep": {"x": json.loads("[" * 150 + "]" * 150)},
}


@pytest.mark.parametrize("config", HOSTILE.values(), ids=HOSTILE)
@pytest.mark.parametrize("command", [["inspect"], ["map", "--on-loss", "ignore"]], ids=lambda command: command[0])
@pytest.mark.parametrize("more", [[], ["--json"]], ids=["table", "json"])
def test_hostile_configs(more: list[str], command: list[str], config: dict[str, Any], tmp_path: Path) -> None:
    """Whatever stands in a config, it is printed or refused; never a stack trace, never the terminal's commands."""
    done = process(*command, optimizer(tmp_path / "x.json", **{"learning_rate": 0.1} | config), *more)
    assert done.returncode in (0, 2)
    assert "Traceback" not in done.stderr
    assert "\x1b" not in done.stdout + done.stderr


@pytest.mark.parametrize("name", [os.fsdecode(b"\xff.h5"), "a\nb.h5", "模型.h5", "[x.h5", "-- x.h5"])
def test_strange_file_names(name: str, tmp_path: Path) -> None:
    """A file is read and named whatever its name is."""
    path = tmp_path / name
    try:
        path.write_bytes((DATA / "keras3" / "adam.h5").read_bytes())
    except OSError:
        pytest.skip("this file system does not take the name")
    for arguments in ((path,), (path, "--json")):
        done = process("inspect", *arguments)
        assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize("name", ["[/]", "\x1b[2J", "\ud800", "", "a>[red]b"], ids=ascii)
@pytest.mark.parametrize("command", ["inspect", "map"])
def test_hostile_class_names(command: str, name: str, tmp_path: Path) -> None:
    """The same for the name of the optimizer's class."""
    done = process(command, optimizer(tmp_path / "x.json", name, learning_rate=0.1))
    assert done.returncode in (0, 2)
    assert "Traceback" not in done.stderr
    assert "\x1b" not in done.stdout + done.stderr


def test_output_of_a_narrow_encoding() -> None:
    """A terminal that knows only ASCII gets the tables all the same."""
    done = process("map", ADAM, PYTHONIOENCODING="ascii", PYTHONUTF8="0", LC_ALL="C")
    assert (done.returncode, done.stderr) == (0, "")


# --- usage ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "arguments",
    [
        ["inspect"],
        ["map"],
        ["inspect", "a", "b"],
        ["wibble"],
        ["inspect", "--wibble", "a"],
        ["map", "a", "--on-loss", "wibble"],
        ["check"],
        ["check", "a", "--time-limit", "0"],
        ["jars", "wibble"],
    ],
    ids=" ".join,
)
def test_usage(arguments: list[str]) -> None:
    """A command line that is none is exit code 2, with the usage on stderr."""
    done = ended(*arguments)
    assert (done.returncode, done.stdout) == (2, "")
    assert "Usage:" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("arguments", [["--help"], ["-h"], ["inspect", "--help"], ["map", "-h"], ["jars", "--help"]])
def test_help(arguments: list[str]) -> None:
    """Help is exit code 0 and says what a command does."""
    done = run(*arguments)
    assert done.exception is None
    assert "Usage:" in done.output


def test_version() -> None:
    """The version of the package."""
    done = process("--version")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("pydl4j-bridge, version ")
