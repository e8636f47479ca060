"""Times a step of ``ImportedModel.fit`` against the same loop in a Java program, on the same saved network.

    python benchmarks/fit.py MODEL.keras|MODEL.zip|digits [-b BATCH] [-s STEPS] [-n RUNS]

Whole processes in turn, Python, Java, Python ..., with the same jars, flags and network; each gives the median of its
steps, after a quarter as many that do not count. Of each batch the arrays are made anew, as samples come. ``digits``
is the network of the notebook that builds one. Last comes the resident memory of the Python process after the steps
that do not count, and after all.
"""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import click
import numpy as np

import pydl4j_bridge
from pydl4j_bridge import nn
from pydl4j_bridge.jvm.flags import arguments_for, startup_cache
from pydl4j_bridge.jvm.jars import class_path
from pydl4j_bridge.jvm.java import find_java
from pydl4j_bridge.jvm.own_classes import jar_path

HERE = Path(__file__).parent


class Timed:
    """A callback that notes when each step ended."""

    def __init__(self) -> None:
        self.at = [time.perf_counter()]

    def on_train_batch_end(self, *_: object) -> None:
        """A step has ended."""
        self.at.append(time.perf_counter())


def ours(path: str, rows: int, steps: int) -> None:
    """The Python side, in a process of its own: prints memory, and the median of the microseconds that a step takes."""
    model = pydl4j_bridge.load(path)
    shapes = [(rows * steps, *shape) for shape in (input_shape(model), label_shape(model))]
    x, y = (np.resize(np.arange(17, dtype="f4") / 17, shape) for shape in shapes)
    model.fit(x[: rows * (steps // 4)], y[: rows * (steps // 4)], batch_size=rows, progress=False)
    before = resident()
    timed = Timed()
    model.fit(x, y, batch_size=rows, progress=False, callbacks=[timed])
    print(before, resident(), statistics.median(np.diff(timed.at)) * 1e6)


def resident() -> int:
    """The resident memory of this process, in MB."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") // 2**20


def input_shape(model: pydl4j_bridge.Network) -> tuple[int, ...]:
    """Of one sample."""
    assert model.input_shapes is not None
    return tuple(size or 1 for size in model.input_shapes[0])


def label_shape(model: pydl4j_bridge.Network) -> tuple[int, ...]:
    """Of one sample."""
    return tuple(model.predict(np.zeros((1, *input_shape(model)))).shape[1:])


def as_java_has_it(model: pydl4j_bridge.Network, shape: tuple[int, ...]) -> tuple[int, ...]:
    """The shape of one sample in the network itself."""
    return (shape[-1], *shape[:-1]) if model.channels_last else shape


def measured(command: list[str]) -> list[float]:
    """What a process prints."""
    return [float(n) for n in subprocess.run(command, check=True, capture_output=True, text=True).stdout.split()]


def digits() -> pydl4j_bridge.Network:
    """The network of ``notebooks/3-build-a-network.ipynb``."""
    return nn.Sequential(
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


def opened(model: str) -> pydl4j_bridge.Network:
    """The network to be trained."""
    if model == "digits":
        return digits()
    if model.endswith(".zip"):
        return pydl4j_bridge.load(model)
    return pydl4j_bridge.import_model(model, fidelity="exact", on_loss="ignore")


@click.command()
@click.argument("model")
@click.option("-b", "--batch", default=32, show_default=True)
@click.option("-s", "--steps", default=4000, show_default=True)
@click.option("-n", "--runs", default=5, show_default=True)
@click.option("--side", hidden=True)
def main(*, model: str, batch: int, steps: int, runs: int, side: str | None) -> None:
    """Run the benchmark, or one side of it."""
    if side:
        ours(model, batch, steps)
        return
    with tempfile.TemporaryDirectory() as folder:
        network = opened(model)
        path = f"{folder}/m.zip"
        network.save(path)
        java, jars = find_java(), (*class_path(), jar_path())
        executable, classes = str(java.home / "bin" / "java"), os.pathsep.join(map(str, jars))
        compiler = [executable, "-cp", classes, "org.eclipse.jdt.internal.compiler.batch.Main", "-cp", classes]
        source = str(HERE / "Fit.java")
        subprocess.run([*compiler, "-source", "11", "-target", "11", "-nowarn", "-d", folder, source], check=True)
        sizes = [as_java_has_it(network, shape) for shape in (input_shape(network), label_shape(network))]
        shapes = [",".join(map(str, shape)) for shape in sizes]
        flags = arguments_for(java, cache=startup_cache(java, jars))
        program = [executable, *flags, "-cp", os.pathsep.join([folder, classes]), "Fit", path, str(batch), str(steps)]
        python = [sys.executable, __file__, path, "-b", str(batch), "-s", str(steps), "--side", "python"]
        pairs = [(measured(python), measured([*program, *shapes])) for _ in range(runs)]
    mine = statistics.median(ours[-1] for ours, _ in pairs)
    other = statistics.median(theirs[-1] for _, theirs in pairs)
    ratio = statistics.median(ours[-1] / theirs[-1] for ours, theirs in pairs)
    print(f"{Path(model).name}, batches of {batch}: {mine:.0f} µs a step, plain Java {other:.0f} µs, ratio {ratio:.2f}")
    before, after = (statistics.median(ours[at] for ours, _ in pairs) for at in (0, 1))
    print(f"resident memory: {before:.0f} MB after {steps // 4} steps, {after:.0f} MB after {steps} more")


if __name__ == "__main__":
    main()
