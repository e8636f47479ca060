"""Models whose weights do not fit their config, imported in a process with a JVM: errors of ours, never its end."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest

from pydl4j_bridge.jvm import jars, setup

CODE = """
import sys
import pydl4j_bridge
from pydl4j_bridge.errors import BridgeError

pydl4j_bridge.start()  # what is refused before Java is needed must be refused with Java running, too
for path in sys.argv[1:]:
    try:
        model = pydl4j_bridge.import_model(path, optimizer=False)
        print("imported", model.java.numParams())
    except BridgeError as error:
        print(type(error).__name__)
"""


#: What Keras writes in every layer and the importer asks for.
COMMON: dict[str, Any] = {
    "trainable": True,
    "dtype": "float32",
    "use_bias": True,
    "data_format": "channels_last",
    "dilation_rate": [1, 1],
    **dict.fromkeys(("kernel_regularizer", "bias_regularizer", "kernel_constraint", "bias_constraint")),
    **{key: {"class_name": "Zeros", "config": {}} for key in ("kernel_initializer", "bias_initializer")},
}


def written(path: Path, shape: tuple[int | None, ...], layers: list[tuple[str, dict[str, Any], list[Any]]]) -> str:
    """A Sequential of layers (class, config, weights) as Keras 2 saves it."""
    configs: list[dict[str, Any]] = []
    with h5py.File(path, "w") as file:
        for at, (class_name, config, weights) in enumerate(layers):
            name = f"l{at}"
            first = {} if at else {"batch_input_shape": [None, *shape]}
            configs.append({"class_name": class_name, "config": {"name": name, **COMMON, **first, **config}})
            group = file.create_group(f"model_weights/{name}")
            group.attrs["weight_names"] = [f"w{number}".encode() for number in range(len(weights))]
            for number, weight in enumerate(weights):
                group[f"w{number}"] = np.asarray(weight, np.float32)
        config = {"class_name": "Sequential", "config": {"name": "m", "layers": configs}}
        file.attrs.update(model_config=json.dumps(config), keras_version="2.9.0", backend="tensorflow")
    return str(path)


def dense(kernel: Any, bias: Any, **config: Any) -> tuple[str, dict[str, Any], list[Any]]:
    """A Dense layer."""
    return "Dense", {"units": 2, "activation": "linear", **config}, [kernel, bias]


def conv(**config: Any) -> tuple[str, dict[str, Any], list[Any]]:
    """A Conv2D layer of 3 x 3 on three channels."""
    settings = {"filters": 2, "kernel_size": [3, 3], "strides": [1, 1], "padding": "valid", "activation": "linear"}
    return "Conv2D", {**settings, **config}, [np.ones((3, 3, 3, 2)), np.ones(2)]


KERNEL, BIAS = np.ones((3, 2)), np.ones(2)
FLATTEN: tuple[str, dict[str, Any], list[Any]] = ("Flatten", {}, [])
PADDING = ("ZeroPadding2D", {"padding": [[20_000, 20_000], [20_000, 20_000]]}, [])
CASES: dict[str, list[tuple[tuple[int | None, ...], list[tuple[str, dict[str, Any], list[Any]]], str]]] = {
    "good": [((3,), [dense(KERNEL, BIAS)], "imported 8")],
    "kernels": [
        ((3,), [dense(kernel, BIAS)], "InvalidConfig")
        for kernel in (KERNEL.T, np.ones((3, 2, 1)), np.ones(6), 1.0, np.ones((0, 2)), np.ones((3, 0)))
    ],
    "other inputs": [
        ((3,), [dense(kernel, BIAS)], "InvalidConfig") for kernel in (np.ones((2, 2)), np.ones((3000, 2)))
    ],
    "biases": [((3,), [dense(KERNEL, bias)], "InvalidConfig") for bias in (1.0, [], np.ones(3), np.ones(100_000))],
    "units": [((3,), [dense(KERNEL, BIAS, units=units)], "InvalidConfig") for units in (-1, 0, 10**9, 10**18, 10**30)],
    "windows": [
        ((8, 8, 3), [conv(**{key: value}), FLATTEN], "InvalidConfig")
        for key in ("kernel_size", "strides", "dilation_rate")
        for value in ([0, 0], [-1, -1], [3], [10**12, 1], 0, "x")
    ],
    "depthwise": [
        (
            (8, 8, 3),
            [("DepthwiseConv2D", {"kernel_size": [3, 3], "strides": [1, 1], "use_bias": False}, [w])],
            "InvalidConfig",
        )
        for w in (np.ones((3, 3, 0, 1)), np.ones((3, 3, 3, 0)), np.ones((3, 3)), 1.0)
    ],
    "recurrent": [
        ((4, 3), [("LSTM", {"units": 2}, [w, np.ones((2, 8)), np.ones(8)])], "InvalidConfig")
        for w in (np.ones((8, 3)), np.ones((3, 2)), np.ones((0, 8)))
    ],
    "inputs": [
        ((10**9,), [dense(KERNEL, BIAS)], "InvalidConfig"),
        ((0,), [dense(KERNEL, BIAS)], "InvalidConfig"),
        ((10**8,), [dense(KERNEL, BIAS)], "InvalidConfig"),
        ((None,), [dense(KERNEL, BIAS)], "TranslationError"),
        ((8, 8, 3), [PADDING, FLATTEN, dense(KERNEL, BIAS)], "InvalidConfig"),
    ],
    "windows larger than the image": [
        ((2, 2, 3), [conv(), FLATTEN], "imported 56"),  # as Keras cannot even save; it fails in predict()
        ((8, 8, 3), [conv(strides=[10**6, 10**6]), FLATTEN], "imported 56"),
    ],
}


@pytest.fixture(autouse=True, scope="module")
def _jars() -> None:
    jars.fetch()


@pytest.mark.parametrize("name", CASES)
def test_weights_that_do_not_fit(name: str, tmp_path: Path) -> None:
    """Each ends as said, as an error of ours where it is one, with the process alive."""
    cases = CASES[name]
    paths = [written(tmp_path / f"{at}.h5", shape, layers) for at, (shape, layers, _) in enumerate(cases)]
    done = setup.isolated(CODE, *paths, time_limit=120)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.splitlines() == [outcome for _, _, outcome in cases]
