"""Writes docs/verify.md: which layer ``verify`` names in networks that were spoilt on purpose.

python scripts/verify_table.py
"""

from __future__ import annotations

import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "tests" / "jvm"))

import pydl4j_bridge  # noqa: E402

HEAD = """# The first layer that differs

## How it is found

Keras's numbers are recorded (`pydl4j-bridge record`) or asked for in a process of its own, in Keras's safe mode: a
Lambda is never executed. Inputs are made up, the same in every run, unless they are given. Of a layer with more than
262,144 numbers 16,384 are kept, with their places, the largest among them.

A layer is within the tolerance where max|DL4J - Keras| <= tolerance * max|Keras|. The tolerance follows the type:
5e-5 in float32, 1e-12 in float64, 1e-2 in half precision, which Keras rounds and DL4J does not; `--tolerance` sets
another. A layer differs where it leaves the tolerance and is more than ten times as far off as what it was given; the
first of these in the order of the graph is named.

A layer of Keras's may be several nodes of the network, or have its axes in another order there, its channels last for
example; the import knows which, and it is compared in Keras's layout. Of a layer that is called several times the first
call was recorded, and the nearest of its copies is compared. What DL4J has no node for, a Flatten before a Dense for
example, is listed as not compared.

`--gradients` compares the gradient of the loss by each trained weight as well, for made-up labels: as in training, but
nothing is dropped, and without regularization, which DL4J adds when it makes a step. The model has to be compiled, and
Keras to run on TensorFlow. A gradient is held against the largest number of its weight's, or 1e-3 of the largest of all
weights': before a BatchNormalization a bias has none but rounding.

## On two machines

    pydl4j-bridge record model.keras model.npz                    # where Keras is (--gradients)
    pydl4j-bridge verify model.keras --expected model.npz         # where Java is

or, where Keras cannot come to the models, the other way round:

    pydl4j-bridge verify record model.keras dl4j.npz              # where Java is: needs no Keras
    pydl4j-bridge verify compare model.keras dl4j.npz             # where Keras is: needs no Java

Both files hold the inputs, the outputs and what each layer gives, of large layers some numbers. In Python these are
`record`, `verify`, `record_dl4j` and `compare_recorded`.

## The report

`verify` gives one object, a `LayersReport`: printed it is the verdict, `to_dict()` is what `--json` prints
([json.md](json.md)), `to_html()` and `write_html(path)` are the page of `--html`, and a notebook shows it as it is. The
page is one file with its plots, for a desk and for a phone: the error along the graph, and of the tensors that are
furthest off how far half, 90 %, 99 % and all of their numbers are. Of many models `--html` shows how many are the same,
what is not grouped by its cause, and the first 20 that differ.

## Many models

    pydl4j-bridge verify models/ --expected '{stem}.npz' --results run.jsonl --html run.html

`verify`, `check` and `convert` of a folder run in `--workers` processes, each with one JVM. One that dies or does not
answer in time is replaced. The model that a dead one was at is tried again, five times at most; then it is `crashed`.
`--memory` says how many gigabytes each may have, by default half of the machine's divided by the processes: Java's heap
gets half of that, ND4J allocates nothing beyond it, so that a model that does not fit is `refused`, and a process that
keeps more than half of it is replaced before its next model. The Keras that is asked where nothing was recorded is a
process beside these, without a bound.

Each outcome is a line of `--results` as soon as it is there. Ctrl-C ends the processes; the same command goes on.

## A regression between versions

    pydl4j-bridge verify models/ --expected '{stem}.npz' --results before.jsonl
    # a newer DL4J, Keras or pydl4j_bridge
    pydl4j-bridge verify models/ --expected '{stem}.npz' --against before.jsonl

and of the optimizers:

    pydl4j-bridge check models/ --json > baseline.json
    pydl4j-bridge check models/ --against baseline.json

The exit code is 1 where anything changed: a verdict, a cause, an updater, a quirk; or outputs that are more than ten
times as far off as before, and not just by rounding.

## On a cluster

    dask scheduler                                    # on one machine; prints its address
    dask worker tcp://SCHEDULER:8786 --nthreads 1     # on each of the others, one process for each core
    pydl4j-bridge verify /shared/models --expected '{stem}.npz' --dask tcp://SCHEDULER:8786 --results run.jsonl

`check` and `convert` take `--dask` as well. Each thread of dask's processes has a JVM in a process of its own. All
machines see the models under the same path and have the package with its `dask` extra; `pydl4j-bridge jars fetch` is
run once on each. Where one of dask's workers dies, its models go to another one, and each is in the results once.
`--memory` bounds each JVM's process, and is not set by default there: dask's workers have their own `--memory-limit`,
which does not count processes that they have started.

On Slurm, LSF or PBS the same two commands of dask's go into the job's script, or `dask-jobqueue` starts them; on
Kubernetes the dask operator does. Nothing here depends on how they were started. Only let those to the scheduler's port
who may run code on the workers: that is what dask is for.

## Networks that were spoilt

Made by `scripts/verify_table.py` from `tests/data/verify`: models of Keras 3 and tf_keras with branches and models
inside. One thing is changed in DL4J's network, and all layers behind it differ as well.

| changed | model | named | error of the layer | of the outputs |
|---|---|---|---|---|
"""


def main() -> None:
    """Spoil all networks and write the table."""
    from test_verify_layers import CORRUPTIONS, spoilt

    pydl4j_bridge.start()
    lines, right = [], 0
    for name, (model, layer, _) in CORRUPTIONS.items():
        report = spoilt(name)
        first = report.first
        right += first is not None and first.layer == layer
        named = "none" if first is None else f"{first.layer}, {first.relative:.1e}"
        lines.append(f"| {name} | {model} | {named.replace(', ', ' | ')} | {report.worst:.1e} |")
    end = f"\nThe spoilt layer is named in {right} of {len(CORRUPTIONS)}.\n"
    (ROOT / "docs" / "verify.md").write_text(HEAD + "\n".join(lines) + "\n" + end)


if __name__ == "__main__":
    main()
