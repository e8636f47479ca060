"""Times a step of ``ImportedModel.fit`` against the same loop in a Java program, on the same saved network.

    python benchmarks/fit.py MODEL.keras [-b BATCH] [-s STEPS] [-n RUNS]

Whole processes in turn, Python, Java, Python ..., with the same jars, flags and network; each gives the median of its
steps, after a quarter as many that do not count. Of each batch the arrays are made anew, as the samples come.
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
    """The Python side, in a process of its own: prints the median of the microseconds that a step takes."""
    model = pydl4j_bridge.load(path)
    shapes = [(rows * steps, *shape) for shape in (model.translated.inputs[0], label_shape(model))]
    x, y = (np.resize(np.arange(17, dtype="f4") / 17, shape) for shape in shapes)
    model.fit(x[: rows * (steps // 4)], y[: rows * (steps // 4)], batch_size=rows, progress=False)
    timed = Timed()
    model.fit(x, y, batch_size=rows, progress=False, callbacks=[timed])
    print(statistics.median(np.diff(timed.at)) * 1e6)


def label_shape(model: pydl4j_bridge.ImportedModel) -> tuple[int, ...]:
    """Of one sample."""
    x = np.zeros((1, *model.translated.inputs[0]))
    return tuple(model.predict(x).shape[1:])


def measured(command: list[str]) -> float:
    """What a process prints."""
    return float(subprocess.run(command, check=True, capture_output=True, text=True).stdout.split()[-1])


@click.command()
@click.argument("model")
@click.option("-b", "--batch", default=32, show_default=True)
@click.option("-s", "--steps", default=400, show_default=True)
@click.option("-n", "--runs", default=5, show_default=True)
@click.option("--side", hidden=True)
def main(*, model: str, batch: int, steps: int, runs: int, side: str | None) -> None:
    """Run the benchmark, or one side of it."""
    if side:
        ours(model, batch, steps)
        return
    with tempfile.TemporaryDirectory() as folder:
        imported = pydl4j_bridge.import_model(model, fidelity="exact", on_loss="ignore")
        path = f"{folder}/m.zip"
        imported.save(path)
        java, jars = find_java(), (*class_path(), jar_path())
        executable, classes = str(java.home / "bin" / "java"), os.pathsep.join(map(str, jars))
        compiler = [executable, "-cp", classes, "org.eclipse.jdt.internal.compiler.batch.Main", "-cp", classes]
        source = str(HERE / "Fit.java")
        subprocess.run([*compiler, "-source", "11", "-target", "11", "-nowarn", "-d", folder, source], check=True)
        shapes = [",".join(map(str, shape)) for shape in (imported.translated.inputs[0], label_shape(imported))]
        flags = arguments_for(java, cache=startup_cache(java, jars))
        program = [executable, *flags, "-cp", os.pathsep.join([folder, classes]), "Fit", path, str(batch), str(steps)]
        python = [sys.executable, __file__, path, "-b", str(batch), "-s", str(steps), "--side", "python"]
        pairs = [(measured(python), measured([*program, *shapes])) for _ in range(runs)]
    mine, other = (statistics.median(column) for column in zip(*pairs, strict=True))
    ratio = statistics.median(a / b for a, b in pairs)
    print(f"{Path(model).name}, batches of {batch}: {mine:.0f} µs a step, plain Java {other:.0f} µs, ratio {ratio:.2f}")


if __name__ == "__main__":
    main()
