"""Times what a user waits for, each as a ratio to a yardstick that runs in turn with it in the same session.

    python benchmarks/bench.py [-n RUNS]

1. ``pydl4j-bridge check FILE``, a whole process, against a plain Java program that only imports the same file natively
   (with Java's default flags, and with the flags that our own JVM gets). ``check`` does that import twice, and more.
2. ``map_optimizer`` without a JVM, in microseconds.
3. ``import pydl4j_bridge`` against bare Python, whole processes.

Machines are noisy: medians, and the median of the ratios of neighbouring runs. Needs a JDK for the Java program.
"""

from __future__ import annotations

import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
import timeit
from collections.abc import Sequence
from pathlib import Path

import click
from rich.console import Console
from rich.table import Table

from pydl4j_bridge import map_optimizer, read
from pydl4j_bridge.jvm.flags import arguments_for, startup_cache
from pydl4j_bridge.jvm.jars import class_path
from pydl4j_bridge.jvm.java import find_java
from pydl4j_bridge.jvm.own_classes import jar_path

HERE = Path(__file__).parent
FILE = HERE.parent / "tests" / "data" / "tfkeras-legacy" / "adam.h5"


def seconds(command: Sequence[str]) -> float:
    """Wall time of a whole process, which must succeed."""
    began = time.perf_counter()
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    return time.perf_counter() - began


def in_turn(runs: int, *commands: Sequence[str]) -> list[list[float]]:
    """The times of each command over the runs, after one that does not count: A B C A B C ..."""
    times: list[list[float]] = [[] for _ in commands]
    for run in range(runs + 1):
        for command, found in zip(commands, times, strict=True):
            taken = seconds(command)
            if run:
                found.append(taken)
    return times


def ratio(mine: Sequence[float], yardstick: Sequence[float]) -> float:
    """Median of the ratios run by run."""
    return statistics.median(a / b for a, b in zip(mine, yardstick, strict=True))


@click.command()
@click.option("-n", "--runs", default=9, show_default=True, help="Counted runs of each process.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON instead of a table.")
def main(*, runs: int, as_json: bool) -> None:
    """Run the benchmarks."""
    rows: list[tuple[str, str, str, float | None]] = []
    javac = shutil.which("javac")
    if javac is None:
        sys.exit("benchmark 1 needs a JDK: there is no javac on the PATH")
    jars = class_path()
    with tempfile.TemporaryDirectory() as folder:
        path = os.pathsep.join(map(str, jars))
        subprocess.run([javac, "-cp", path, "-d", folder, str(HERE / "NativeImport.java")], check=True)
        java = find_java()
        program = ["-cp", os.pathsep.join([folder, path]), "NativeImport", str(FILE)]
        natives = [a for a in arguments_for(java) if a.startswith("-Dorg.bytedeco.javacpp.cachedir")]
        executable = str(java.home / "bin" / "java")
        cache = startup_cache(java, (*jars, jar_path()))
        check = [str(Path(sys.executable).with_name("pydl4j-bridge")), "check", str(FILE)]
        mine, plain, tuned = in_turn(
            runs, check, [executable, *natives, *program], [executable, *arguments_for(java), *program]
        )
    state = "with" if cache is not None and cache.is_file() else "without"
    name = f"check FILE ({state} start-up cache)"
    for label, found in (("plain Java, default flags", plain), ("plain Java, our flags", tuned)):
        rows.append((name, f"{statistics.median(mine):.2f} s", f"{label}: {statistics.median(found):.2f} s",
                     ratio(mine, found)))  # fmt: skip

    optimizer = read(FILE).optimizer
    loops = 2000
    each = min(timeit.repeat(lambda: map_optimizer(optimizer), number=loops, repeat=5)) / loops * 1e6
    rows.append(("map_optimizer(Adam)", f"{each:.1f} µs", "best of 5 times 2000", None))

    imported, bare = in_turn(2 * runs, [sys.executable, "-c", "import pydl4j_bridge"], [sys.executable, "-c", "pass"])
    rows.append(("import pydl4j_bridge", f"{statistics.median(imported) * 1e3:.0f} ms",
                 f"python -c pass: {statistics.median(bare) * 1e3:.0f} ms", ratio(imported, bare)))  # fmt: skip

    if as_json:
        keys = ("what", "median", "yardstick", "ratio")
        print(json.dumps([dict(zip(keys, row, strict=True)) for row in rows], indent=2))
        return
    table = Table("what", "median", "against", "ratio", box=None)
    for what, median, yardstick, r in rows:
        table.add_row(what, median, yardstick, "" if r is None else f"{r:.2f}")
    Console().print(table)


if __name__ == "__main__":
    main()
