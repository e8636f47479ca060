"""Where Keras's numbers come from: a recorded file, or Keras itself in a process of its own."""

from __future__ import annotations

import importlib.util
import json
import os
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pydl4j_bridge.compare.layers import Recorded
from pydl4j_bridge.errors import InvalidConfig, KerasProcessError, NotAKerasFile
from pydl4j_bridge.kerasfile import KerasModelFile

_SCRIPT = Path(__file__).with_name("keras_script.py")
#: Names the Python that has Keras, where it is not this one.
KERAS_PYTHON = "PYDL4J_KERAS_PYTHON"


@dataclass(frozen=True, slots=True)
class Oracle:
    """What Keras computes for some inputs.

    Attributes:
        source: where that was recorded, in words.
        inputs: in the order of the model's.
        outputs: likewise.
        layers: path of a layer in Keras, ``model/layer`` → what it gives.
        dtype: of the outputs.
    """

    source: str
    inputs: tuple[NDArray[Any], ...]
    outputs: tuple[NDArray[Any], ...]
    layers: Mapping[str, Recorded] = field(default_factory=dict)
    dtype: str = "float32"


def read_oracle(path: str | os.PathLike[str]) -> Oracle:
    """What was recorded by ``pydl4j-bridge verify record``, or by anyone else: ``input_0`` ..., ``output_0`` ... and,
    where layers are to be compared, ``layer|path``.

    Raises:
        NotAKerasFile: it is no ``.npz``.
        InvalidConfig: it has no outputs.
    """
    file, arrays = os.fspath(path), _arrays(path)
    outputs = _numbered(arrays, "output")
    if not outputs:
        raise InvalidConfig("there are no outputs in it", because="they are called output_0, output_1 ...", file=file)
    layers = {}
    for key, array in arrays.items():
        kind, _, name = key.partition("|")
        if kind == "layer":
            layers[name] = Recorded(array.shape, array)
        elif kind == "some":
            shape = tuple(int(size) for size in arrays[f"shape|{name}"])
            layers[name] = Recorded(shape, array, arrays[f"positions|{name}"])
    about = json.loads(str(arrays["about"])) if "about" in arrays else {}
    source = f"recorded by {about['keras']}" if "keras" in about else f"recorded in {file}"
    return Oracle(source, _numbered(arrays, "input"), outputs, layers, about.get("dtype", str(outputs[0].dtype)))


def read_inputs(path: str | os.PathLike[str]) -> list[NDArray[Any]]:
    """``input_0``, ``input_1`` ... of an ``.npz``.

    Raises:
        NotAKerasFile: it is none.
        InvalidConfig: it has no such arrays.
    """
    arrays = _arrays(path)
    found = _numbered(arrays, "input")
    if not found:
        raise InvalidConfig("there are no inputs in it", because="they are called input_0 ...", file=os.fspath(path))
    return list(found)


def _arrays(path: str | os.PathLike[str]) -> dict[str, NDArray[Any]]:
    try:
        with np.load(path, allow_pickle=False) as archive:
            return dict(archive)
    except (OSError, ValueError, zipfile.BadZipFile) as error:
        raise NotAKerasFile(f"{os.fspath(path)} is no .npz of arrays", because=str(error), file=path) from error


def ask_keras(
    file: KerasModelFile,
    inputs: Sequence[NDArray[Any]],
    out: str | os.PathLike[str],
    *,
    python: str | None = None,
    time_limit: float = 300.0,
) -> Oracle:
    """What Keras computes, asked in a process of its own, where a Python has it.

    Args:
        file: a whole model; those that Keras 3 did not write are loaded by tf_keras.
        inputs: in the order of the model's.
        out: the ``.npz`` that is written.
        python: a Python that has Keras; None: the one that ``PYDL4J_KERAS_PYTHON`` names, or this one.
        time_limit: seconds.

    Raises:
        KerasProcessError: that Python has no Keras, or Keras cannot load the model or compute it.
    """
    module = "keras" if file.dialect == "keras-3" else "tf_keras"
    python = python or keras_python(module)
    if python is None:
        raise KerasProcessError(
            f"there is no {module} to ask",
            because=f"this Python cannot import it, and {KERAS_PYTHON} is not set",
            fix=f"Set {KERAS_PYTHON} to a Python that has it, or give what was recorded elsewhere: --expected",
        )
    with tempfile.TemporaryDirectory() as folder:
        given, made = Path(folder) / "inputs.npz", Path(folder) / "recorded.npz"
        np.savez(given, **{f"input_{at}": array for at, array in enumerate(inputs)})  # type: ignore[arg-type]
        command = [python, str(_SCRIPT), module, str(Path(file.path or "").absolute()), str(made), str(given)]
        environment = {key: value for key, value in os.environ.items() if key not in ("PYTHONPATH", "PYTHONHOME")}
        try:
            done = subprocess.run(
                command,
                capture_output=True,
                text=True,
                errors="replace",
                timeout=time_limit,
                cwd=folder,
                env=environment,
            )
        except (OSError, subprocess.TimeoutExpired) as error:
            raise KerasProcessError(f"{module} did not answer", because=str(error), file=file.path) from error
        if done.returncode:
            lines = done.stderr.strip().splitlines() or ["it said nothing"]
            raise KerasProcessError(
                f"{module} cannot compute the model", because=lines[-1][:1000], file=file.path, fix="See the log"
            )
        os.replace(made, out) if _same_disk(made, out) else Path(out).write_bytes(made.read_bytes())
    return read_oracle(out)


def keras_python(module: str) -> str | None:
    """A Python that has a module of Keras; None where none is known."""
    named = os.environ.get(KERAS_PYTHON)
    if named:
        return named
    return sys.executable if importlib.util.find_spec(module) is not None else None


def _same_disk(made: Path, out: str | os.PathLike[str]) -> bool:
    return os.stat(made).st_dev == os.stat(Path(out).absolute().parent).st_dev


def _numbered(arrays: Mapping[str, NDArray[Any]], kind: str) -> tuple[NDArray[Any], ...]:
    count = sum(key.startswith(f"{kind}_") for key in arrays)
    missing = [f"{kind}_{at}" for at in range(count) if f"{kind}_{at}" not in arrays]
    if missing:
        raise InvalidConfig(f"{missing[0]} is missing", because=f"there are {count} arrays called {kind}_...")
    return tuple(arrays[f"{kind}_{at}"] for at in range(count))
