"""Times one step of each updater of our own against ND4J's nearest one, in one JVM and in turn.

    python benchmarks/updaters.py [-n RUNS] [-p PARAMETERS]

A step is ``applyUpdater`` on one gradient, as DL4J calls it once for each block of parameters: inside of a workspace,
so that what a rule needs for a moment is not allocated anew.
"""

from __future__ import annotations

import statistics
import time
from typing import Any

import click
import numpy as np
from rich.console import Console
from rich.table import Table

import pydl4j_bridge
from pydl4j_bridge.jvm.arrays import to_indarray
from pydl4j_bridge.mapping import UpdaterSpec

#: Ours, its settings, and ND4J's.
PAIRS = (
    ("KerasMomentum", {"momentum": 0.9}, "Nesterovs"),
    ("KerasRmsProp", {}, "RmsProp"),
    ("KerasRmsProp", {"momentum": 0.9, "centered": 1.0}, "RmsProp"),
    ("KerasAdaGrad", {}, "AdaGrad"),
    ("KerasAdaDelta", {}, "AdaDelta"),
    ("KerasAdaMax", {}, "AdaMax"),
    ("KerasNadam", {}, "Nadam"),
)


def updater(spec: UpdaterSpec, size: int) -> Any:
    """The ``GradientUpdater`` of a spec, with its state."""
    import jpype

    made = pydl4j_bridge.build_updater(spec)
    state = int(made.stateSize(jpype.JLong(size)))
    view = jpype.JClass("org.nd4j.linalg.factory.Nd4j").zeros(jpype.JLong(1), jpype.JLong(state))
    return made.instantiate(view, True)


def workspace() -> Any:
    """Memory as DL4J gives it to an updater: as large as the first step needed, used again by the next."""
    import jpype

    package = "org.nd4j.linalg.api.memory"
    learning = jpype.JClass(f"{package}.enums.LearningPolicy").FIRST_LOOP
    settings = jpype.JClass(f"{package}.conf.WorkspaceConfiguration").builder().policyLearning(learning).build()
    manager = jpype.JClass("org.nd4j.linalg.factory.Nd4j").getWorkspaceManager()
    return lambda name: manager.getAndActivateWorkspace(settings, name)


def step(made: Any, gradient: Any, number: int, scope: Any, name: str) -> float:
    """The seconds that one step takes."""
    mine = gradient.dup()  # a step works in place
    with scope(name):
        began = time.perf_counter()
        made.applyUpdater(mine, number, 0)
        return time.perf_counter() - began


@click.command()
@click.option("-n", "--runs", default=101, show_default=True, help="Steps of each, after ten that do not count.")
@click.option("-p", "--parameters", default=1_000_000, show_default=True)
def main(*, runs: int, parameters: int) -> None:
    """Run the benchmark."""
    pydl4j_bridge.start()
    gradient = to_indarray(np.random.default_rng(1).normal(size=(1, parameters)).astype("f4"))
    table = Table("ours", "settings", "ms", "ND4J's", "ms", "ratio", box=None)
    scope = workspace()
    for ours, settings, theirs in PAIRS:
        pair = [UpdaterSpec(ours, settings), UpdaterSpec(theirs, {})]
        both = [(updater(spec, parameters), repr(spec)) for spec in pair]
        times = [[step(made, gradient, number, scope, name) for made, name in both] for number in range(runs + 10)][10:]
        mine, other = (statistics.median(column) for column in zip(*times, strict=True))
        ratio = statistics.median(a / b for a, b in times)
        table.add_row(ours, str(settings or ""), f"{mine * 1e3:.2f}", theirs, f"{other * 1e3:.2f}", f"{ratio:.2f}")
    Console().print(table)


if __name__ == "__main__":
    main()
