"""Imports every model of the corpus that has recorded outputs, and compares the predictions with Keras's.

    python scripts/corpus.py [--only TEXT] [--json]

PYDL4J_CORPUS names the folder of the corpus, which is not part of this project. Two kinds of records are compared:
``X.keras-output.npz`` beside a model ``X``, and ``X_inputs_and_outputs.h5`` beside ``X_model.h5``, which also has what
each layer gave. Every model is imported by a worker process with a time limit, and a fresh one takes over from one
that died or did not answer, so that a crash and a hang are counted and not suffered. Exit code 1 where a prediction is
wrong, or an import crashed or hung.
"""

from __future__ import annotations

import json
import os
import re
import sys
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from multiprocessing import get_context
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import click
import numpy as np
from numpy.typing import NDArray
from rich.console import Console
from rich.table import Table

#: Largest relative errors, max|difference| / max|Keras's value|, of a model that is right, and of one that is near.
RIGHT, NEAR = 1e-5, 1e-4
VERDICTS = ("right", "near", "wrong", "refused", "hang", "crash")
RECORDS = (".keras-output.npz", "_inputs_and_outputs.h5")
#: Seconds that one import with its predictions may take.
TIME_LIMIT = 40.0
#: Seconds that a new process may take before it asks for its first model: it starts Java.
START_LIMIT = 60.0


@dataclass
class Result:
    """What became of one model held against one record.

    Attributes:
        model: the model's file.
        record: the file of what Keras recorded.
        verdict: one of ``VERDICTS``.
        error: the largest relative error of an output; None where there is no prediction.
        reasons: why it was refused, or what is wrong.
        layers: layer → relative error of its activations; only for records that have them.
        not_compared: layer → why its activations are not compared.
    """

    model: str
    record: str
    verdict: str
    error: float | None = None
    reasons: list[str] = field(default_factory=list)
    layers: dict[str, float] = field(default_factory=dict)
    not_compared: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Recorded:
    """Inputs and outputs in the order of the model's, and the activations of its layers where they were recorded."""

    inputs: list[NDArray[Any]]
    outputs: list[NDArray[Any]]
    activations: dict[str, NDArray[Any]]


def find(folder: Path, only: str = "") -> list[tuple[str, str]]:
    """Each model with recorded outputs and its record, in the order of their names."""
    found = []
    for path in sorted(folder.rglob("*")):
        if path.name.endswith(RECORDS[0]):
            model = Path(str(path).removesuffix(RECORDS[0]))
        elif path.name.endswith(RECORDS[1]):
            model = Path(str(path).removesuffix(RECORDS[1]) + "_model.h5")
        else:
            continue
        if only in str(path) and model.is_file():
            found.append((str(model), str(path)))
    return found


def read_record(record: str) -> Recorded:
    """What Keras recorded, of either kind."""
    if record.endswith(".npz"):
        with np.load(record) as arrays:
            kinds = {
                kind: [arrays[f"{kind}_{at}"] for at in range(sum(name.startswith(kind) for name in arrays))]
                for kind in ("input", "output")
            }
        return Recorded(kinds["input"], kinds["output"], {})
    import h5py

    with h5py.File(record, "r") as file:
        inputs, outputs = (json.loads(file.attrs[kind])[kind] for kind in ("inputs", "outputs"))
        return Recorded(
            [file["inputs"][name][()] for name in inputs],
            [file["predictions"][name][()] for name in outputs],
            {name: file["activations"][name][()] for name in file["activations"]},
        )


def relative_error(ours: NDArray[Any], keras: NDArray[Any]) -> float:
    """max|difference| / max|Keras's value|; infinite where one of the two is no number and the other is."""
    if not np.array_equal(np.isnan(ours), np.isnan(keras)):
        return float("inf")
    return float(np.nanmax(np.abs(ours - keras)) / max(float(np.nanmax(np.abs(keras))), 1e-30))


def compare(model: str, record: str) -> Result:
    """Import one model in this process and hold it against one record."""
    import pydl4j_bridge
    from pydl4j_bridge.errors import BridgeError, UnsupportedLayer

    recorded = read_record(record)
    try:
        imported = pydl4j_bridge.import_model(model, optimizer=False)
    except UnsupportedLayer as error:
        lines = {re.sub(r"^.*?\((.*?)\): ", r"\1: ", line) for line in error.layers}
        return Result(model, record, "refused", reasons=sorted(lines))
    except BridgeError as error:
        return Result(model, record, "refused", reasons=[f"{type(error).__name__}: {error.because or error.what}"])
    try:
        outputs = imported.predict(recorded.inputs if len(recorded.inputs) > 1 else recorded.inputs[0])
    except BridgeError as error:
        return Result(model, record, "wrong", reasons=[f"imports and cannot predict: {error.because or error.what}"])
    outputs = outputs if isinstance(outputs, list) else [outputs]
    shapes = [[array.shape for array in arrays] for arrays in (outputs, recorded.outputs)]
    if shapes[0] != shapes[1]:
        return Result(model, record, "wrong", reasons=[f"shapes {shapes[0]} instead of {shapes[1]}"])
    worst = max(relative_error(*pair) for pair in zip(outputs, recorded.outputs, strict=True))
    verdict = "right" if worst <= RIGHT else "near" if worst <= NEAR else "wrong"
    result = Result(model, record, verdict, worst)
    if recorded.activations:
        _compare_layers(imported, recorded, result)
    return result


def _compare_layers(imported: Any, recorded: Recorded, result: Result) -> None:
    """Hold the activations of every layer against Keras's."""
    activations = dict(_activations(imported.java, recorded.inputs))
    moved = _channels_first(result.model)
    batch = recorded.inputs[0].shape[0]
    for name, keras in recorded.activations.items():
        ours = activations.get(name)
        if ours is None:
            result.not_compared[name] = "it is not a layer of its own in DL4J"
            continue
        if ours.ndim == 2 and keras.ndim == 3 and len(ours) == batch * keras.shape[1]:
            ours = ours.reshape(keras.shape[1], batch, -1).swapaxes(0, 1)  # the time steps before the batch
        if name in moved:
            ours = np.moveaxis(ours, -1, 1)
        if ours.shape != keras.shape:
            result.not_compared[name] = f"it has the shape {ours.shape} here and {keras.shape} in Keras"
            continue
        result.layers[name] = relative_error(ours, keras)


def _channels_first(model: str) -> set[str]:
    """The layers of a model that have their channels first in Keras; imported layers have them last."""
    import h5py

    with h5py.File(model, "r") as file:
        inner = json.loads(file.attrs["model_config"])["config"]
    layers = inner if isinstance(inner, list) else inner["layers"]
    configs = [layer["config"] for layer in layers]
    return {config["name"] for config in configs if config.get("data_format") == "channels_first"}


def _activations(network: Any, inputs: list[NDArray[Any]]) -> Iterator[tuple[str, NDArray[Any]]]:
    """What each layer gives, with its channels last.

    Layer by layer: outside of workspaces, a layer may work in place on what the one before it gave.
    """
    import jpype

    from pydl4j_bridge.jvm.arrays import to_indarray, to_numpy

    given = [to_indarray(one, copy=True) for one in inputs]
    if str(network.getClass().getSimpleName()) == "ComputationGraph":
        arrays = jpype.JArray(jpype.JClass("org.nd4j.linalg.api.ndarray.INDArray"))(given)
        for entry in network.feedForward(arrays, False).entrySet():
            yield str(entry.getKey()), to_numpy(entry.getValue(), copy=True)
        return
    for at, layer in enumerate(network.getLayers()):
        last = list(network.feedForwardToLayer(at, given[0].dup(), False))[-1]
        yield str(layer.conf().getLayer().getLayerName()), to_numpy(last, copy=True)


def _work(pipe: Connection) -> None:
    """The worker: compares what it is asked to, one after the other."""
    import pydl4j_bridge

    pydl4j_bridge.start()
    pipe.send(None)
    while True:
        try:
            model, record = pipe.recv()
        except EOFError:
            return
        pipe.send(compare(model, record))


def compare_all(pairs: list[tuple[str, str]], time_limit: float = TIME_LIMIT) -> Iterator[Result]:
    """Compare each model with its record in a worker process."""
    context = get_context("spawn")
    worker = None
    for model, record in pairs:
        if worker is None:
            pipe, far = context.Pipe()
            worker = context.Process(target=_work, args=(far,), daemon=True)
            worker.start()
            far.close()
            if not pipe.poll(START_LIMIT):
                raise click.ClickException(f"Java did not start within {START_LIMIT:.0f} s")
            try:
                pipe.recv()
            except EOFError:
                raise click.ClickException("the worker process ended before it was asked anything") from None
        try:
            pipe.send((model, record))
            if pipe.poll(time_limit):
                yield pipe.recv()
                continue
            result = Result(model, record, "hang", reasons=[f"no answer within {time_limit:.0f} s"])
            worker.kill()
        except (EOFError, OSError):
            worker.join()
            result = Result(model, record, "crash", reasons=[f"the process ended with {worker.exitcode}"])
        pipe.close()
        worker = None
        yield result


def summary(results: list[Result]) -> dict[str, Any]:
    """Counts of all results, of each kind of record, of the reasons for refusals and of the layers."""
    reasons: dict[str, set[str]] = defaultdict(set)
    for result in results:
        if result.verdict == "refused":
            for reason in result.reasons:
                reasons[reason].add(result.model)
    layers = [error for result in results for error in result.layers.values()]
    return {
        "verdicts": {
            kind: {
                verdict: sum(r.verdict == verdict and r.record.endswith(kind) for r in results) for verdict in VERDICTS
            }
            for kind in RECORDS
        },
        "models": len({result.model for result in results}),
        "models_right": len({r.model for r in results} - {r.model for r in results if r.verdict != "right"}),
        "refused": {reason: len(models) for reason, models in sorted(reasons.items(), key=lambda item: -len(item[1]))},
        "layers": {
            "compared": len(layers),
            "right": sum(error <= RIGHT for error in layers),
            "not_compared": Counter(why for result in results for why in result.not_compared.values()),
        },
    }


def show(results: list[Result], console: Console) -> None:
    """The tables for people."""
    counted = summary(results)
    table = Table(
        title=f"right: within {RIGHT:.0e} of the largest value; near: within {NEAR:.0e}", title_justify="left"
    )
    for column in ("recorded in", *VERDICTS):
        table.add_column(column, no_wrap=True)
    for kind, verdicts in counted["verdicts"].items():
        table.add_row(kind.lstrip("._"), *(str(verdicts[verdict]) for verdict in VERDICTS))
    console.print(table)
    console.print(f"{counted['models_right']} of {counted['models']} models are right in all that was recorded")
    layers = counted["layers"]
    console.print(f"activations of layers: {layers['compared']} compared, {layers['right']} within {RIGHT:.0e}")
    for why, count in layers["not_compared"].items():
        console.print(f"  {count} not compared: {why}")
    if counted["refused"]:
        table = Table("models", "refused because of", title="refused", title_justify="left")
        for reason, count in counted["refused"].items():
            table.add_row(str(count), reason)
        console.print(table)
    for result in results:
        if result.verdict not in ("right", "refused"):
            detail = "; ".join(result.reasons) or f"{result.error:.1e}"
            console.print(f"{result.verdict:6} {Path(result.model).name}: {detail}", highlight=False)
        for name, error in result.layers.items():
            if error > RIGHT:
                console.print(f"layer  {name} of {Path(result.model).name}: {error:.1e}", highlight=False)


@click.command()
@click.option("--only", default="", help="Only records with this text in their path.")
@click.option("--time-limit", default=TIME_LIMIT, show_default=True, help="Seconds that one model may take.")
@click.option("--json", "as_json", is_flag=True, help="Print everything as JSON.")
def main(only: str, time_limit: float, as_json: bool) -> None:
    """Import every model of the corpus that has recorded outputs, and compare the predictions with Keras's."""
    here = Path(__file__).resolve().parents[1]
    folder = Path(os.environ.get("PYDL4J_CORPUS", here.parent / "shared" / "corpus"))
    pairs = find(folder, only)
    if not pairs:
        raise click.ClickException(f"no recorded outputs in {folder}; PYDL4J_CORPUS names the folder of the corpus")
    results = list(compare_all(pairs, time_limit))
    if as_json:
        click.echo(json.dumps({**summary(results), "results": [asdict(result) for result in results]}, indent=2))
    else:
        show(results, Console())
    sys.exit(any(result.verdict in ("wrong", "hang", "crash") for result in results))


if __name__ == "__main__":
    main()
