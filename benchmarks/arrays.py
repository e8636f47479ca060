"""Times numpy arrays on their way into ND4J and back, beside a copy that numpy makes of the same array.

    python benchmarks/arrays.py [-m MEGABYTES] [-n RUNS]

All ways in turn, so that a machine that gets slower does so for each of them; medians. ``of numpy``: the speed against
numpy's copy into memory that is there, in the same run. Where scyjava is installed its way back is there too; into
Java it has none for numbers of numpy's. Last come
10,000 conversions each way, and the resident memory of this process.
"""

from __future__ import annotations

import os
import statistics
import time
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import click
import numpy as np

import pydl4j_bridge as bridge

SIZES = (1_000, 1_000_000, 25_000_000)
CONVERSIONS = 10_000


def ways(array: Any) -> dict[str, Callable[[], object]]:
    """What copies the array, by name; the first is numpy's own."""
    import jpype

    nd4j = jpype.JClass("org.nd4j.linalg.factory.Nd4j")
    target, made = np.empty_like(array), bridge.to_indarray(array, copy=True)

    def into_existing() -> None:
        made[...] = array

    def out_of_existing() -> None:
        target[...] = made

    found: dict[str, Callable[[], object]] = {
        "numpy: target[...] = array": lambda: np.copyto(target, array),
        "numpy: array.copy()": array.copy,
        "into an INDArray that is there: made[...] = array": into_existing,
        "out of one: target[...] = made": out_of_existing,
        "to_indarray(array, copy=True)": lambda: bridge.to_indarray(array, copy=True),
        "to_numpy(made, copy=True)": lambda: bridge.to_numpy(made, copy=True),
        "JPype: Nd4j.createFromArray(JArray.of(array))": lambda: nd4j.createFromArray(jpype.JArray.of(array)),
        "JPype: np.asarray(made.data().asFloat())": lambda: np.array(made.data().asFloat()),
    }
    if find_spec("scyjava"):
        import scyjava

        found["scyjava: to_python(made.data().asFloat())"] = lambda: scyjava.to_python(made.data().asFloat())
    return found


def in_turn(functions: dict[str, Callable[[], object]], runs: int) -> dict[str, float]:
    """The median seconds of each, after one that does not count."""
    seconds: dict[str, list[float]] = {name: [] for name in functions}
    for run in range(runs + 1):
        for name, function in functions.items():
            began = time.perf_counter()
            made = function()
            took = time.perf_counter() - began
            del made  # what it costs to give back is not the conversion's
            if run:
                seconds[name].append(took)
    return {name: statistics.median(some) for name, some in seconds.items()}


def resident() -> int:
    """The resident memory of this process, in MB."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") // 2**20


@click.command(help=__doc__)
@click.option("-m", "megabytes", default=100, show_default=True)
@click.option("-n", "runs", default=9, show_default=True)
def main(megabytes: int, runs: int) -> None:
    """Print what was measured."""
    bridge.start()
    array = np.random.default_rng(0).random(megabytes * 250_000, "f4")
    medians = in_turn(ways(array), runs)
    numpys = next(iter(medians.values()))
    print(f"{megabytes} MB of float32, medians of {runs} in turn")
    for name, seconds in medians.items():
        speeds = f"{megabytes / seconds / 1e3:6.2f} GB/s {numpys / seconds:6.2f} of numpy"
        print(f"{name:50} {seconds * 1e3:9.2f} ms {speeds}")
    print("\nwithout a copy, medians of 1,000")
    for size in SIZES:
        array = np.ones(size, "f4")
        made = bridge.to_indarray(array)
        shared = {
            "to_indarray": lambda array=array: bridge.to_indarray(array, copy=False),
            "to_numpy": lambda made=made: bridge.to_numpy(made, copy=False),
        }
        found = in_turn(shared, 1000)
        print(f"{size * 4:11,} bytes: " + ", ".join(f"{name} {took * 1e6:.1f} µs" for name, took in found.items()))

    array = np.ones(250_000, "f4")
    for copy in (None, True):
        found = []
        for done in range(CONVERSIONS + 1):
            if done in (0, CONVERSIONS // 2, CONVERSIONS):
                found.append(f"{resident()} MB after {done:,}")
            bridge.to_numpy(bridge.to_indarray(array, copy=copy), copy=copy)
        print(f"conversions of 1 MB both ways, copy={copy}, resident: {', '.join(found)}")


if __name__ == "__main__":
    main()
