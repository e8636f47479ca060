"""Times ``import_model``, and looks at the memory that it takes, against the native import of an equivalent model.

    python benchmarks/import.py --keras PYTHON [-n RUNS]

PYTHON is an interpreter with Keras 3, tf_keras and TensorFlow (also: the variable KERAS_PYTHON). It makes the models,
too big for git, in a temporary folder: three of keras.applications, 100 and 500 MB of dense layers, and an LSTM. We
import what Keras 3 saved, as ``.keras`` and as ``.h5``; DL4J's own ``KerasModelImport``, which cannot read that,
imports what tf_keras saved of the same layers, with enforceTrainingConfig where the model was compiled.

Every run is a process of its own, ours and the native one in turn, with the same JVM, flags and jars. The JVM and
ND4J's backend are up before the clock starts. ``first`` is the first import of the process, ``again`` the third, when
Java has seen the code. Ratios are medians of the ratios of neighbouring runs.

Memory, of the first import: the peak of the process's resident memory during it (VmHWM, reset before), less what was
resident before, less the size of the weights, which the network needs. Linux only.
"""

from __future__ import annotations

import json
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import click
from rich.console import Console
from rich.table import Table

HERE = Path(__file__).parent
MODELS = ("ResNet50", "InceptionV3", "DenseNet121", "dense-100MB", "dense-500MB", "lstm")
#: Seconds after which a native import is taken for one that hangs: drawing orthogonal matrices can take for ever.
LIMIT = 120
MB = 1e6


def resident(key: str) -> float:
    """A line of /proc/self/status, in bytes: ``VmRSS``, or ``VmHWM``, the largest since it was reset."""
    status = Path("/proc/self/status").read_text()
    return 1024.0 * int(next(line for line in status.splitlines() if line.startswith(key)).split()[1])


def once(who: str, file: str) -> dict[str, float]:
    """Import a file three times in this process. Ours or the native one; the latter can hang."""
    import jpype

    import pydl4j_bridge
    from pydl4j_bridge.imported import ImportedModel  # noqa: F401 - not to be timed

    pydl4j_bridge.start()
    jpype.JClass("org.nd4j.linalg.factory.Nd4j").zeros(jpype.JInt(1))
    native = jpype.JClass("org.deeplearning4j.nn.modelimport.keras.KerasModelImport")
    chain = pydl4j_bridge.read(file).model_class == "Sequential"
    door = native.importKerasSequentialModelAndWeights if chain else native.importKerasModelAndWeights
    times = []
    for _ in range(3):
        before = resident("VmRSS")
        Path("/proc/self/clear_refs").write_text("5")
        began = time.perf_counter()
        network = pydl4j_bridge.import_model(file).java if who == "ours" else door(file, chain)
        times.append(time.perf_counter() - began)
        if len(times) == 1:
            peak = resident("VmHWM") - before
            weights = 4.0 * int(network.numParams())
            largest = 4.0 * max(int(entry.getValue().length()) for entry in network.paramTable().entrySet())
        del network
        jpype.JClass("java.lang.System").gc()
    return {"first": times[0], "again": times[2], "beyond": peak - weights, "largest": largest, "weights": weights}


def measured(who: str, file: Path) -> dict[str, float] | None:
    """``once`` in a process of its own; None where it does not end."""
    try:
        done = subprocess.run(
            [sys.executable, __file__, "--once", who, str(file)],
            check=True, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, timeout=LIMIT,
        )  # fmt: skip
    except subprocess.TimeoutExpired:
        return None
    found: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return found


def compare(name: str, folder: Path, runs: int) -> list[dict[str, Any]]:
    """A row for each container: ours and the native import of one model, in turn."""
    rows: dict[str, list[dict[str, float]]] = {"keras2.h5": [], ".keras": [], ".h5": []}
    hangs = False
    for _ in range(runs):
        for suffix, found in rows.items():
            if suffix == "keras2.h5":
                native = None if hangs else measured("native", folder / f"{name}-{suffix}")
                hangs = native is None
                found += [native] if native else []
            else:
                ours = measured("ours", folder / f"{name}{suffix}")
                assert ours is not None
                found.append(ours)
    natives = rows.pop("keras2.h5")

    def middle(found: list[dict[str, float]], key: str) -> float | None:
        return statistics.median(run[key] for run in found) if found else None

    def ratio(ours: list[dict[str, float]], key: str) -> float | None:
        return statistics.median(a[key] / b[key] for a, b in zip(ours, natives, strict=True)) if natives else None

    return [
        {
            "model": name, "file": suffix,
            "first": middle(ours, "first"), "native first": middle(natives, "first"),
            "again": middle(ours, "again"), "native again": middle(natives, "again"),
            "ratio first": ratio(ours, "first"), "ratio again": ratio(ours, "again"),
            "weights": ours[0]["weights"], "largest": ours[0]["largest"],
            "beyond": middle(ours, "beyond"), "native beyond": middle(natives, "beyond"),
        }
        for suffix, ours in rows.items()
    ]  # fmt: skip


def shown(rows: list[dict[str, Any]]) -> Table:
    """The table for people."""
    table = Table(
        "model", "weights MB", "first s", "native", "ratio", "again s", "native", "ratio", "beyond MB", "allowed",
        "native", box=None,
    )  # fmt: skip
    for row in rows:
        seconds = [
            "hangs" if row[key] is None else f"{row[key]:.2f}"
            for key in ("first", "native first", "ratio first", "again", "native again", "ratio again")
        ]
        memory = [
            "" if value is None else f"{value / MB:.0f}"
            for value in (row["beyond"], row["largest"] + 100 * MB, row["native beyond"])
        ]
        table.add_row(row["model"] + row["file"], f"{row['weights'] / MB:.0f}", *seconds, *memory)
    return table


@click.command()
@click.option("-n", "--runs", default=5, show_default=True, help="Runs of each import.")
@click.option("--keras", envvar="KERAS_PYTHON", help="An interpreter with Keras 3, tf_keras and TensorFlow.")
@click.option("--folder", type=click.Path(path_type=Path), help="Keep the models here, or take them from here.")
@click.option("--only", type=click.Choice(MODELS), multiple=True, help="These models alone.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON instead of a table.")
@click.option("--once", "single", nargs=2, hidden=True, help="Import in this process: ours or native, and the file.")
def main(
    *,
    runs: int,
    keras: str | None,
    folder: Path | None,
    only: tuple[str, ...],
    as_json: bool,
    single: tuple[str, str] | None,
) -> None:
    """Run the benchmark."""
    if single is not None:
        print(json.dumps(once(*single)))
        return
    with tempfile.TemporaryDirectory() as temporary:
        models = folder or Path(temporary)
        models.mkdir(exist_ok=True)
        if not (models / "lstm-keras2.h5").is_file():  # the last to be written
            if keras is None:
                raise click.UsageError(
                    "the models are made with real Keras: name an interpreter that has it by --keras"
                )
            command = [keras, str(HERE / "import_models.py"), str(models)]
            subprocess.run(command, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        rows = [row for name in only or MODELS for row in compare(name, models, runs)]
    if as_json:
        print(json.dumps(rows, indent=2))
    else:
        Console(width=max(120, Console().width)).print(shown(rows))


if __name__ == "__main__":
    main()
