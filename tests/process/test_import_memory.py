"""How much memory an import takes beside the network's own. In a process of its own, whose peak can be told."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import h5py
import numpy as np
import pytest

from pydl4j_bridge.jvm import jars, setup

UNITS, LAYERS = 1200, 16
TENSOR = 4 * UNITS * UNITS
CODE = """
import sys
from pathlib import Path
import pydl4j_bridge

def resident(key):
    status = Path("/proc/self/status").read_text()
    return 1024 * int(next(line for line in status.splitlines() if line.startswith(key)).split()[1])

small, large = sys.argv[1:]
pydl4j_bridge.import_model(small)  # Java's own memory is not looked at
before = resident("VmRSS")
Path("/proc/self/clear_refs").write_text("5")
network = pydl4j_bridge.import_model(large).java
print(resident("VmHWM") - before - 4 * network.numParams())
"""


def saved(path: Path, layers: int, units: int) -> Path:
    """A chain of dense layers as Keras 2 saves it."""
    zeros = {"class_name": "Zeros", "config": {}}
    none = dict.fromkeys(("kernel_regularizer", "bias_regularizer", "kernel_constraint", "bias_constraint"))
    configs = []
    with h5py.File(path, "w") as file:
        for at in range(layers):
            name = f"dense_{at}"
            config = {"name": name, "units": units, "activation": "linear", "use_bias": True, "trainable": True, **none}
            config |= {"kernel_initializer": zeros, "bias_initializer": zeros, "dtype": "float32"}
            config |= {} if at else {"batch_input_shape": [None, units]}
            configs.append({"class_name": "Dense", "config": config})
            group = file.create_group(f"model_weights/{name}")
            group.attrs["weight_names"] = [b"kernel:0", b"bias:0"]
            group["kernel:0"], group["bias:0"] = np.ones((units, units), "f4"), np.ones(units, "f4")
        model = {"class_name": "Sequential", "config": {"name": "m", "layers": configs}}
        file.attrs.update(model_config=json.dumps(model), keras_version="2.9.0", backend="tensorflow")
    return path


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="the peak of a process's memory is read from /proc")
def test_no_second_copy_of_the_weights(tmp_path: Path) -> None:
    """Beyond the network's parameters, an import takes the room of one tensor and a little, not that of all weights."""
    jars.fetch()
    files = saved(tmp_path / "small.h5", 2, 4), saved(tmp_path / "large.h5", LAYERS, UNITS)
    done = setup.isolated(CODE, *map(str, files), time_limit=120)
    assert (done.returncode, done.stderr) == (0, "")
    assert int(done.stdout) < TENSOR + 30e6 < TENSOR * LAYERS / 2
