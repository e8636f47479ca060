"""Where Keras's numbers come from: a recorded file, or Keras itself in a process of its own."""

from __future__ import annotations

import hashlib
import importlib.util
import json
import math
import os
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pydl4j_bridge.compare.alignment import Computed
from pydl4j_bridge.compare.layers import Oracle, Recorded
from pydl4j_bridge.errors import InvalidConfig, KerasProcessError, NotAKerasFile
from pydl4j_bridge.jvm.lock import DL4J
from pydl4j_bridge.kerasfile import KerasModelFile

#: Numbers of one layer that are kept whole; of larger ones so many are chosen, as ``keras_script`` does.
_LARGEST, _CHOSEN = 2**18, 2**14
_SCRIPT = Path(__file__).with_name("keras_script.py")
#: Names the Python that has Keras, where it is not this one.
KERAS_PYTHON = "PYDL4J_KERAS_PYTHON"


def read_oracle(path: str | os.PathLike[str]) -> Oracle:
    """What was recorded by ``pydl4j-bridge record``, or by anyone else: ``input_0`` ..., ``output_0`` ... and, where
    layers are to be compared, ``layer|path``; where gradients are, ``label_0`` ... and ``gradient|path/weight``.

    Raises:
        NotAKerasFile: it is no ``.npz``.
        InvalidConfig: it has no outputs.
    """
    file, arrays = os.fspath(path), _arrays(path)
    outputs = _numbered(arrays, "output")
    if not outputs:
        raise InvalidConfig("there are no outputs in it", because="they are called output_0, output_1 ...", file=file)
    about = json.loads(str(arrays["about"])) if "about" in arrays else {}
    return Oracle(
        source=f"recorded by {about['keras']}" if "keras" in about else f"recorded in {file}",
        inputs=_numbered(arrays, "input"),
        outputs=outputs,
        layers=_recorded_layers(arrays),
        dtype=about.get("dtype", str(outputs[0].dtype)),
        labels=_numbered(arrays, "label"),
        gradients=_of_kind(arrays, "gradient"),
        no_gradients=about.get("no_gradients", ""),
    )


def _recorded_layers(arrays: Mapping[str, NDArray[Any]]) -> dict[str, Recorded]:
    layers = {}
    for key, array in arrays.items():
        kind, _, name = key.partition("|")
        if kind == "layer":
            layers[name] = Recorded(array.shape, array)
        elif kind == "some":
            shape = tuple(int(size) for size in arrays[f"shape|{name}"])
            layers[name] = Recorded(shape, array, arrays[f"positions|{name}"])
    return layers


def _of_kind(arrays: Mapping[str, NDArray[Any]], kind: str) -> dict[str, NDArray[Any]]:
    return {key.partition("|")[2]: array for key, array in arrays.items() if key.startswith(f"{kind}|")}


def write_computed(computed: Computed, model: str | os.PathLike[str], out: str | os.PathLike[str]) -> None:
    """Write what DL4J computes for a model; of large layers some numbers, and the largest. It appears when it is whole.

    Args:
        computed: the numbers.
        model: the Keras file that they are of.
        out: the ``.npz`` to write.
    """
    kept: dict[str, NDArray[Any]] = {}
    for kind, several in (("input", computed.inputs), ("output", computed.outputs)):
        kept.update({f"{kind}_{at}": array for at, array in enumerate(several)})
    for name, array in computed.layers.items():
        if array.size <= _LARGEST:
            kept[f"layer|{name}"] = array
            continue
        at = np.sort(np.random.default_rng(array.size).choice(array.size, _CHOSEN, replace=False))
        at[0] = np.abs(array).argmax()  # the scale of the layer
        kept.update(
            {f"shape|{name}": np.array(array.shape), f"positions|{name}": at, f"some|{name}": array.ravel()[at]}
        )
    kept["about"] = np.array(json.dumps({"dl4j": DL4J, "model": _digest(model)}))
    target = Path(out)
    with tempfile.TemporaryDirectory(dir=target.absolute().parent) as folder:
        unfinished = Path(folder) / "computed.npz"
        np.savez_compressed(unfinished, **kept)  # type: ignore[arg-type]
        os.replace(unfinished, target)


def read_computed(path: str | os.PathLike[str], *, of: str | os.PathLike[str]) -> Computed:
    """What :func:`write_computed` has written.

    Raises:
        NotAKerasFile: it is no ``.npz``.
        InvalidConfig: it was not written by DL4J's side, or of another model than the file ``of``.
    """
    arrays = _arrays(path)
    about = json.loads(str(arrays["about"])) if "about" in arrays else {}
    if "dl4j" not in about:
        raise InvalidConfig(
            "this is not what DL4J computes",
            because="`verify record` has not written it",
            file=os.fspath(path),
            fix="What Keras computes is for `verify --expected`",
        )
    if about["model"] != _digest(of):
        raise InvalidConfig(f"{os.fspath(path)} was recorded of another file", file=os.fspath(of))
    layers: dict[str, NDArray[Any]] = {}
    for name, found in _recorded_layers(arrays).items():
        if found.positions is None:
            layers[name] = found.values
        else:
            whole, unknown = np.zeros(math.prod(found.shape)), np.ones(math.prod(found.shape), dtype=bool)
            whole[found.positions], unknown[found.positions] = found.values, False
            layers[name] = np.ma.MaskedArray(whole, unknown).reshape(found.shape)
    return Computed(_numbered(arrays, "input"), _numbered(arrays, "output"), layers)


def _digest(path: str | os.PathLike[str]) -> str:
    try:
        return hashlib.sha256(Path(path).read_bytes()).hexdigest()
    except OSError as error:
        raise NotAKerasFile(f"{os.fspath(path)} cannot be read", because=str(error), file=path) from error


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
    except OSError as error:
        why = f"what was recorded: {error.strerror or error}"
        raise NotAKerasFile(f"{os.fspath(path)} cannot be read", because=why, file=path) from error
    except (ValueError, zipfile.BadZipFile) as error:
        raise NotAKerasFile(f"{os.fspath(path)} is no .npz of arrays", because=str(error), file=path) from error


def ask_keras(
    file: KerasModelFile,
    inputs: Sequence[NDArray[Any]],
    out: str | os.PathLike[str],
    *,
    python: str | None = None,
    time_limit: float = 300.0,
    gradients: Mapping[str, Any] | None = None,
    whole: bool = False,
) -> Oracle:
    """What Keras computes, asked in a process of its own, where a Python has it.

    Args:
        file: a whole model; those that Keras 3 did not write are loaded by tf_keras.
        inputs: in the order of the model's.
        out: the ``.npz`` that is written.
        python: a Python that has Keras; None: the one that ``PYDL4J_KERAS_PYTHON`` names, or this one.
        time_limit: seconds.
        gradients: compute them as well: ``names`` of the trained weights in Keras's order, and ``classes``: for each
            output whether its labels are classes.
        whole: keep all numbers of large layers.

    Raises:
        KerasProcessError: that Python has no Keras, or Keras cannot load the model or compute it.
    """
    module = "keras" if file.dialect == "keras-3" else "tf_keras"
    python = python or keras_python(module)
    if python is None:
        raise KerasProcessError(
            f"there is no {module} to ask",
            because=f"this Python cannot import it, and {KERAS_PYTHON} is not set",
            fix=f"Set {KERAS_PYTHON} to a Python that has it; give what was recorded elsewhere: --expected; or write "
            "what DL4J computes here, for a machine that has Keras: pydl4j-bridge verify record",
        )
    with tempfile.TemporaryDirectory() as folder:
        given, made = Path(folder) / "inputs.npz", Path(folder) / "recorded.npz"
        np.savez(given, **{f"input_{at}": array for at, array in enumerate(inputs)})  # type: ignore[arg-type]
        command = [python, str(_SCRIPT), module, str(Path(file.path or "").absolute()), str(made), str(given)]
        command.append(json.dumps({"gradients": gradients, "whole": whole}))
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
