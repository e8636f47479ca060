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
5e-5 in float32, 1e-12 in float64, 1e-2 in half precision, which Keras rounds and DL4J does not. A layer differs where
it leaves the tolerance and is more than ten times as far off as what it was given; the first of these in the order of
the graph is named.

## A regression between versions

    pydl4j-bridge verify models/ --expected '{stem}.npz' --results before.jsonl
    # a newer DL4J, Keras or pydl4j_bridge
    pydl4j-bridge verify models/ --expected '{stem}.npz' --against before.jsonl

## On a cluster

    dask scheduler                                    # on one machine; prints its address
    dask worker tcp://SCHEDULER:8786 --nthreads 1     # on each of the others, one process for each core
    pydl4j-bridge verify /shared/models --expected '{stem}.npz' --dask tcp://SCHEDULER:8786 --results run.jsonl

Each of dask's processes has a JVM in a process of its own. All machines see the models under the same path and have
the package with its `dask` extra; run `pydl4j-bridge jars fetch` once on each. Where one of dask's workers dies, its
models go to another one.

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
