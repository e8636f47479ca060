"""Writes docs/layers.md: what becomes of each Keras layer, from the models in tests/data/zoo that real Keras saved.

    python scripts/layer_table.py

A model of the zoo is right when it predicts what Keras predicted (tests/jvm/test_import.py), or it is refused by name.
DL4J's own import is asked in a process of its own; its predictions are held against the recorded ones of Keras through
ours.
"""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from pathlib import Path

import pydl4j_bridge
from pydl4j_bridge.compare import Report
from pydl4j_bridge.errors import UnsupportedLayer

ROOT = Path(__file__).parents[1]
ZOO = ROOT / "tests" / "data" / "zoo"
HEAD = """# Layers

Made by `scripts/layer_table.py` from the small models in `tests/data/zoo`, which Keras 3 and tf_keras saved. Bridge:
how many models are right, that is the imported model predicts what Keras predicted, within 1e-5 of the largest value,
and how many are refused by name before the JVM starts, with the reason in the last column. Native: what DL4J's own
import does with the same files: right, wrong in silence, or refused (it cannot be imported, it cannot predict, it
hangs or it crashes).

A model with several layers counts for each of them.

| Keras layer | bridge: right | refused | native: right | wrong | refused | what the bridge refuses |
|---|---|---|---|---|---|---|
"""


def main() -> None:
    """Import every model of the zoo, here and natively, and write the table."""
    ours: dict[str, Counter[str]] = defaultdict(Counter)
    native: dict[str, Counter[str]] = defaultdict(Counter)
    reasons: dict[str, set[str]] = defaultdict(set)
    layers_of = {
        str(ZOO / f"{case}.{container}"): set(entry["layers"])
        for case, entry in json.loads((ZOO / "cases.json").read_text())["cases"].items()
        for container in entry["containers"]
    }
    for path, report in pydl4j_bridge.check_many(layers_of):
        why: dict[str, set[str]] = defaultdict(set)
        try:
            pydl4j_bridge.import_model(path, optimizer=False)
        except UnsupportedLayer as error:
            for line in error.layers:
                what, _, reason = line.partition(": ")
                why[what.partition("(")[2].partition(")")[0]].add(reason.partition(",")[0])
        for layer in layers_of[path] | why.keys():
            native[layer][_native(report)] += 1
            if not why:
                ours[layer]["right"] += 1
            elif layer in why:
                ours[layer]["refused"] += 1
                reasons[layer] |= why[layer]
    lines = [
        f"| {layer} | {ours[layer]['right']} | {ours[layer]['refused']} | {native[layer]['right']} | "
        f"{native[layer]['wrong']} | {native[layer]['refused']} | {'; '.join(sorted(reasons[layer]))} |"
        for layer in sorted(ours.keys() | native.keys())
        if layer
    ]
    (ROOT / "docs" / "layers.md").write_text(HEAD + "\n".join(lines) + "\n")


def _native(report: object) -> str:
    """What the native import made of a file. Our own network is Keras's: a test says so."""
    if not isinstance(report, Report):
        return "refused"
    return {"same": "right", "differ": "wrong"}.get(report.predictions.status, "refused")


if __name__ == "__main__":
    main()
